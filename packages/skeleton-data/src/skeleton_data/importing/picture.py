"""From pixels to the units of a store: parts of a picture from its middle, y up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip
from skeleton_data.errors import DataError


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
        raise DataError(
            "the file does not say the size of its pictures; give the option picture, such as 640x480"
        )
    there = clip.joints.any(axis=(2, 3), keepdims=True)
    sides = np.array(size, dtype=np.float32)
    points = (clip.joints[..., :2] - sides / 2) / sides.max() * np.array([1, -1], dtype=np.float32)
    measured = np.isfinite(points).all(axis=-1)
    sure = measured.astype(np.float32) if clip.confidence is None else np.where(measured, clip.confidence, 0)
    joints = np.concatenate([points, sure[..., None]], axis=-1)
    return np.where(there, joints, 0).astype(np.float32)
