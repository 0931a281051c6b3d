"""Clips at another number of frames per second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def resample(joints: NDArray[np.float32], fps: float, wanted: float) -> NDArray[np.float32]:
    """Return joints (T, M, V, 3) at `wanted` frames per second, linear between frames.

    The first frame stays, and the last one is the last that lies within the clip. A body that is absent in
    one of the two frames is taken from the nearer one, as it is there, or absent.

    Example:
        >>> clip = np.arange(1, 6, dtype=np.float32).reshape(5, 1, 1, 1).repeat(3, axis=3)
        >>> resample(clip, 30, 20)[:, 0, 0, 0].tolist()
        [1.0, 2.5, 4.0]
    """
    if abs(fps - wanted) <= 1e-3 * wanted:
        return joints
    before, after, weight = _blends(len(joints), fps, wanted)
    weight = weight[:, None, None, None]
    there: NDArray[np.bool_] = np.asarray(joints.any(axis=(2, 3)))
    both = (there[before] & there[after])[..., None, None]
    nearest = np.where(weight < 0.5, joints[before], joints[after])
    blended = joints[before] + weight * (joints[after] - joints[before])
    result: NDArray[np.float32] = np.where(both, blended, nearest).astype(np.float32)
    return result


def resample_confidence(confidence: NDArray[np.float32], fps: float, wanted: float) -> NDArray[np.float32]:
    """Return the confidence (T, M, V) of resampled joints: the lower one of the two frames they come from.

    Example:
        >>> confidence = np.array([1, 1, 0, 1, 1], np.float32).reshape(5, 1, 1)
        >>> resample_confidence(confidence, 30, 20).flatten().tolist()
        [1.0, 0.0, 1.0]
    """
    if np.isclose(fps, wanted, rtol=1e-3):
        return confidence
    before, after, weight = _blends(len(confidence), fps, wanted)
    lower = np.minimum(confidence[before], confidence[np.where(weight > 0, after, before)])
    return np.where(weight[:, None, None] < 1, lower, confidence[after])


def _blends(
    frames: int, fps: float, wanted: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return for each new frame the frames before and after it, and the fraction of the latter."""
    last = frames - 1
    times = np.arange(int(last * wanted / fps + 1e-3) + 1) * (fps / wanted)
    before = np.minimum(np.floor(times + 1e-6).astype(np.int64), last)
    weight = np.clip(times - before, 0, 1).astype(np.float32)
    return before, np.minimum(before + 1, last), weight
