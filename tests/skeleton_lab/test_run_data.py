"""A run keeps to its data: other data in their place are refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from stopped_runs import before_step, die, run_finetuning

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab import finetune, pretrain, reproduce
from skeleton_lab.compare import check_alike
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.data import EvaluateData, open_models
from skeleton_lab.models.model_folder import SUMS, WEIGHTS
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.runs.fingerprints import Fingerprint
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.runs.results import Evaluation
from skeleton_lab.studies import cross_validate
from skeleton_lab.studies.folds import fold_runs
from skeleton_lab.studies.plan import plan
from skeleton_lab.studies.run_check import check_run_folder, others_of


@pytest.fixture
def own_store(store, tmp_path):
    """A store that a test may replace."""
    return Path(shutil.copytree(store, tmp_path / "own.store"))


def shift(store):
    """Put a store of as many clips in the place of a store: only one coordinate differs."""
    old = SkeletonStore.open(store)
    with StoreWriter(
        store, layout=old.layout, class_names=old.class_names, fps=old.fps, overwrite=True
    ) as writer:
        for clip in range(len(old)):
            joints = np.array(old.read(clip))
            joints[0, 0, 0, 0] += float(clip == 5)
            facts = {"label": int(old.index.label[clip]), "subject": int(old.index.subject[clip])}
            writer.add(joints, name=old.name(clip), **facts)


def change_weights(model):
    (model / SUMS).unlink(missing_ok=True)
    weights = bytearray((model / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (model / WEIGHTS).write_bytes(weights)


def test_other_data_in_the_place_of_a_store_are_refused(finetune_recipe, store, own_store, tmp_path, capsys):
    finetune_recipe.write_text(finetune_recipe.read_text().replace(str(store), str(own_store)))
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    ended = (finetune_recipe, "--training.epochs", "1", "--run.folder", str(tmp_path / "ended"))
    run_finetuning(*ended)

    shift(own_store)
    other = rf"^{own_store}: .* 96 "
    for resumed in ((finetune_recipe,), ended):
        with pytest.raises(InputError, match=other):
            run_finetuning(*resumed, "--run.resume")
    with pytest.raises(InputError, match=other):
        open_models([str(tmp_path / "ended")], EvaluateData(), "test")
    run_finetuning(*ended[:-1], str(tmp_path / "shifted"))
    with pytest.raises(InputError, match=r"shifted: it has other data than"):
        check_alike(dict.fromkeys((tmp_path / "ended", tmp_path / "shifted")))

    shutil.copytree(store, own_store, dirs_exist_ok=True)
    run_finetuning(finetune_recipe, "--run.resume")
    open_models([str(tmp_path / "ended")], EvaluateData(), "test")
    assert capsys.readouterr().err == ""
    (tmp_path / "ended" / "data.json").unlink()
    open_models([str(tmp_path / "ended")], EvaluateData(), "test")
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'ended' / 'data.json'} is missing")


@pytest.mark.parametrize("app", ["finetune", "pretrain"])
def test_a_split_file_that_holds_out_other_clips_is_refused(
    finetune_recipe, pretrain_recipe, store, tmp_path, app
):
    """The training side as a whole is the same; what trains and what is held out is not."""
    file = tmp_path / "split.csv"

    def hold_out(subject):
        of = SkeletonStore.open(store).index.subject
        sides = ["test" if who % 2 == 0 else "validation" if who == subject else "train" for who in of]
        file.write_text("clip,side\n" + "".join(f"clip{clip},{side}\n" for clip, side in enumerate(sides)))

    recipe = {"finetune": finetune_recipe, "pretrain": pretrain_recipe}[app]
    recipe.write_text(recipe.read_text().replace('protocol = "odd-subjects"', f'split = "{file}"'))

    def run(*options):
        module = {"finetune": finetune, "pretrain": pretrain}[app]
        kind = {"finetune": finetune.FinetuneConfig, "pretrain": pretrain.PretrainConfig}[app]
        module.run(read_recipe(kind, [str(recipe), *options], program=app), bar={"disable": True})

    hold_out(1)
    with before_step(2, die), pytest.raises(KeyboardInterrupt):
        run()
    ended = tmp_path / "ended"
    run("--run.folder", str(ended), "--training.epochs", "1")
    hold_out(3)
    for options in ((), ("--run.folder", str(ended), "--training.epochs", "1")):
        with pytest.raises(InputError, match=rf"^{store}: the split has changed"):
            run(*options, "--run.resume")
    if app == "finetune":
        open_models([str(ended)], EvaluateData(), "test")  # the test side is the same
        with pytest.raises(InputError, match=rf"^{store}: the split has changed"):
            open_models([str(ended)], EvaluateData(), "validation")
    hold_out(1)
    run("--run.resume")


def test_other_weights_in_the_place_of_a_pretrained_model_are_refused(
    finetune_recipe, trained, tmp_path, capsys
):
    begin = Path(shutil.copytree(trained["encoder"] / "encoder", tmp_path / "begin"))
    given = (finetune_recipe, "--pretrained", str(begin), "--run.tracker", "none")
    with before_step(2, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(*given)
    change_weights(begin)
    for _ in range(2):
        with pytest.raises(InputError, match=r"^pretrained: "):
            run_finetuning(*given, "--run.resume")
        shutil.copyfile(trained["encoder"] / "encoder" / WEIGHTS, begin / WEIGHTS)
        kept = tmp_path / "finetuned" / "pretrained.sha256"
        kept.unlink()
        with before_step(2, die), pytest.raises(KeyboardInterrupt):
            run_finetuning(*given, "--run.resume")
        assert kept.is_file() and f"{kept} is missing" in capsys.readouterr().err
        change_weights(begin)


def test_folds_keep_to_their_unlabelled_clips_and_their_weights(
    finetune_recipe, store, own_store, trained, tmp_path
):
    shift(own_store)
    begin = Path(shutil.copytree(trained["encoder"] / "encoder", tmp_path / "begin"))
    options = ("--data.protocol", "folds(subject, 2)", "--data.unlabelled", str(own_store), "--resume")
    options = (*options, "--run.processes", "1")
    options = (*options, "--pretrained", str(begin), "--data.labels_per_class", "2", "--transductive")
    shortcuts = {"program": "finetune", "shortcuts": {"run.resume": "resume"}}
    config = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *options], **shortcuts)
    folded, runs = fold_runs(config, "finetune", everything=True)
    clips = runs[0].config.data.open()
    source = runs[0].config.source(clips)
    resolved = runs[0].config.resolved(clips, source)
    for folder in (
        RunFolder.check(config.run, config, (Fingerprint.of(folded),)),
        check_run_folder(resolved, clips, source, others_of(resolved, clips)),
    ):
        folder.prepare()
        folder.unlock()
    assert runs[0].folder == folder.path
    folder.write_json("result.json", {})  # this fold has ended, and is not run again

    change_weights(begin)
    with pytest.raises(InputError, match=rf"^{runs[0].name}: pretrained: "):
        cross_validate.run(config)
    shutil.copytree(trained["encoder"] / "encoder", begin, dirs_exist_ok=True)
    shutil.copytree(store, own_store, dirs_exist_ok=True)
    shift(own_store)
    shift(own_store)
    with pytest.raises(InputError, match=rf"^{runs[0].name}: {own_store}: "):
        cross_validate.run(config)


@pytest.mark.usefixtures("in_repository")
def test_a_table_has_no_row_of_other_data(study, store):
    """Neither a row that is run now nor one that ended before; an evaluation keeps its data in its file."""
    test = {"clips": 1, "top1": 0.5, "top5": None, "per_class": {}}
    found = Fingerprint.of(SkeletonStore.open(store))
    for sha256, refused in (("0" * 64, True), (found.sha256, False)):
        for trial in plan(study()):
            if trial.row.name == "probed":
                trial.answer.folder.mkdir(parents=True, exist_ok=True)
                evaluation = Evaluation(
                    models=["encoder"],
                    weights=[1.0],
                    store=store,
                    protocol="odd-subjects",
                    side="test",
                    labelled_clips=1,
                    calibration_clips=0,
                    methods={"linear probe": test},
                    num_processes=1,
                    data=(found.model_copy(update={"sha256": sha256}),),
                )
                trial.answer.result.write_text(evaluation.model_dump_json())
        for options in (("--row", "scratch"), ()):
            if refused:
                with pytest.raises(InputError, match=rf"^row 'probed': {store}: "):
                    reproduce.run(study("--dry_run", *options))
            else:
                reproduce.run(study("--dry_run", *options))


def test_a_recipe_that_lacks_a_field_of_today_is_compared_by_its_default(trained, tmp_path):
    older = Path(shutil.copytree(trained["again"], tmp_path / "older"))
    lines = (older / "config.toml").read_text().splitlines()
    kept = [
        line for line in lines if not line.startswith(("label_smoothing", "nonfinite", "evaluation_mode"))
    ]
    assert len(kept) == len(lines) - 3
    (older / "config.toml").write_text("\n".join(kept))
    check_alike(dict.fromkeys((trained["joint"], older)))


def test_the_card_tells_versions_machine_and_data(trained, store):
    card = (trained["joint"] / "classifier" / "README.md").read_text()
    for fact in ("skeleton-lab 0", "torch 2", "cores", SkeletonStore.open(store).fingerprint):
        assert fact in card
    assert str(store.parent) not in card
