"""What a body tells of its axes: where the head is, and which way feet and knees point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from skeleton_data.layouts.joint_names import joint_key, joint_keys
from skeleton_data.layouts.layout import SkeletonLayout

_HEADS = (
    "head",
    "nose",
    "neck",
    "neck_1",
    "shoulder_center",
    "spine_shoulder",
    "thorax",
    "left_fhd",
    "c7",
    "clav",
)
"""Joints above the hips, the last ones of them markers; the first that is there counts."""
_FEET = ("ankle", "ank", "foot", "heel", "hee", "toe", "knee", "kne")
_FORWARD = (
    ("{}_ankle", "{}_foot"),
    ("{}_ankle", "{}_foot_index"),
    ("{}_ankle", "{}_big_toe"),
    ("{}_ankle", "{}_toe"),
    ("{}_ank", "{}_toe"),
    ("{}_hee", "{}_toe"),
    ("head", "nose"),
)
"""Joints, and others that lie in front of them."""


@dataclass(frozen=True)
class Trunk:
    """Joints by which a body is seen to be upright: the head above the hips, or the hips above the feet.

    Attributes:
        above: What the upper joints are called, in the plural.
        below: What the lower joints are called.
        upper: Numbers of the upper joints, whose middle counts.
        lower: Numbers of the lower joints.
    """

    above: str
    below: str
    upper: tuple[int, ...]
    lower: tuple[int, ...]

    @classmethod
    def of(cls, layout: SkeletonLayout) -> Trunk | None:
        """Return those of a layout; None of one without hips, or without a head and feet.

        Example:
            >>> from skeleton_data.layouts.layout import layout
            >>> Trunk.of(layout("vicon39")).above, Trunk.of(layout("hand21"))
            ('heads', None)
        """
        if layout.hips is None:
            return None
        for name in _HEADS:
            if (head := _place(layout.joints, name)) is not None:
                return cls("heads", "hips", (head,), layout.hips)
        for name in _FEET:
            feet = [_place(layout.joints, f"{side}_{name}") for side in ("left", "right")]
            if all(foot is not None for foot in feet):
                return cls("hips", "feet", layout.hips, tuple(foot for foot in feet if foot is not None))
        return None

    def directions(self, bodies: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return directions (B', 3), of length 1, from the lower to the upper joints of bodies (B, V, 3)."""
        upper, lower = (
            bodies[:, list(part)].astype(np.float64).mean(axis=1) for part in (self.upper, self.lower)
        )
        length = np.linalg.norm(upper - lower, axis=1, keepdims=True)
        known = length[:, 0] > 0
        directions: NDArray[np.float64] = (upper - lower)[known] / length[known]
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
