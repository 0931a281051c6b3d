"""Clips from anywhere in the coordinates that cleaning gave the clips of a training."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Cleaning
from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_mapping import JointMap, joint_map
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.layouts.layout import layout as built_in
from skeleton_data.ntu.contrast_clip import aligned


def training_coordinates(
    joints: NDArray[np.float32], layout: SkeletonLayout, cleaning: Cleaning | None
) -> NDArray[np.float32]:
    """Bring a clip, or a window of one, into the coordinates that `skeleton_data.clean` leaves.

    With "reference" and "true_frames" the middle of the spine of the first body that is there, in the first
    frame in which it is there, becomes the origin. With "contrast" the clip goes through
    `skeleton_data.aligned`. Either way it no longer matters where the clip's own origin was.

    Args:
        joints: (T, M, V, 3), metres; an absent body is all zero, and stays so.
        layout: Skeleton of the joints. Where it has no middle of the spine, that is derived as `joint_map`
            does, or else its centre takes the place.
        cleaning: How the clips of the training were cleaned; None leaves the clip as it is.

    Returns:
        (T', M', V, 3) without bodies that never come; a clip of nobody as it is.
    """
    there = joints.any(axis=(0, 2, 3))
    if cleaning is None or not there.any():
        return joints
    joints = joints[:, there]
    if cleaning == "contrast":
        return aligned(joints, layout)
    present: NDArray[np.bool_] = np.asarray(joints.any(axis=(2, 3), keepdims=True))
    first = joints[int(present[:, 0].argmax()), 0]
    moved: NDArray[np.float32] = np.where(present, joints - training_origin(layout)(first), 0)
    return moved


def training_origin(layout: SkeletonLayout) -> JointMap:
    """Return what finds, among the joints of a skeleton, the one that cleaning moves to the origin.

    Example:
        >>> from skeleton_data import layout
        >>> training_origin(layout("ntu")).weights
        ({1: 1.0},)
    """
    return _origin(layout.joints, layout.centre)


@cache
def _origin(joints: tuple[str, ...], centre: int) -> JointMap:
    ntu = built_in("ntu")
    try:
        return joint_map(joints, (ntu.joints[ntu.centre],), derive=True)
    except DataError:
        return JointMap(({centre: 1.0},), {}, ())
