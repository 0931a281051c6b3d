"""Which tracker joints are of, by their names, and what landmarks of MediaPipe are, by their places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skeleton_data.layouts.joint_names import joint_key, joint_keys
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.recording import RecordedUnits

DOWNWARDS = ("mediapipe33", "azure32", "zed34", "zed38")
"""Layouts of trackers in whose coordinates y points down, as in a picture."""
LARGEST_FRACTION = 3.0
"""Nine of ten landmarks lie within this many pictures, if their places are fractions of the picture."""


def units_of_landmarks(names: Sequence[str], positions: NDArray[np.float32]) -> RecordedUnits | None:
    """Return what landmarks of MediaPipe are by their places; None of what other programs made of them."""
    if _is_world(names, positions):
        return "m"
    flat = np.abs(positions[..., :2])
    flat = flat[np.isfinite(flat)]
    if len(flat) and np.quantile(flat, 0.9) > LARGEST_FRACTION:
        return "pixels" if positions.shape[-1] == 2 else None
    return "fractions"


def tracker_of(names: Sequence[str]) -> str | None:
    """Return the tracker whose joints these are, if they have its names and those of no other."""
    keys = set(joint_keys(names))
    for name in DOWNWARDS:
        if set(joint_keys(layout(name).joints)) <= keys:
            return name
    kinect = ("SpineBase", "SpineMid", "SpineShoulder", "HandTipLeft", "ThumbLeft", "ThumbRight")
    return "kinect_v2" if {joint_key(name) for name in kinect} <= keys else None


def _is_world(names: Sequence[str], positions: NDArray[np.float32]) -> bool:
    """Return whether the origin is between the hips in all frames: landmarks of the picture have another."""
    hips = [number for number, name in enumerate(names) if joint_key(name) in _HIPS]
    middle = positions[:, :, hips].mean(axis=2)
    there = middle[np.isfinite(middle).all(axis=-1)]
    return positions.shape[-1] == 3 and not (len(there) and np.median(np.linalg.norm(there, axis=-1)) > 0.1)


_HIPS = {joint_key("left_hip"), joint_key("right_hip")}
