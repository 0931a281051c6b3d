"""Own splits, split files and protocols by column in the apps: through the command line, at toy size."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from skeleton_data import SkeletonStore, StoreWriter, layout, load_split
from skeleton_data.cli.main import main as split_command
from skeleton_lab import simple
from skeleton_lab.data.finetune_clips import FinetuneData
from skeleton_lab.data.pretrain_clips import PretrainData
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.data import EvaluateData, open_models
from skeleton_lab.runs.answers import read_answers


@pytest.fixture(scope="module")
def cameras(tmp_path_factory) -> Path:
    """Two classes of three people before three cameras, whose data set tests on the third: 36 clips."""
    path = tmp_path_factory.mktemp("stores") / "cameras.store"
    rng = np.random.default_rng(1)
    with StoreWriter(path, layout=layout("kinect_v1"), class_names=["up", "down"], fps=30) as writer:
        for clip in range(36):
            label, subject, camera = clip % 2, 1 + clip // 2 % 3, 1 + clip // 6 % 3
            joints = rng.normal(0, 0.02, (20, 1, 20, 3)) + np.linspace(0, 1.7, 20)[:, None]
            joints[:, :, 5:12, 1] += (0.5 - label) * np.linspace(0, 1, 20)[:, None, None]
            facts = {"label": label, "subject": subject, "camera": camera}
            side = "train" if camera < 3 else "test"
            writer.add(joints, name=f"clip{clip}", sides={"default": side}, **facts)
    return path


@pytest.fixture
def run_simple(cameras, tmp_path, monkeypatch):
    recipe = tmp_path / "simple.toml"
    recipe.write_text(
        f'[data]\nstore = "{cameras}"\nvalidation = 0\n[data.sampling]\nframes = 8\n'
        f'[model]\nkind = "nearest"\n[run]\nfolder = "{tmp_path / "run"}"\n'
    )

    def run(*options: str):
        monkeypatch.setattr(sys, "argv", ["simple", str(recipe), *options])
        simple.main()
        return json.loads((tmp_path / "run" / "result.json").read_text())

    return run


def test_cameras_by_column_are_the_data_sets_own_split(run_simple, cameras, tmp_path):
    own = run_simple("--data.protocol", "own")
    answers = read_answers(tmp_path / "run")
    index = SkeletonStore.open(cameras).index
    assert set(index.camera[answers.clip]) == {3} and len(answers.clip) == 12
    assert answers.right.mean() == own["test"]["top1"] and set(answers.subject) == {1, 2, 3}
    by_column = run_simple("--data.protocol", "camera in 1,2 / camera in 3", "--overwrite")
    assert by_column["test"] == own["test"]
    packages = by_column["made_with"]["packages"]
    assert packages["torch"] and packages["skeleton-runtime"] and by_column["made_with"]["cores"]
    assert by_column["data"][0]["sha256"] == SkeletonStore.open(cameras).fingerprint


def test_a_file_of_names_and_what_happens_when_it_changes(run_simple, cameras, tmp_path):
    file = tmp_path / "mine.csv"
    sides = ["train"] * 24 + ["test"] * 6
    file.write_text("clip,side\n" + "".join(f"clip{n},{side}\n" for n, side in enumerate(sides)))
    found = run_simple("--data.split", str(file))
    assert found["test"]["clips"] == 6 and found["train_clips"] == 24
    assert run_simple("--data.split", str(file), "--resume") == found
    file.write_text(file.read_text().replace("clip0,train", "clip0,test"))
    with pytest.raises(SystemExit) as end:
        run_simple("--data.split", str(file), "--resume")
    assert end.value.code == 2


def test_a_classifier_is_not_shown_what_an_edited_file_made_of_its_training_side(
    finetune_recipe, store, tmp_path
):
    from stopped_runs import run_finetuning

    file = tmp_path / "mine.txt"
    sides = {"train": range(60), "test": range(60, 96)}
    file.write_text(
        "".join(f"{side}:\n" + "".join(f"clip{n}\n" for n in clips) for side, clips in sides.items())
    )
    text = finetune_recipe.read_text().replace('protocol = "odd-subjects"', f'split = "{file}"')
    finetune_recipe.write_text(text)
    run_finetuning(finetune_recipe, "--training.steps", "2")
    found = open_models([str(tmp_path / "finetuned")], EvaluateData(), "test")
    assert found[2].test.tolist() == list(range(60, 96))
    with pytest.raises(InputError, match="protocol is odd-subjects"):
        open_models([str(tmp_path / "finetuned")], EvaluateData(protocol="odd-subjects"), "test")
    text = file.read_text()
    file.write_text(text.replace("clip60\n", "x\n").replace("clip0\n", "clip60\n").replace("x\n", "clip0\n"))
    with pytest.raises(InputError, match="split has changed"):
        open_models([str(tmp_path / "finetuned")], EvaluateData(), "test")


def test_what_is_missing_on_a_side_is_named(run_simple, capsys):
    run_simple("--data.protocol", "label in 0 and camera in 1 / camera in 2", "--overwrite")
    assert "no training clip of down" in capsys.readouterr().err
    run_simple("--data.protocol", "camera in 1 / label in 1 and camera in 2", "--overwrite")
    assert "no test clip of up" in capsys.readouterr().err
    run_simple("--data.protocol", "folds(3)", "--data.fold", "2", "--overwrite")
    assert "one person stand on both sides" in capsys.readouterr().err
    run_simple("--data.protocol", "leave-one-out(camera)", "--data.fold", "3", "--overwrite", "--dry_run")
    assert "validation" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--data.protocol", "person in 1"], ["data.protocol", "subject", "camera"]),
        (["--data.protocol", "setup in 1"], ["setup", "label, subject, camera"]),
        (
            ["--data.protocol", "folds(subject, 4)", "--data.fold", "1"],
            ["folds(subject, 4)", "subjects 1, 2, 3"],
        ),
        (["--data.protocol", "leave-one-subject-out", "--data.fold", "4"], ["fold: 4", "1 to 3"]),
        (["--data.protocol", "odd-subjects", "--data.fold", "1"], ["fold", "odd-subjects"]),
        (["--data.protocol", "own:other"], ["own:default"]),
        (["--data.protocol", "own", "--data.split", "x.txt"], ["protocol", "split"]),
        (["--data.split", "x.txt"], ["x.txt"]),
        ([], ["protocol", "split"]),
    ],
)
def test_bad_input_is_one_line(options, names, run_simple, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run_simple(*options)
    (line,) = capsys.readouterr().err.splitlines()
    assert end.value.code == 2 and all(name in line for name in names), line
    assert not (tmp_path / "run").exists()


def test_a_class_that_only_tests_is_named_and_refused_where_there_is_no_other(tmp_path):
    with StoreWriter(tmp_path / "s", layout=layout("ntu"), class_names=("wave", "bow"), fps=30) as writer:
        for clip, (subject, label) in enumerate(((11, 0), (12, 0), (13, 0), (13, 1))):
            joints = np.random.default_rng(clip).normal(size=(4, 1, 25, 3)).astype(np.float32)
            writer.add(joints, name=str(clip), label=label, subject=subject)
    common = {"store": tmp_path / "s", "validation": 0}
    for chosen in ({"protocol": "subject in 11,12"}, {"protocol": "leave-one-subject-out", "fold": 3}):
        assert any("bow" in note for note in FinetuneData(**chosen, **common).open().notes)
    with pytest.raises(InputError, match=r"fold 2 \(label 1\).* bow"):
        FinetuneData(protocol="leave-one-out(label)", fold=2, **common).open()
    with pytest.raises(InputError, match="bow has 1 training clips"):
        FinetuneData(protocol="all", labels_per_class=2, **common).open()
    # Who learns without labels may leave out a whole class.
    sources = ({"store": tmp_path / "s", "protocol": "leave-one-out(label)", "fold": 2},)
    assert len(PretrainData(sources=sources, validation=0).open().train[0][1]) == 3


def test_a_split_file_draws_the_labels_that_a_training_draws(tmp_path):
    path, drawn = tmp_path / "store", tmp_path / "split.json"
    joints = np.linspace(0, 1.7, 20)[:, None].repeat(3, axis=1) + np.ones((2, 1, 1, 1))
    with StoreWriter(path, layout=layout("kinect_v1"), class_names=["up", "down"], fps=30) as writer:
        for clip in range(96):  # every third one has no label
            label = -1 if clip % 3 == 0 else clip % 2
            writer.add(joints, name=str(clip), label=label, subject=1 + clip // 24)
    budget = ["--validation", "0.5", "--per-class", "2", "--seed", "5"]
    split_command(["split", str(path), str(drawn), "--protocol", "odd-subjects", *budget])
    chosen = dict(protocol="odd-subjects", validation=0.5, split_seed=5, labels_per_class=2, label_seed=5)
    clips = FinetuneData(store=path, **chosen).open()
    assert load_split(drawn, clips.store.index).train.tolist() == clips.train.tolist()
