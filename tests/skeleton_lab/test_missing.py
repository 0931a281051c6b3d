"""Pre-training on clips with missing joints, as `model.missing` says: whole, interrupted, diagnosed."""

import json

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from stopped_runs import before_step, die

from skeleton_data import ClipSampling, ClipSet, SkeletonDataset, SkeletonStore, StoreWriter
from skeleton_lab import pretrain
from skeleton_lab.evaluation.reconstruction import reconstruction_errors
from skeleton_lab.recipe.recipe import read_recipe
from skeletonmae import SkeletonMAE, SkeletonMAEConfig

PLAIN = ("--data.sampling.origin", "none")  # else the place of one joint, missing or not, moves the clip
MASKED = ("--model.missing", "mask", "--training.gradient_accumulation_steps", "2")


def with_gaps(store, path, elsewhere=0.0):
    """A copy of a store, of which a fifth of the joints was not measured, and stands elsewhere."""
    whole, random = SkeletonStore.open(store), np.random.default_rng(0)
    with StoreWriter(path, layout=whole.layout, class_names=whole.class_names, fps=30) as writer:
        for clip in range(len(whole)):
            joints = whole.read(clip).copy()
            known = random.uniform(size=joints.shape[:3]) < 0.8
            joints[~known] += elsewhere
            facts = {name: int(getattr(whole.index, name)[clip]) for name in ("label", "subject")}
            writer.add(joints, name=whole.name(clip), confidence=known.astype(np.float32), **facts)
    return path


def run(recipe, store, *arguments):
    sources = json.dumps([{"store": str(store), "protocol": "odd-subjects"}])
    config = read_recipe(
        pretrain.PretrainConfig,
        [str(recipe), "--data.sources", sources, *PLAIN, *arguments],
        program="pretrain",
    )
    return pretrain.run(config, bar={"disable": True})


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def test_what_stands_at_missing_joints_changes_nothing(pretrain_recipe, store, tmp_path):
    results, errors = [], []
    for name, elsewhere in (("near", 0.0), ("far", 0.3)):
        data, folder = with_gaps(store, tmp_path / f"{name}.store", elsewhere), tmp_path / name
        results.append(run(pretrain_recipe, data, *MASKED, "--run.folder", str(folder)))
        errors.append(errors_of_a_model(data))
    assert weights(tmp_path / "near") == weights(tmp_path / "far")
    assert results[0].validation_loss == results[1].validation_loss
    assert errors[0] == errors[1]
    filled = run(pretrain_recipe, tmp_path / "far.store", "--run.folder", str(tmp_path / "filled"))
    assert filled.validation_loss != results[1].validation_loss


def errors_of_a_model(data):
    """What `diagnose` says of reconstruction, for a model that was not trained."""
    torch.manual_seed(0)
    encoder = {"joints": 20, "width": 8, "blocks": [(8, 2)], "tuple_frames": 2}
    decoder = {"width": 8, "depth": 1, "qk_channels": 2}
    model = SkeletonMAE(SkeletonMAEConfig(encoder=encoder, decoder=decoder, missing="mask"))
    clips = ClipSet(SkeletonStore.open(data), np.arange(12))
    dataset = SkeletonDataset([clips], ClipSampling(frames=8), bodies=2, training=False)
    return reconstruction_errors(model, [dataset[list(range(12))]], Accelerator(), torch.zeros(20, 3), seed=0)


def test_interrupted_it_goes_on_to_the_same_end(pretrain_recipe, store, tmp_path):
    data = with_gaps(store, tmp_path / "gaps.store")
    run(pretrain_recipe, data, *MASKED, "--run.folder", str(tmp_path / "whole"))
    stopped = ("--run.folder", str(tmp_path / "stopped"))
    with before_step(3, die), pytest.raises(KeyboardInterrupt):
        run(pretrain_recipe, data, *MASKED, *stopped)
    run(pretrain_recipe, data, *MASKED, *stopped, "--run.resume")
    assert weights(tmp_path / "stopped") == weights(tmp_path / "whole")
