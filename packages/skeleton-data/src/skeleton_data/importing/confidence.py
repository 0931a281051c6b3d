"""How sure the tracker was of each joint of a clip, as a store keeps it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, SourceUnits
from skeleton_data.errors import DataError
from skeleton_data.importing.missing import absent_beside
from skeleton_data.layouts.joint_mapping import JointMap


def from_0_to_1(confidence: NDArray[np.float32], joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the confidence (T, M, V) that a file says, cut at 1: some detectors score a little above it.

    Where it is NaN, nobody said how sure the tracker was: a joint that has a position was measured, and
    counts as sure. movement writes NaN for trackers without a confidence, SLEAP for points that a person
    placed.

    Args:
        confidence: As the file says it.
        joints: (T, M, V, 3), NaN where a joint was not measured, zeros where nobody is.

    Raises:
        DataError: Most of it is above 1: per cent, states of tracking, or a coordinate; or it is infinite.

    Example:
        >>> from_0_to_1(np.array([[[0.5, np.nan, 1.1]]], np.float32), np.ones((1, 1, 3, 3))).tolist()
        [[[0.5, 1.0, 1.0]]]
    """
    if np.isinf(confidence).any():
        raise DataError("its confidence is infinite somewhere; expected numbers from 0 to 1")
    above = confidence[confidence > 0]
    if above.size and (middle := float(np.median(above))) > 1:
        raise DataError(f"its confidence has the median {middle:g}; expected numbers from 0 to 1")
    if np.isnan(confidence).any():
        nobody = ~joints.any(axis=(2, 3), keepdims=True)
        unknown = np.asarray(np.isnan(joints).any(axis=-1, keepdims=True) | nobody)
        confidence = np.where(np.isnan(confidence), ~unknown[..., 0], confidence).astype(np.float32)
    return np.clip(confidence, 0, 1)


def clip_confidence(
    clip: Clip, marked: NDArray[np.float32], mapping: JointMap, *, units: SourceUnits
) -> NDArray[np.float32] | None:
    """Return the confidence (T, M, V) of the joints of the layout, 0 where a joint was not measured.

    A joint that is derived from several has the lowest of theirs.

    Args:
        clip: As its reader gives it.
        marked: Its joints (T, M, V, 3) in the layout, NaN where missing.
        mapping: From its joints to those of the layout.
        units: Of the reader.

    Returns:
        None if all were measured, and nothing else is known, or z of joints in a picture says it.
    """
    missing: NDArray[np.bool_] = np.asarray(np.isnan(marked).any(axis=-1))
    known = clip.confidence
    if not missing.any() and (known is None or units == "pixels"):
        return None
    if known is None:
        known = clip.joints[..., 2] if units == "picture" else np.ones(clip.joints.shape[:3], np.float32)
    sure = np.clip(np.nan_to_num(mapping.lowest(known), nan=1.0), 0, 1)
    return np.where(missing, 0, sure).astype(np.float32)


def complete_frames(marked: NDArray[np.float32], never: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which frames (T,) stay where those with a missing joint are dropped.

    Args:
        marked: (T, M, V, 3), NaN where missing.
        never: (M, V) joints that no frame shows, for which no frame is dropped.
    """
    missing: NDArray[np.bool_] = np.asarray(np.isnan(marked).any(axis=-1))
    nobody = missing.all(axis=2, keepdims=True)
    lost = missing & (nobody | ~never) & ~absent_beside(marked)[..., None]
    return np.asarray(~lost.any(axis=(1, 2)))
