"""From the axes of a file to those of a store: y up in 3D; in pictures about their middle, y up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, Up
from skeleton_data.errors import DataError

_AXES: dict[Up, tuple[tuple[int, int], ...]] = {
    "y": ((0, 1), (1, 1), (2, 1)),
    "-y": ((0, 1), (1, -1), (2, -1)),
    "z": ((0, 1), (2, 1), (1, -1)),
    "-z": ((0, 1), (2, -1), (1, 1)),
    "x": ((1, -1), (0, 1), (2, 1)),
    "-x": ((1, 1), (0, -1), (2, 1)),
}
# For each axis of the store the axis of the file that it is, and its sign: all are proper rotations, because
# a lone sign would make a left hand of a right one.


def turn_upright(joints: NDArray[np.float32], up: Up) -> NDArray[np.float32]:
    """Turn joints (..., 3), in whose axes `up` points up, so that y points up.

    Example:
        >>> turn_upright(np.array([1.0, 2.0, 3.0], np.float32), "z").tolist()
        [1.0, 3.0, -2.0]
    """
    if up == "y":
        return joints
    axes, signs = zip(*_AXES[up], strict=True)
    return joints[..., list(axes)] * np.array(signs, dtype=np.float32)


def in_picture(clip: Clip, size: tuple[int, int] | None) -> NDArray[np.float32]:
    """Return the joints of a clip in pixels in the units "picture", (T, M, V, 3).

    They are parts of the picture's longer side from its middle, y up; z is the confidence, which is 1 for a
    measured joint where the file does not say any, and 0 for a missing one.

    Args:
        clip: Of pixels, y down.
        size: Width and height of the picture, where the clip does not say them.

    Raises:
        DataError: Nobody says how large the picture is.
    """
    size = clip.picture or size
    if size is None:
        raise DataError.at(
            clip.path,
            f"clip {clip.name!r}: it does not say how large its pictures are: say picture, width and height",
        )
    there = clip.joints.any(axis=(2, 3), keepdims=True)
    sides = np.array(size, dtype=np.float32)
    places = (clip.joints[..., :2] - sides / 2) / sides.max() * np.array([1, -1], dtype=np.float32)
    measured = np.isfinite(places).all(axis=-1)
    sure = measured.astype(np.float32) if clip.confidence is None else np.where(measured, clip.confidence, 0)
    joints = np.concatenate([places, sure[..., None]], axis=-1)
    return np.where(there, joints, 0).astype(np.float32)
