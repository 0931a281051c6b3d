"""Where the frames of a resized window lie between those of the clip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.transforms.crop import Integers


def blended_frames(length: Integers, frames: int) -> tuple[Integers, NDArray[np.float32]]:
    """Return what new frames are blended of, to resize windows linearly.

    Args:
        length: (N,) frames of each window.
        frames: T, number of new frames.

    Returns:
        The frames before and after each new frame, one after the other (N, 2 T), and their weights.

    Example:
        >>> blended_frames(np.array([4]), 2)
        (array([[0, 1, 2, 3]]), array([[0.5, 0.5, 0.5, 0.5]], dtype=float32))
    """
    scale = (length.astype(np.float32) / np.float32(frames)).astype(np.float64)
    position = (scale[:, None] * (np.arange(frames) + 0.5) - 0.5).astype(np.float32)
    np.maximum(position, 0, out=position)
    low = np.floor(position)
    frame = np.empty((len(length), 2 * frames), np.int64)
    weight = np.empty(frame.shape, np.float32)
    frame[:, ::2] = low
    frame[:, 1::2] = np.minimum(low + 1, (length - 1).astype(np.float32)[:, None])
    np.subtract(position, low, out=weight[:, 1::2])
    np.subtract(1, weight[:, 1::2], out=weight[:, ::2])
    return frame, weight
