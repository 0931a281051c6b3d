"""A study of a protocol with folds: what is run, and what a seed comes to. Nothing is trained here."""

import json

import pytest

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.reproduce import check, recipe_of
from skeleton_lab.reproduce import run as reproduce
from skeleton_lab.studies import cross_validate
from skeleton_lab.studies.cells import cells
from skeleton_lab.studies.comma_separated import comma_separated
from skeleton_lab.studies.plan import distinct, plan
from skeleton_lab.studies.study import Study
from skeleton_lab.studies.table import markdown

FOLDS = ("--protocols", "leave-one-subject-out", "--row", "tuned", "--seeds", "2")
pytestmark = pytest.mark.usefixtures("in_repository")


def trials_of(study, *options):
    chosen = study(*FOLDS, *options)
    return [trial for trial in plan(chosen) if trial.row.name in chosen.row]


def test_each_fold_has_a_pretraining_that_has_not_met_its_test_clips(study, store):
    trials, index = trials_of(study), SkeletonStore.open(store).index
    assert [(trial.seed, trial.fold) for trial in trials] == [(s, f) for s in (0, 1) for f in range(1, 9)]
    assert len({run.folder for run in distinct(trials)}) == 2 * 8 * 2
    for trial in trials[:3]:
        pretraining, learning = (recipe_of(run).data.open() for run in (trial.pretrainings[0], trial.answer))
        assert set(index.subject[learning.test]) == {trial.fold}
        (_, used), *_ = pretraining.train
        assert trial.fold not in set(index.subject[used])


def test_one_pretraining_serves_all_folds_where_unlabelled_test_clips_are_allowed(study):
    trials = trials_of(study, "--transductive")
    assert len({trial.pretrainings for trial in trials}) == 2  # one a seed
    assert recipe_of(trials[0].pretrainings[0]).data.sources[0].protocol == "all"
    options = {"title": "T", "source": "", "spread": "deviation"}
    assert "transductive" in markdown(cells(trials), transductive=True, **options)
    assert "transductive" not in markdown(cells(trials), **options)


def test_a_seed_has_the_accuracy_over_the_clips_of_all_folds(study):
    trials = trials_of(study)
    for trial in trials[:-1]:  # the last fold of the second seed is not finished
        for run in trial.runs:
            run.folder.mkdir(parents=True, exist_ok=True)
            clips, right = (20, 0.5) if trial.fold == 1 else (10, 0.8)
            result = {"test": {"clips": clips, "top1": right}, "train_clips": 7, "seconds": 60.0}
            run.result.write_text(json.dumps(result | {"parameters": 1000, "encoder_parameters": 600}))
    (cell,) = cells(trials)
    assert cell.seeds == (0,) and cell.accuracy == pytest.approx((100 * (20 * 0.5 + 70 * 0.8) / 90,))
    assert cell.learning.minutes == cell.pretraining.minutes == 8
    assert cell.learning.parameters == 1000
    assert "leave-one-subject-out" in comma_separated([cell])


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("subject in 1,3,5", ["subject in 1,3,5"]),
        ("subject in 1, 3 / subject in 2,4", ["subject in 1,3 / subject in 2,4"]),
        (
            "odd-subjects,subject in 1,3,folds(subject, 4),own",
            ["odd-subjects", "subject in 1,3", "folds(subject,4)", "own"],
        ),
        ('["subject in 1,3", "folds(subject,2)"]', ["subject in 1,3", "folds(subject,2)"]),
    ],
)
def test_protocols_have_commas_of_their_own(study, given, wanted):
    assert [each.replace(", ", ",") for each in study("--protocols", given).protocols] == wanted


def test_a_protocol_with_commas_divides_the_clips_of_a_study(study, store):
    chosen = study("--protocols", "subject in 1,3,5 / subject in 2,4", "--row", "tuned")
    (trial, *_) = [trial for trial in plan(chosen) if trial.row.name == "tuned"]
    learning, index = recipe_of(trial.answer).data.open(), SkeletonStore.open(store).index
    assert set(index.subject[learning.test]) == {2, 4}
    assert "/" not in trial.answer.folder.name
    with pytest.raises(InputError, match="protocols"):
        study("--protocols", "subject in 1,3,somebody in 2")


def test_a_split_file_divides_the_clips_of_a_study(study, store, tmp_path):
    whole, file = SkeletonStore.open(store), tmp_path / "mine.csv"
    sides = [f"{whole.name(clip)};{'test' if clip < 24 else 'train'}\n" for clip in range(len(whole))]
    file.write_text("clip;side\n" + "".join(sides))
    (trial, *_) = [
        trial for trial in plan(study("--split", str(file), "--row", "tuned")) if trial.pretrainings
    ]
    pretraining, learning = (recipe_of(run).data.open() for run in (trial.pretrainings[0], trial.answer))
    ((_, unlabelled),) = pretraining.train
    assert learning.test.tolist() == list(range(24)) and not set(unlabelled) & set(range(24))
    assert trial.column.heading.startswith("mine.csv")
    with pytest.raises(InputError, match="protocols"):
        reproduce(study(*FOLDS, "--split", str(file), "--dry_run"))


def test_test_clips_in_a_store_to_pretrain_on_are_found_under_another_name(study, store, tmp_path):
    whole = SkeletonStore.open(store)
    with StoreWriter(tmp_path / "more", layout=whole.layout, fps=whole.fps) as writer:
        for clip in (0, 95):
            writer.add(whole.read(clip), name=f"other-{clip}")
    chosen = study(*FOLDS, "--unlabelled", str(tmp_path / "more"))
    with pytest.raises(InputError, match=r"unlabelled: .*more holds 1 of"):
        check([trial for trial in plan(chosen) if trial.row.name == "tuned"], chosen)


def test_a_study_tells_of_its_folds_what_a_cross_validation_tells(store, tmp_path):
    given = ["labels", "--data", str(store), "--protocols", "leave-one-subject-out", "--labels", "100%"]
    given += ["--row", "nearest clip", "--seeds", "1", "--processes", "1", "--folder", str(tmp_path / "runs")]
    chosen = read_recipe(Study, given, program="reproduce", folder="studies")
    assert not reproduce(chosen)
    (place,) = (tmp_path / "runs" / "folds").iterdir()
    study = json.loads((place / "result.json").read_text())
    assert place.name in {"nearest-clip-leave-one-subject-out-100-seed-0"}
    assert "| deviation |" in (tmp_path / "runs" / "labels.md").read_text()

    alone = recipe_of(next(trial for trial in plan(chosen) if trial.row.name == "nearest clip").answer)
    whole = alone.model_copy(
        update={
            "data": alone.data.model_copy(update={"fold": None}),
            "run": alone.run.model_copy(
                update={"folder": tmp_path / "whole", "resume": False, "processes": 1}
            ),
        }
    )
    result = cross_validate.run(whole).model_dump(mode="json")
    for field in ("mean", "deviation", "interval", "pooled", "subjects", "protocol", "app", "data"):
        assert study[field] == result[field], field
    assert [fold["test"] for fold in study["folds"]] == [fold["test"] for fold in result["folds"]]
    for name in ("folds.md", "answers.csv", "confusion.csv"):
        assert (place / name).read_text() == (tmp_path / "whole" / name).read_text()
