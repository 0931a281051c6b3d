"""Every fold of a protocol as one run: each clip is tested once, by a model that has not met its subject."""

import csv
import json
import shutil
import sys
from statistics import mean

import numpy as np
import pytest

from skeleton_data import SkeletonStore, StoreWriter, layout
from skeleton_lab import finetune, pretrain, simple
from skeleton_lab.errors import InputError
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.models.seen_clips import seen_of_test
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.runs.answers import read_answers
from skeleton_lab.studies import cross_validate

FEW = ("--training.steps", "2", "--run.tracker", "none", "--run.processes", "1")


@pytest.fixture
def simple_recipe(store, tmp_path):
    path = tmp_path / "simple.toml"
    path.write_text(
        f'[data]\nstore = "{store}"\nprotocol = "leave-one-subject-out"\nvalidation = 0\n'
        f'[data.sampling]\nframes = 8\norigin = "first_frame"\n[model]\nkind = "nearest"\n'
        f'[run]\nfolder = "{tmp_path / "run"}"\nprocesses = 1\n'
    )
    return path


def test_leave_one_subject_out_of_a_simple_baseline(simple_recipe, store, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["simple", str(simple_recipe)])
    simple.main()
    run, index = tmp_path / "run", SkeletonStore.open(store).index
    result, answers = json.loads((run / "result.json").read_text()), read_answers(run)
    assert answers.clip.tolist() == list(range(96))  # each clip once
    shown = capsys.readouterr().out
    assert "| subject 8 | 12 |" in shown and (run / "folds.md").read_text().strip() in shown

    # The slow way: the same baseline, a run for each subject.
    accuracy = []
    for fold in range(1, 9):
        options = ("--data.fold", str(fold), "--run.folder", str(tmp_path / f"alone-{fold}"))
        alone = simple.run(read_recipe(simple.SimpleConfig, [str(simple_recipe), *options], program="simple"))
        assert set(index.subject[read_answers(tmp_path / f"alone-{fold}").clip]) == {fold}
        accuracy.append(alone.test.top1)
        assert result["folds"][fold - 1]["test"] == alone.test.model_dump(mode="json")
        assert result["subjects"][str(fold)] == [12, alone.test.top1]
    assert result["mean"] == pytest.approx(mean(accuracy))
    assert result["deviation"] == pytest.approx(np.std(accuracy, ddof=1))
    assert result["interval"] == pytest.approx(2.365 * np.std(accuracy, ddof=1) / 8**0.5)
    assert result["pooled"]["top1"] == pytest.approx(answers.right.mean())
    rows = list(csv.reader((run / "confusion.csv").read_text().splitlines()))[1:]
    assert sum(int(cell) for row in rows for cell in row[1:]) == 96
    assert result["everything"] is None  # a simple baseline leaves no model

    (run / "result.json").unlink()
    (run / "fold-03" / "result.json").unlink()
    before = {path: path.stat().st_mtime_ns for path in run.glob("fold-*/result.json")}
    monkeypatch.setattr(sys, "argv", ["simple", str(simple_recipe), "--resume"])
    simple.main()
    again = json.loads((run / "result.json").read_text())
    assert [fold["test"] for fold in again["folds"]] == [fold["test"] for fold in result["folds"]]
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())  # finished folds were kept
    shown = capsys.readouterr().out
    simple.main()  # nothing is left to do, but it is told again
    assert capsys.readouterr().out == shown and "| subject 8 | 12 |" in shown

    shutil.rmtree(run / "fold-02")  # what is no longer there is done again
    simple.main()
    again = json.loads((run / "result.json").read_text())
    assert (run / "fold-02" / "result.json").is_file()
    assert [fold["test"] for fold in again["folds"]] == [fold["test"] for fold in result["folds"]]
    for damaged in (run / "fold-03" / "answers.csv", run / "folds.md"):
        whole = damaged.read_bytes()
        damaged.write_bytes(whole[:-10])
        with pytest.raises(SystemExit):
            simple.main()
        assert f"{damaged.parent} has ended, but its {damaged.name} is damaged" in capsys.readouterr().err
        damaged.write_bytes(whole)


def test_classes_that_a_fold_tests_but_has_not_trained_are_named(
    simple_recipe, tmp_path, monkeypatch, capsys
):
    with StoreWriter(
        tmp_path / "few", layout=layout("kinect_v1"), class_names=["a", "b", "c"], fps=30
    ) as writer:
        for clip in range(9):  # subject 3 alone shows c
            subject = 1 + clip % 3
            joints = np.linspace(0, 1.7, 20)[:, None] + np.zeros((9, 1, 20, 3))
            writer.add(joints, name=f"{clip}", label=2 if clip == 8 else clip // 3 % 2, subject=subject)
    given = [
        str(simple_recipe),
        "--data.store",
        str(tmp_path / "few"),
        "--data.protocol",
        "folds(subject, 3)",
    ]
    monkeypatch.setattr(sys, "argv", ["simple", *given])
    simple.main()
    folds = json.loads((tmp_path / "run" / "result.json").read_text())["folds"]
    (lacking,) = (fold for fold in folds if fold["untrained"])
    assert (lacking["name"], lacking["untrained"]) == ("subject 3", ["c"])
    shown = capsys.readouterr()
    assert "c in subject 3" in shown.out and "note" not in shown.err  # folds say nothing one by one
    assert "c in subject 3" in (tmp_path / "run" / "folds.md").read_text()


def test_folds_are_pretrained_without_their_test_subjects(
    pretrain_recipe, finetune_recipe, store, tmp_path, capsys
):
    def read(kind, recipe, *options):
        program = kind.__module__.rpartition(".")[2]
        return read_recipe(kind, [str(recipe), *FEW, *options], program=program)

    text = pretrain_recipe.read_text()
    pretrain_recipe.write_text(text.replace("odd-subjects", "folds(subject, 2)"))
    folded = cross_validate.run(read(pretrain.PretrainConfig, pretrain_recipe))
    assert [path.name for path in folded.folds.values()] == ["fold-01", "fold-02"]

    options = ("--data.protocol", "folds(subject, 2)", "--pretrained", str(tmp_path / "pretrained"))
    result = cross_validate.run(read(finetune.FinetuneConfig, finetune_recipe, *options))
    assert result.pretrained_saw_test == "not" and "without the test clips" in result.table()
    assert "| subject | test clips | top-1 % |" in result.table()
    index = SkeletonStore.open(store).index
    for number, fold in enumerate(result.folds, start=1):
        own = json.loads((fold.folder / "result.json").read_text())
        assert own["pretrained"].endswith(f"pretrained/fold-0{number}")
        assert (
            f"subjects {', '.join(map(str, np.unique(index.subject[read_answers(fold.folder).clip])))}"
            == fold.name
        )
    everything = json.loads((result.everything / "result.json").read_text())
    assert everything["test"] is None and everything["pretrained"].endswith("pretrained/all")
    assert (result.everything / "classifier" / "model.safetensors").is_file()

    with pytest.raises(InputError, match=r"finetuned/all or .*finetuned/fold-01"):
        SavedModel.open(result.folder)

    # An encoder that has met the test clips must be allowed, and the table says so.
    pretrain_recipe.write_text(text.replace("odd-subjects", "all"))
    pretrain.run(read(pretrain.PretrainConfig, pretrain_recipe, "--run.folder", str(tmp_path / "seen")))
    options = (*options[:-1], str(tmp_path / "seen"), "--run.folder", str(tmp_path / "transductive"))
    with pytest.raises(InputError, match="--transductive"):
        cross_validate.run(read(finetune.FinetuneConfig, finetune_recipe, *options))
    assert not (tmp_path / "transductive").exists()
    options = (*options, "--transductive", "--no-run.everything")
    result = cross_validate.run(read(finetune.FinetuneConfig, finetune_recipe, *options))
    assert result.pretrained_saw_test == "unlabelled" and "transductive" in result.table()
    assert result.everything is None

    # So must a classifier that began with this encoder.
    fold = str(tmp_path / "transductive" / "fold-01")
    clips = read(finetune.FinetuneConfig, finetune_recipe, *options, "--data.fold", "1").data.open()
    assert seen_of_test(SavedModel.open(fold), clips) == "unlabelled"


def test_a_dry_run_writes_nothing_and_bad_folds_are_refused(simple_recipe, tmp_path, monkeypatch, capsys):
    for options, code, printed in (
        (["--dry_run"], 0, "subject 8"),
        (["--data.protocol", "folds(subject, 9)"], 2, "folds(subject, 9)"),
        (["--data.protocol", "leave-one-out(camera)"], 2, "camera"),
        (["--data.protocol", "leave-one-out(label)"], 2, "label 0"),
    ):
        monkeypatch.setattr(sys, "argv", ["simple", str(simple_recipe), *options])
        if code:
            with pytest.raises(SystemExit) as end:
                simple.main()
            assert end.value.code == code
        else:
            simple.main()
        shown = capsys.readouterr()
        assert printed in shown.out + shown.err and not (tmp_path / "run").exists()
        assert shown.err.count("label 0") < 2
