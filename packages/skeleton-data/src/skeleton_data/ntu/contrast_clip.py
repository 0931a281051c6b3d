"""Clips as CrosSCLR and AimCLR prepare them: the first two bodies, each about its own chest, in 50 frames.

Like `feeder/NTUDatasets.py` of https://github.com/LinguoLi/CrosSCLR, which both use, with its quirks: see
`aligned`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import SkeletonLayout

if TYPE_CHECKING:
    from skeleton_data.ntu.recording import RawClip

FRAMES = 50
BODIES = 2
_EPSILON = 1e-4


def first_bodies(clip: RawClip) -> NDArray[np.float32]:
    """Return the first two bodies of each frame, in the order of the file, whoever they are.

    Returns:
        Shape (T, 2, 25, 3) float32, metres; zeros where there are fewer.
    """
    joints = np.zeros((clip.frames, BODIES, *clip.joints.shape[1:]), dtype=np.float32)
    place = np.arange(len(clip.frame)) - np.searchsorted(clip.frame, clip.frame)
    chosen = place < BODIES
    joints[clip.frame[chosen], place[chosen]] = clip.joints[chosen]
    return joints


def aligned(
    joints: NDArray[np.float32], layout: SkeletonLayout, *, frames: int = FRAMES
) -> NDArray[np.float32]:
    """Centre each body in each frame on its own chest, resize to `frames`, turn shoulders along x.

    The chest is the parent of the left shoulder. The clip's length is the number of frames in which the first
    body is there: where it comes and goes, as many frames are cut off at the end. Resizing is linear between
    frames, their middles at half numbers. Last, each body is turned about the vertical axis in each frame, by
    the angle between its shoulders and the x axis. The sense of the turn is one for the whole clip: frames in
    which a body faces the other way are turned away from the axis.

    Args:
        joints: Shape (T, M, V, 3), of a store prepared with any cleaning, or of `first_bodies`.
        layout: Skeleton.
        frames: Length of the result.

    Returns:
        Shape (frames, M, V, 3) float32.

    Raises:
        DataError: The first body is absent throughout.

    Example:
        >>> from skeleton_data import layout
        >>> clip = np.random.default_rng(0).normal(size=(80, 1, 25, 3)).astype(np.float32)
        >>> chest = layout("ntu").joints.index("spine_shoulder")
        >>> result = aligned(clip, layout("ntu"))
        >>> result.shape, float(np.abs(result[:, :, chest]).max())
        ((50, 1, 25, 3), 0.0)
    """
    (left, right), _ = layout.facing()
    chest = layout.parents[left]
    length = int(joints[:, 0].any(axis=(1, 2)).sum())
    if length == 0:
        raise DataError("the first body is absent in every frame")
    centred = joints - joints[:, :, chest, None]
    resized = _resize(centred[:length], frames)
    across = resized[:, :, right] - resized[:, :, left]
    cosine = across[..., 0] / (np.hypot(across[..., 0], across[..., 2]) + _EPSILON)
    towards = across[..., 2].sum(axis=0) >= 0
    sine = np.sqrt(1 - cosine**2) * np.where(towards, -1, 1)
    x, z = resized[..., 0].copy(), resized[..., 2].copy()
    resized[..., 0] = cosine[..., None] * x - sine[..., None] * z
    resized[..., 2] = sine[..., None] * x + cosine[..., None] * z
    return resized.astype(np.float32)


def _resize(joints: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    """Resize (T, M, V, 3) to (frames, M, V, 3), linear, outside the first and last frame constant."""
    place = np.clip((np.arange(frames) + 0.5) * len(joints) / frames - 0.5, 0, len(joints) - 1)
    before = place.astype(np.int64)
    after = np.minimum(before + 1, len(joints) - 1)
    weight = (place - before)[:, None, None, None]
    resized: NDArray[np.float64] = joints[before] * (1 - weight) + joints[after] * weight
    return resized
