"""Reconstruction errors on held-out clips, of a pre-trained model and of predictors that learned nothing."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from accelerate import Accelerator
from einops import rearrange
from torch import Tensor

from skeleton_data import ClipBatch
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.simple_predictors import linear, mean_pose, nearest_frame
from skeleton_lab.runs.results import ReconstructionError
from skeleton_mask import clip_seeds
from skeletonmae import SkeletonMAE, reconstruction_loss

FIXED = -1
"""The epoch of all validation masks: one mask for each clip, whenever it is looked at."""
TRIVIAL = {"mean pose": mean_pose, "nearest visible frame": nearest_frame, "linear interpolation": linear}


def count_bodies(batch: ClipBatch) -> Tensor:
    """Return the number of present bodies: the loss is their mean, as all have equally many positions."""
    return (batch.joints != 0).any(dim=3).any(dim=2).any(dim=1).sum()


@torch.no_grad()
def mean_reconstruction_loss(
    model: SkeletonMAE, batches: Iterable[ClipBatch], accelerator: Accelerator, *, seed: int
) -> float:
    """Return the mean loss over the bodies of all processes' batches.

    Args:
        model: The model, not its distributed wrapper: processes may have different numbers of batches.
        batches: This process's share.
        accelerator: Adds up the processes' sums.
        seed: Seed of the run, for the masks.
    """
    model.eval()
    total = torch.zeros(2, device=accelerator.device)
    for batch in batches:
        if not count_bodies(batch):
            continue
        masks = clip_seeds(seed, FIXED, batch.clip)
        output = model(batch.joints, generator=masks, present=batch.present)
        bodies = len(output.visible)
        total += torch.stack([output.loss * bodies, torch.full_like(output.loss, bodies)])
    loss, bodies = accelerator.reduce(total, "sum").unbind()
    model.train()
    return float(loss) / max(1.0, float(bodies))


@torch.no_grad()
def average_pose(batches: Iterable[ClipBatch], accelerator: Accelerator) -> Tensor:
    """Return the mean position (V, C) of each joint over frames and present bodies of all processes."""
    total, count = torch.zeros((), device=accelerator.device), 0
    for batch in batches:
        bodies = _present(batch.joints)
        total = total + bodies.mean(1).sum(0)
        count += len(bodies)
    counted = torch.tensor(count, device=accelerator.device)
    pose: Tensor = accelerator.reduce(total, "sum") / accelerator.reduce(counted, "sum")
    return pose


@torch.no_grad()
def reconstruction_errors(
    model: SkeletonMAE, batches: Iterable[ClipBatch], accelerator: Accelerator, pose: Tensor, *, seed: int
) -> dict[str, ReconstructionError]:
    """Return mean squared errors of the target, hidden and visible, of the model and of simple predictors.

    Args:
        model: In evaluation mode.
        batches: This process's share of the clips.
        accelerator: Adds up the processes' sums.
        pose: Mean position (V, C) of each joint, for joints that are never visible.
        seed: Seed of the masks; they are those of the validation loss of a run with this seed.

    Raises:
        InputError: If no clip holds a body.
    """
    totals = {name: torch.zeros(2, device=accelerator.device) for name in ("the model", *TRIVIAL)}
    count = torch.zeros((), device=accelerator.device)
    for batch in batches:
        if not count_bodies(batch):
            continue
        masks = clip_seeds(seed, FIXED, batch.clip)
        output = model.eval()(batch.joints, generator=masks, present=batch.present)
        bodies, known = output.bodies, output.measured.any(1)
        reconstructed = {"the model": output.prediction} | {
            name: model.target.of(predict(bodies, output.visible, pose), scaled_as=bodies, there=known)
            for name, predict in TRIVIAL.items()
        }
        for name, prediction in reconstructed.items():
            both = (~output.visible & output.measured, output.visible & output.measured)
            errors = [reconstruction_loss(prediction, output.target, where) for where in both]
            totals[name] += len(bodies) * torch.stack(errors)
        count += len(bodies)
    count = accelerator.reduce(count, "sum")
    if not count:
        raise InputError("in every clip that is to be reconstructed, all joints of a body lie in one point")
    means = {name: (accelerator.reduce(total, "sum") / count).tolist() for name, total in totals.items()}
    return {
        name: ReconstructionError(hidden=hidden, visible=visible) for name, (hidden, visible) in means.items()
    }


def _present(joints: Tensor) -> Tensor:
    """Return bodies (B, T, V, C) of clips (N, C, T, V, M) that are there."""
    bodies = rearrange(joints, "n c t v m -> (n m) t v c")
    return bodies[(bodies != 0).flatten(1).any(1)]
