"""Frames as they come in, a line of JSON each, and the windows that end with them."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data import (
    Clip,
    JointMap,
    SkeletonLayout,
    Up,
    check_plausible,
    hold_last,
    in_picture,
    turn_upright,
)
from skeleton_lab.errors import InputError, input_errors

Frame = NDArray[np.float32]
"""(M, V, 3), metres, or in units of the picture; an absent body is zero."""


@dataclass(frozen=True)
class Stream:
    """How to understand the frames of a stream, as `ImportConfig` does files.

    Attributes:
        mapping: From the joints of the stream to those of the model.
        joints: Joints of the stream.
        layout: Skeleton of the model.
        scale: Metres of a unit of the stream.
        up: Axis of the stream that points up.
        picture: Width and height of the picture, where a model of 2D joints is shown x and y in pixels, y
            down, and how sure the detector is.
        insist: Whether to go on where it cannot be right.
    """

    mapping: JointMap
    joints: int
    layout: SkeletonLayout
    scale: float = 1.0
    up: Up = "y"
    picture: tuple[int, int] | None = None
    insist: bool = False


@dataclass(frozen=True)
class LiveWindow:
    """The last frames of a stream.

    Attributes:
        first: Number of its first frame, from 0.
        joints: (T, M, V, 3).
        arrived: `time.perf_counter()` when its last frame came.
    """

    first: int
    joints: NDArray[np.float32]
    arrived: float


def live_windows(
    lines: Iterable[str], stream: Stream, *, bodies: int, length: int, stride: int
) -> Iterator[LiveWindow]:
    """Return windows of a stream, one every `stride` frames once `length` frames are there.

    A stream that ends before is one window. A joint that is missing (null, NaN, at zero beside its body, or
    of confidence 0) stays where it was last.

    Args:
        lines: JSON arrays: joints `[[x, y, z], ...]`, bodies `[[[x, y, z], ...], ...]`, or `[]` for nobody.
        stream: How to understand them.
        bodies: Bodies of the model, M; further ones are left out.
        length: Frames of a window.
        stride: Frames from a window to the next.

    Raises:
        InputError: If a line is something else, or the first window with somebody in it cannot be right; says
            which, and the option that would mend it.
    """
    frames: deque[Frame] = deque(maxlen=length)
    last = np.full((bodies, len(stream.mapping.weights), 3), np.nan, dtype=np.float32)
    count, number, arrived, lines = 0, 0, time.perf_counter(), iter(lines)
    checked = stream.insist or stream.picture is not None

    def window() -> LiveWindow:
        nonlocal checked
        joints = np.stack(frames)
        if not checked and joints.any():
            with input_errors():
                check_plausible(joints, stream.layout, "the stream")
            checked = True
        return LiveWindow(count - len(frames), joints, arrived)

    while True:
        with input_errors():
            line = next(lines, None)
        if line is None:
            break
        arrived, number = time.perf_counter(), number + 1
        if not line.strip():
            continue
        frames.append(_complete(_frame(line, number, stream, bodies), stream, last))
        count += 1
        if count >= length and (count - length) % stride == 0:
            yield window()
    if 0 < count < length:
        yield window()


def _complete(frame: Frame, stream: Stream, last: Frame) -> Frame:
    """Return a frame in the model's units and axes, with the last place of each missing joint."""
    if stream.picture is None:
        return hold_last(turn_upright(frame * np.float32(stream.scale), stream.up), last)
    sure = np.nan_to_num(frame[None, ..., 2])
    shown = in_picture(Clip("", frame[None], {}, Path("stream"), confidence=sure), stream.picture)[0]
    unseen = (shown[..., 2:] <= 0) & shown.any(axis=(1, 2), keepdims=True)
    held = hold_last(np.where(unseen, np.float32(np.nan), shown), last)
    held[..., 2] = shown[..., 2]
    return held


def _frame(line: str, number: int, stream: Stream, bodies: int) -> Frame:
    try:
        given = np.asarray(json.loads(line), dtype=np.float32)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"line {number}: expected a JSON array of numbers ({error})") from error
    given = given[None] if given.ndim == 2 else given
    joints = stream.joints
    frame = np.zeros((bodies, len(stream.mapping.weights), 3), dtype=np.float32)
    if given.size == 0:
        return frame
    if given.ndim != 3 or given.shape[1:] != (joints, 3):
        raise InputError(
            f"line {number}: expected {joints} joints [x, y, z], or bodies of them, got {given.shape}"
        )
    if np.isinf(given).any():
        raise InputError(f"line {number}: a coordinate is infinite")
    there = min(bodies, len(given))
    frame[:there] = stream.mapping(given[:there])
    return frame
