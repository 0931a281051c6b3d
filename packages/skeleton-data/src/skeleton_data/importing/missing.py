"""Joints that were not measured: which they are, and what takes their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.importing.unmeasured import nearest_joints
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.readers.config import Missing

Joints = NDArray[np.float32]
"""(T, M, V, 3); a missing joint is NaN, an absent body all zero."""


def mark_missing(joints: Joints, confidence: NDArray[np.float32] | None, min_confidence: float) -> Joints:
    """Return joints (T, M, V, 3) with NaN at every joint whose coordinates are not a measurement.

    These are joints with a coordinate that is NaN, joints with a confidence (T, M, V) of 0 or below the
    least, and joints at exactly zero, the mark of many trackers, while their body is there. A single joint
    at zero, no farther from the box of the others than half its size, is a measurement: data about a joint
    of the body have it there, and some have several there in the whole clip.
    """
    marked = np.isnan(joints).any(axis=-1)
    if confidence is not None:
        marked |= (confidence <= 0) | (confidence < min_confidence)
    zero = (joints == 0).all(axis=-1)
    marked = (marked | _lost(joints, zero)) & ~zero.all(axis=2, keepdims=True)
    return np.where(marked[..., None], np.float32(np.nan), joints) if marked.any() else joints


def _lost(joints: Joints, zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which joints at zero (T, M, V) are there because the tracker lost them."""
    some: NDArray[np.bool_] = np.asarray(zero.any(axis=2) & ~zero.all(axis=2))
    if not some.any():
        return np.zeros_like(zero)
    unknown = (zero[..., None] | np.isnan(joints))[some]  # (B, V, 3)
    low = np.where(unknown, np.inf, joints[some]).min(axis=1)
    high = np.where(unknown, -np.inf, joints[some]).max(axis=1)
    margin = (high - low).max(axis=-1, keepdims=True) / 2
    outside: NDArray[np.bool_] = np.zeros_like(some)
    outside[some] = ((low - margin > 0) | (high + margin < 0)).any(axis=-1)
    doubtful: NDArray[np.bool_] = outside | np.asarray(zero.sum(axis=2) > 1)
    always = always_zero(joints)
    return (
        zero
        & some[..., None]
        & np.where(always, np.asarray(outside.any(axis=0))[:, None], doubtful[..., None])
    )


def always_zero(joints: Joints) -> NDArray[np.bool_]:
    """Return which joints (M, V) of bodies that come (T, M, V, 3) are at zero in every frame."""
    zero = (joints == 0).all(axis=(0, 3))
    return np.asarray(zero & ~zero.all(axis=1, keepdims=True))


def longest_gap(max_gap: str, fps: float) -> int:
    """Return in frames what `ImportConfig.max_gap` says.

    Example:
        >>> longest_gap("0.5s", 30), longest_gap("4", 30)
        (15, 4)
    """
    return round(float(max_gap[:-1]) * fps) if max_gap.endswith("s") else int(max_gap)


def fill_missing(joints: Joints, rule: Missing, max_gap: int) -> Joints:
    """Return joints (T, M, V, 3) with gaps filled, each joint on its own; measured joints stay as they are.

    "interpolate" is linear in time, and holds the nearest position at the ends of a clip; "hold" keeps the
    last position, and at the beginning the first. A gap of more than `max_gap` frames stays NaN, but a body
    that is missing as a whole for longer, or at an end, is absent: zero. "drop-frame" leaves out all frames
    with a missing joint, but a body that is missing as a whole beside another is absent; "refuse" changes
    nothing.

    Example:
        >>> wrist = np.array([1, np.nan, 3, np.nan, np.nan], np.float32).reshape(5, 1, 1, 1).repeat(3, axis=3)
        >>> moving = np.concatenate([wrist, np.ones_like(wrist)], axis=2)
        >>> fill_missing(moving, "interpolate", 2)[:, 0, 0, 0].tolist()
        [1.0, 2.0, 3.0, 3.0, 3.0]
    """
    missing: NDArray[np.bool_] = np.asarray(np.isnan(joints).any(axis=-1))
    if rule == "refuse" or not missing.any():
        return joints
    if rule == "drop-frame":
        absent = absent_beside(joints)[..., None]
        left = np.where(absent[..., None], np.float32(0), joints)
        return left[~(missing & ~absent).any(axis=(1, 2))]
    filled = joints.copy()
    _leave_absent(filled, missing, max_gap)
    there: NDArray[np.bool_] = np.asarray((filled != 0).any(axis=(2, 3)))
    frames = np.arange(len(joints))
    for body, joint in np.argwhere(missing.any(axis=0)).tolist():
        measured = there[:, body] & ~missing[:, body, joint]
        if not measured.any():
            continue
        known = frames[measured]
        for start, end in _runs(missing[:, body, joint]):
            if end - start > max_gap:
                continue
            gap = frames[start:end]
            if rule == "hold":
                before = np.maximum(np.searchsorted(known, gap) - 1, 0)
                held = joints[known[before], body, joint]
                filled[start:end, body, joint] = np.where(
                    np.isnan(joints[gap, body, joint]), held, joints[gap, body, joint]
                )
            else:
                for axis in np.flatnonzero(np.isnan(joints[start:end, body, joint]).any(axis=0)):
                    filled[start:end, body, joint, axis] = np.interp(
                        gap, known, joints[known, body, joint, axis]
                    )
    return filled


def absent_beside(joints: Joints) -> NDArray[np.bool_]:
    """Return which bodies (T, M) of joints (T, M, V, 3) are missing as a whole while another is there."""
    missing: NDArray[np.bool_] = np.asarray(np.isnan(joints).any(axis=-1))
    lost: NDArray[np.bool_] = np.asarray(missing.all(axis=2))
    there = ~lost & np.asarray(joints.any(axis=(2, 3)))
    return lost & np.asarray(there.any(axis=1))[:, None]


def _leave_absent(filled: Joints, missing: NDArray[np.bool_], max_gap: int) -> None:
    """Set a body to zero, and no longer missing, where all of it is missing for long or at an end."""
    for body in range(filled.shape[1]):
        nobody: NDArray[np.bool_] = np.asarray(missing[:, body].all(axis=1))
        for start, end in _runs(nobody):
            if end - start > max_gap or start == 0 or end == len(filled):
                filled[start:end, body] = 0
                missing[start:end, body] = False


def _runs(chosen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first frame of each run of chosen frames (T,), and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def require_complete(joints: Joints, names: Sequence[str], rule: Missing) -> None:
    """Refuse joints (T, M, V, 3) of which one is still missing, or without a frame.

    Raises:
        DataError: Names the joint, the frames and the option.
    """
    if not len(joints):
        raise DataError("a joint is missing in every frame, so that drop-frame leaves none")
    missing: NDArray[np.bool_] = np.asarray(np.isnan(joints).any(axis=-1))
    if not missing.any():
        return
    _, body, joint = np.argwhere(missing)[0].tolist()
    lost = missing[:, body, joint]
    start, end = _runs(lost)[0]
    where = f"joint {names[joint]} is missing in {int(lost.sum())} of {len(joints)} frames, first in"
    where += f" frame {start}" if end - start == 1 else f" frames {start} to {end - 1}"
    if rule == "refuse":
        raise DataError(f"{where}; give the option missing: interpolate, hold or drop-frame")
    advice = "give a larger value of the option max_gap, or the option missing=drop-frame"
    raise DataError(f"{where}, which is longer than the gaps that are filled; {advice}")


def hold_last(
    frame: NDArray[np.float32], last: NDArray[np.float32], layout: SkeletonLayout
) -> NDArray[np.float32]:
    """Return a frame of a live stream with the last measured position of each missing joint.

    A joint that has not been measured yet is put in the middle of the nearest joints that have, counted in
    bones of the skeleton, as in a recording. A body of which nothing was measured is absent: zero.

    Args:
        frame: (M, V, 3); a missing joint is NaN, an absent body zero.
        last: (M, V, 3) last measured position of each joint, NaN before there is one; those of this frame are
            written into it.
        layout: Skeleton of the joints.

    Example:
        >>> from skeleton_data.layouts.layout import layout
        >>> coco, last = layout("coco17"), np.full((1, 17, 3), np.nan, np.float32)
        >>> wrist, elbow = coco.joints.index("left_wrist"), coco.joints.index("left_elbow")
        >>> frame = np.ones((1, 17, 3), np.float32)
        >>> frame[0, wrist], frame[0, elbow] = np.nan, 7
        >>> hold_last(frame, last, coco)[0, wrist]
        array([7., 7., 7.], dtype=float32)
        >>> frame[0, elbow] = np.nan
        >>> hold_last(frame, last, coco)[0, elbow]
        array([7., 7., 7.], dtype=float32)
    """
    present = frame.any(axis=(1, 2))
    if frame[present].all() and not np.isnan(frame).any():  # the usual frame: nothing is missing
        last[present] = frame[present]
        return frame
    marked = mark_missing(frame[None], None, 0.0)[0]
    missing: NDArray[np.bool_] = np.asarray(np.isnan(marked).any(axis=-1))
    marked[missing.all(axis=1)] = 0
    missing &= ~missing.all(axis=1, keepdims=True)
    measured = ~missing & marked.any(axis=(1, 2))[:, None]
    last[measured] = marked[measured]
    held = np.where(missing[..., None], last, marked)
    unknown: NDArray[np.bool_] = np.asarray(np.isnan(held).any(axis=-1))
    for body, joint in np.argwhere(unknown).tolist():
        held[body, joint] = held[body, nearest_joints(layout, joint, ~unknown[body])].mean(axis=0)
    return held
