"""What training with latent targets needs: changed clips for the encoder, an end if features collapse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import Tensor

from skeleton_data import Augmentation, ClipBatch, Preprocessing
from skeleton_data.transforms import augment, augment_presence, hide
from skeleton_lab.errors import CollapsedError


def changed_clips(
    batch: ClipBatch, view: Augmentation, clips: Preprocessing, *, seed: int, epoch: int
) -> tuple[Tensor, Tensor]:
    """Return what the encoder sees of a batch, (N, C, T, V, M); the latent target is of the batch itself.

    Beside it, which joints (N, T, V, M) were measured both before and after the changes.

    Args:
        batch: The clips.
        view: The random changes.
        clips: Knows the layout, and whether joints are positions in a picture.
        seed: Seed of the run.
        epoch: Which pass over the clips it is; each has other changes.
    """
    # A seed of its own: with that of the run the sampling has drawn its augmentation.
    draw: dict[str, Any] = {"seed": seed + 1, "epoch": epoch, "clip": batch.clip.cpu().numpy()}
    flat = clips.units == "picture"
    joints = augment(batch.joints, view, clips.layout, flat=flat, **draw)
    present = batch.present & augment_presence(batch.present, view, clips.layout, **draw)
    return hide(joints, view, flat=flat, **draw), present


def require_variation(
    variation: Tensor, smallest: float, accelerator: Accelerator, *, folder: Path, step: int
) -> None:
    """End a training whose features hardly differ between bodies; all processes call this together.

    Args:
        variation: This process's value of the last step, as `skeletonmae.SkeletonMAEOutput` has it.
        smallest: The smallest that is accepted.
        accelerator: Averages over the processes.
        folder: The run.
        step: Steps done.

    Raises:
        CollapsedError: If it is smaller.
    """
    found = float(accelerator.reduce(variation, "mean"))
    if found < smallest:
        raise CollapsedError(
            f"{folder}: after step {step} a fraction of {found:.2g} of the features' size differs between "
            f"bodies, less than model.latent.smallest_variation={smallest:g}: the features have collapsed; "
            "give the reconstruction more weight (model.target.weight), or raise model.latent.momentum"
        )
