"""What little does: against brute force, better than chance, tested like a fine-tuning."""

import json
import sys

import numpy as np
import pytest

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_data.layouts.layout import layout
from skeleton_lab import simple
from skeleton_lab.baselines.raw_coordinates import read_clips
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three classes of poses by eight subjects, told apart by where a hand is: 96 clips."""
    path = tmp_path_factory.mktemp("stores") / "tiny.store"
    rng = np.random.default_rng(0)
    with StoreWriter(path, layout=layout("kinect_v1"), class_names=["low", "mid", "high"], fps=30) as writer:
        for clip in range(96):
            joints = rng.normal(0, 2e-4, (rng.integers(10, 20), 1, 20, 3))
            joints[..., 7, 1] += clip % 3
            writer.add(joints, name=f"clip{clip}", label=clip % 3, subject=1 + clip // 3 % 8)
    return path


@pytest.fixture
def run_simple(store, tmp_path):
    recipe = tmp_path / "simple.toml"
    recipe.write_text(
        f'[data]\nstore = "{store}"\nprotocol = "odd-subjects"\nvalidation = 0.25\n'
        f'[data.sampling]\nframes = 8\norigin = "first_frame"\n[training]\nsteps = 200\n'
        f'[run]\nfolder = "{tmp_path / "run"}"\n'
    )

    def run(*options):
        return simple.run(read_recipe(simple.SimpleConfig, [str(recipe), *options], program="simple"))

    return run


def test_the_nearest_clip_is_that_of_brute_force(run_simple, tmp_path):
    result = run_simple("--model.kind", "nearest")
    config = read_recipe(
        simple.SimpleConfig, [str(tmp_path / "simple.toml"), "--model.kind", "nearest"], program="simple"
    )
    clips = config.data.open()
    (x, y), *others = (
        [
            part.flatten(1).numpy() if part.ndim > 1 else part.numpy()
            for part in read_clips(clips, side, config.data.sampling)
        ]
        for side in (clips.train, clips.validation, clips.test)
    )
    nearest = [((queries[:, None] - x[None]) ** 2).sum(-1).argmin(1) for queries, _ in others]
    right = [np.mean(y[found] == truth) for found, (_, truth) in zip(nearest, others, strict=True)]
    assert [result.validation_top1, result.test.top1] == pytest.approx(right)
    assert result.parameters == 0
    assert (result.train_clips, result.validation_clips, result.test.clips) == (36, 12, 48)
    assert json.loads((tmp_path / "run" / "result.json").read_text()) == result.model_dump(mode="json")


@pytest.mark.parametrize("kind", ["linear", "mlp", "gru"])
def test_networks_learn_and_are_selected_on_held_out_subjects(run_simple, kind):
    result = run_simple("--model.kind", kind, "--model.width", "16")
    assert result.test.top1 > 0.8  # chance is a third
    assert result.validation_top1 > 0.8
    assert result.selected_step % 20 == 0
    assert result.parameters > 0


def test_a_seed_gives_the_same_answer_and_a_finished_run_is_not_run_again(run_simple, tmp_path, store):
    first = run_simple()
    again = run_simple("--run.overwrite")
    assert again.test == first.test
    assert run_simple("--run.resume") == again  # seconds, too
    used = json.loads((tmp_path / "run" / "labels.json").read_text())["positions"]
    subjects = SkeletonStore.open(store).index.subject[used]
    assert set(subjects % 2) == {1}


def test_mistakes_name_their_cause_and_write_nothing(run_simple, tmp_path):
    cases = {
        ("--model.kind", "svm"): "model.kind: expected 'nearest', .*, found 'svm'",
        ("--data.protocol", "all"): "tiny.store: .*leaves no labelled test clips",
        ("--data.store", "nowhere"): "nowhere: no such folder",
    }
    for options, line in cases.items():
        with pytest.raises(InputError, match=line):
            run_simple(*options)
        assert not (tmp_path / "run").exists(), options


def test_a_dry_run_tells_the_recipe_and_writes_nothing(run_simple, tmp_path, capsys):
    assert run_simple("--run.dry_run") is None
    assert 'kind = "mlp"' in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_without_a_recipe_only_the_data_and_the_folder_are_asked_for(store, tmp_path, monkeypatch, capsys):
    place = ["--data.store", str(store), "--data.protocol", "odd-subjects", "--folder", str(tmp_path / "run")]
    monkeypatch.setattr(sys, "argv", ["simple", *place, "--model.kind", "nearest"])
    simple.main()
    assert json.loads((tmp_path / "run" / "result.json").read_text())["test"]["top1"] > 0.9
    monkeypatch.setattr(sys, "argv", ["simple"])
    with pytest.raises(SystemExit, match="2"):
        simple.main()
    assert "data" in capsys.readouterr().err
