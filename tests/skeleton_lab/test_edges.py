"""Batches and data sets at the edge of what can be trained on, through the apps."""

import json
import math

import numpy as np
import pytest

from skeleton_data import StoreWriter, layout
from skeleton_lab import diagnose, finetune, pretrain
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe


def write_store(path, rows, classes):
    """One clip for each (label, subject, whether all joints lie in one point)."""
    random = np.random.default_rng(0)
    with StoreWriter(path, layout=layout("kinect_v1"), class_names=classes, fps=30) as writer:
        for number, (label, subject, point) in enumerate(rows):
            pose = random.normal(0, 0.02, (1, 20, 3)) + np.linspace(0, 1.7, 20)[:, None]
            joints = np.ones((24, 1, 20, 3)) if point else np.tile(pose, (24, 1, 1, 1))
            joints[:, :, 7, 0] += 0 if point else np.sin(np.arange(24) * (1 + label))[:, None]
            writer.add(joints, name=f"clip{number}", label=label, subject=subject)
    return path


def train(app, recipe, folder, *options):
    kind = {pretrain: pretrain.PretrainConfig, finetune: finetune.FinetuneConfig}[app]
    where = ("--run.folder", folder, "--run.tracker", "none", "--training.log_every", 1)
    config = read_recipe(kind, [str(recipe), *map(str, (*options, *where))], program="app")
    return app.run(config, bar={"disable": True})


def source(store):
    return ("--data.sources", f'[{{"store": "{store}", "protocol": "odd-subjects"}}]')


def test_batches_without_a_body(pretrain_recipe, tmp_path):
    """A step of such a batch has no loss, and an encoder is diagnosed on such a side."""
    rows = [(clip % 2, 1 + clip // 4, clip % 4 < 2) for clip in range(16)]
    store, folder = write_store(tmp_path / "absent.store", rows, ["a", "b"]), tmp_path / "run"
    options = ("--training.batch_size", 1, "--training.epochs", 1, "--training.eval_every", 8)
    train(pretrain, pretrain_recipe, folder, *source(store), "--data.validation", 0, *options)
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    losses = [line["loss"] for line in lines if line["split"] == "train"]
    assert losses.count(0.0) == 4
    assert len(losses) == 8 and all(math.isfinite(loss) for loss in losses)
    config = diagnose.DiagnoseConfig(model=str(folder), batch_size=1)
    assert diagnose.run(config).reconstruction["the model"].hidden > 0


def test_one_visible_joint_needs_a_second_clip(store, pretrain_recipe, tmp_path):
    hidden = ("--model.mask.frame_ratio", 0.99, "--model.mask.joint_ratio", 0.99)
    length = ("--training.steps", 1, "--training.eval_every", 1)
    with pytest.raises(InputError, match=r"model\.mask.*training\.batch_size"):
        train(pretrain, pretrain_recipe, tmp_path / "one", *hidden, *length, "--training.batch_size", 1)
    assert not (tmp_path / "one").exists()
    result = train(pretrain, pretrain_recipe, tmp_path / "two", *hidden, *length, "--training.batch_size", 2)
    assert math.isfinite(result.validation_loss)


def test_classes_without_a_clip_are_told_and_stay_outputs(finetune_recipe, tmp_path, capsys):
    rows = [(0, 1, False), (2, 3, False), (0, 2, False), (2, 4, False)]
    chosen = ("--data.store", write_store(tmp_path / "gap.store", rows, []), "--data.validation", 0)
    result = train(finetune, finetune_recipe, tmp_path / "run", *chosen, "--training.epochs", 1)
    assert result.test.clips == 2
    assert "no clip of 1 on any side" in capsys.readouterr().err


def test_two_classes_with_one_clip_each(finetune_recipe, tmp_path):
    """They are the batch, which is smaller than the one asked for; a share to hold out of them is refused."""
    rows = [(0, 1, False), (1, 3, False), (0, 2, False), (1, 4, False)]
    chosen = ("--data.store", write_store(tmp_path / "two.store", rows, ["a", "b"]), "--training.epochs", 2)
    result = train(finetune, finetune_recipe, tmp_path / "run", *chosen, "--data.validation", 0)
    assert (result.steps, result.train_clips, result.test.clips) == (2, 2, 2)
    labels = json.loads((tmp_path / "run" / "labels.json").read_text())
    assert labels["positions"] == [0, 1]
