"""How well a pre-trained model rebuilds clips that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from accelerate import Accelerator
from torch import Tensor

from skeleton_data import ClipBatch
from skeleton_mask import clip_seeds
from skeletonmae import SkeletonMAE

FIXED = -1
"""The epoch of all validation masks: one mask for each clip, whenever it is looked at."""


def present_bodies(batch: ClipBatch) -> Tensor:
    """Number of bodies that are there: the loss is a mean over them, for all have equally many places."""
    return (batch.joints != 0).any(dim=3).any(dim=2).any(dim=1).sum()


@torch.no_grad()
def rebuilding_loss(
    model: SkeletonMAE, batches: Iterable[ClipBatch], accelerator: Accelerator, *, seed: int
) -> float:
    """Mean loss over the bodies of all processes' batches.

    Args:
        model: The model, not its distributed wrapper: processes may have different numbers of batches.
        batches: This process's share.
        accelerator: Adds up the processes' sums.
        seed: Seed of the run, for the masks.
    """
    model.eval()
    total = torch.zeros(2, device=accelerator.device)
    for batch in batches:
        output = model(batch.joints, generator=clip_seeds(seed, FIXED, batch.clip))
        bodies = len(output.visible)
        total += torch.stack([output.loss * bodies, torch.full_like(output.loss, bodies)])
    loss, bodies = accelerator.reduce(total, "sum").tolist()
    model.train()
    return loss / bodies
