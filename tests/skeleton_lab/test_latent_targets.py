"""Pre-training with latent targets, as a run: what is logged, kept, resumed and refused."""

import json

import pytest
import torch
from safetensors.torch import load_file

from skeleton_data import Augmentation, ClipBatch, ClipSampling, Preprocessing, layout
from skeleton_lab import pretrain
from skeleton_lab.errors import CollapsedError, InputError
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.training.latent_targets import changed_clips
from skeleton_lab.training.optimizer_step import OptimizerStep

LATENT = ("--model.latent", "{}", "--view.scale", "0.2", "--view.joint_dropout", "0.1")


def run_pretraining(recipe, *arguments):
    config = read_recipe(pretrain.PretrainConfig, [str(recipe), *arguments], program="pretrain")
    return pretrain.run(config, bar={"disable": True})


def rows(folder, split):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["split"] == split]


def test_a_run_logs_its_terms_and_keeps_the_last_weights(pretrain_recipe, tmp_path, monkeypatch):
    whole = run_pretraining(pretrain_recipe, *LATENT, "--run.folder", str(tmp_path / "whole"))
    assert whole.selected_step == whole.steps == 9
    assert whole.validation_loss == rows(whole.folder, "validation")[-1]["loss"]
    for row in rows(whole.folder, "train"):
        assert row["loss"] == pytest.approx(row["reconstruction"] + row["latent"], rel=1e-5)
        assert 0 < row["latent_variation"] < 1
    names = set(load_file(whole.folder / "encoder" / "model.safetensors"))
    assert names and not any("latent" in name for name in names)

    steps, take = iter(range(5)), OptimizerStep.take

    def dying(*arguments, **options):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return take(*arguments, **options)

    stopped = (*LATENT, "--run.folder", str(tmp_path / "stopped"), "--run.resume")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(OptimizerStep, "take", dying)
        run_pretraining(pretrain_recipe, *stopped)
    resumed = run_pretraining(pretrain_recipe, *stopped)
    weights = [load_file(run.folder / "model.safetensors") for run in (whole, resumed)]
    torch.testing.assert_close(*weights, rtol=0, atol=0)


def test_collapsed_features_end_the_run(pretrain_recipe):
    """The smallest variation is larger than any."""
    with pytest.raises(CollapsedError, match=r"pretrained: .*model\.latent\.smallest_variation=0\.999"):
        run_pretraining(pretrain_recipe, "--model.latent.smallest_variation", "0.999")


def test_a_view_without_a_latent_target_is_refused(pretrain_recipe, tmp_path):
    with pytest.raises(InputError, match=r"view .*model\.latent"):
        run_pretraining(pretrain_recipe, "--view.scale", "0.2")
    assert not (tmp_path / "pretrained").exists()


def test_changes_depend_on_seed_epoch_and_clip_alone():
    joints = torch.randn(3, 3, 8, 20, 2)
    joints[1, ..., 1] = 0
    clips = Preprocessing(layout=layout("kinect_v1"), units="m", bodies=2, sampling=ClipSampling())
    view = Augmentation(shear=0.3, noise=0.01)

    def changed(chosen, **draw):
        some = joints[chosen]
        batch = ClipBatch(some, torch.zeros(len(chosen)), torch.tensor(chosen), some[:, 0] != 0)
        seen, present = changed_clips(batch, view, clips, **{"seed": 0, "epoch": 0, **draw})
        assert torch.equal(present, batch.present)
        return seen

    whole = changed([0, 1, 2])
    torch.testing.assert_close(changed([2, 1]), whole[[2, 1]], rtol=0, atol=0)
    assert not torch.equal(changed([0, 1, 2], epoch=1), whole)
    assert not torch.equal(changed([0, 1, 2], seed=1), whole)
    assert (whole[1, ..., 1] == 0).all()


def test_a_joint_counts_if_it_was_measured_before_and_after_the_changes():
    mirror = layout("kinect_v1").mirror
    joints, present = torch.ones(1, 3, 8, 20, 1), torch.ones(1, 8, 20, 1, dtype=torch.bool)
    present[:, :, 5] = False
    clips = Preprocessing(layout=layout("kinect_v1"), units="m", bodies=1, sampling=ClipSampling())
    batch = ClipBatch(joints, torch.zeros(1), torch.tensor([0]), present)
    _, known = changed_clips(batch, Augmentation(flip=1.0), clips, seed=0, epoch=0)
    assert sorted(set((~known).nonzero()[:, 2].tolist())) == sorted({5, mirror[5]})
