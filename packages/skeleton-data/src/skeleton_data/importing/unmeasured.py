"""Joints that were measured in no frame of a clip: which they are, and what takes their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from skeleton_data.layouts.layout import SkeletonLayout

Joints = NDArray[np.float32]
"""(T, M, V, 3); a missing joint is NaN, an absent body all zero."""


def never_seen(marked: Joints) -> NDArray[np.bool_]:
    """Return which joints (M, V) are missing in all frames in which another joint of their body is not."""
    missing = _missing(marked)
    there: NDArray[np.bool_] = np.asarray(~missing.all(axis=2) & marked.any(axis=(2, 3)))
    nowhere: NDArray[np.bool_] = np.asarray((missing | ~there[..., None]).all(axis=0))
    return nowhere & np.asarray(there.any(axis=0))[:, None]


def without_never_seen(
    marked: Joints, never: NDArray[np.bool_], layout: SkeletonLayout, fill: Callable[[Joints], Joints]
) -> Joints:
    """Fill the gaps of a clip (T, M, V, 3), and put joints that were never seen between their neighbours.

    Such a joint is in the middle of the nearest joints that were seen, counted in bones of the skeleton; of
    a skeleton in pieces, in the middle of all of them.

    Args:
        marked: Missing joints are NaN.
        never: (M, V), of `never_seen`.
        layout: Skeleton of the joints.
        fill: Fills the gaps of all other joints, and may leave out frames.

    Example:
        >>> from skeleton_data.layouts.layout import layout
        >>> coco = layout("coco17")
        >>> clip = np.ones((1, 1, 17, 3), np.float32)
        >>> clip[:, :, coco.joints.index("left_wrist")] = np.nan
        >>> clip[:, :, coco.joints.index("left_elbow")] = 7
        >>> filled = without_never_seen(clip, never_seen(clip), coco, lambda joints: joints)
        >>> filled[0, 0, coco.joints.index("left_wrist")].tolist()
        [7.0, 7.0, 7.0]
    """
    if not never.any():
        return fill(marked)
    nobody: NDArray[np.bool_] = np.asarray(_missing(marked).all(axis=2))
    absent = ~np.asarray(marked.any(axis=(2, 3)))
    stand_in = np.where(nobody, np.nan, np.where(absent, 0, 1))[..., None, None]
    filled = fill(np.where(never[None, :, :, None], stand_in, marked).astype(np.float32))
    for body, joint in np.argwhere(never).tolist():
        nearest = nearest_joints(layout, joint, ~never[body])
        filled[:, body, joint] = filled[:, body, nearest].mean(axis=1)
    return filled


def nearest_joints(layout: SkeletonLayout, joint: int, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which of the joints that were seen (V,) are the fewest bones away; all, if none lead there."""
    distances = np.where(seen, _bones_between(len(layout.joints), tuple(layout.bones))[joint], np.inf)
    return np.asarray(distances == distances.min() if np.isfinite(distances).any() else seen)


def _missing(marked: Joints) -> NDArray[np.bool_]:
    return np.asarray(np.isnan(marked).any(axis=-1))


@lru_cache(maxsize=8)
def _bones_between(count: int, bones: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """Return the bones from each joint to each other one (V, V); infinite where none lead there."""
    steps = np.full((count, count), np.inf)
    np.fill_diagonal(steps, 0)
    for joint, parent in bones:
        steps[joint, parent] = steps[parent, joint] = 1
    for middle in range(count):
        steps = np.minimum(steps, steps[:, middle, None] + steps[None, middle])
    return steps
