"""What a body tells of its axes: where the head is, and which way feet and knees point."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from skeleton_data.layouts.joint_names import joint_key, joint_keys
from skeleton_data.layouts.layout import SkeletonLayout

_HEADS = ("head", "nose", "neck", "shoulder_center", "spine_shoulder", "thorax")
_FORWARD = (
    ("{}_ankle", "{}_foot"),
    ("{}_ankle", "{}_foot_index"),
    ("{}_ankle", "{}_big_toe"),
    ("head", "nose"),
)
"""Joints, and others that lie in front of them."""


def head_directions(bodies: NDArray[np.float32], layout: SkeletonLayout) -> NDArray[np.float64]:
    """Return directions (B', 3), of length 1, from the middle of the hips to the head of bodies (B, V, 3)."""
    head = next((place for name in _HEADS if (place := _place(layout.joints, name)) is not None), None)
    if head is None or layout.hips is None:
        return np.zeros((0, 3))
    line = bodies[:, head].astype(np.float64) - bodies[:, list(layout.hips)].mean(axis=1)
    length = np.linalg.norm(line, axis=1, keepdims=True)
    known = length[:, 0] > 0
    directions: NDArray[np.float64] = line[known] / length[known]
    return directions


def mirrored_frames(bodies: NDArray[np.float32], layout: SkeletonLayout) -> tuple[int, int]:
    """Return in how many bodies (B, V, 3), y up, left and right are mirrored, and how many show their sides.

    Feet point forwards, as does the nose from the head. Seen from above, forward is 90 degrees clockwise of
    the line from right to left in a body that is not mirrored.
    """
    forward = np.zeros((len(bodies), 2))  # x and z
    for behind, front in _FORWARD:
        for side in ("left", "right"):
            pair = [_place(layout.joints, name.format(side)) for name in (behind, front)]
            if None not in pair:
                forward += bodies[:, pair[1]][:, [0, 2]] - bodies[:, pair[0]][:, [0, 2]]
    if layout.shoulders is None or layout.hips is None:
        return 0, 0
    lines = [bodies[:, left] - bodies[:, right] for left, right in (layout.shoulders, layout.hips)]
    x, _, z = np.sum(lines, axis=0).T
    expected = np.stack([-z, x], axis=1)  # (left - right) x up
    agreement = (forward * expected).sum(axis=1)
    size = np.linalg.norm(forward, axis=1) * np.linalg.norm(expected, axis=1)
    shown = np.abs(agreement) > 0.5 * size
    return int((agreement[shown] < 0).sum()), int(shown.sum())


def _place(joints: tuple[str, ...], name: str) -> int | None:
    return _places(joints).get(joint_key(name))


@cache
def _places(joints: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    return {key: place for place, key in enumerate(joint_keys(joints))}
