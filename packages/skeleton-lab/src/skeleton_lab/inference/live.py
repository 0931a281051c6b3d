"""Frames as they come in, a line of JSON each, and the windows that end with them."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton_data import JointMap, Up, hold_last, turn_upright
from skeleton_lab.errors import InputError, input_errors

Frame = NDArray[np.float32]
"""(M, V, 3), metres; an absent body is zero."""


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
    lines: Iterable[str],
    mapping: JointMap,
    joints: int,
    *,
    bodies: int,
    scale: float,
    up: Up = "y",
    length: int,
    stride: int,
) -> Iterator[LiveWindow]:
    """Return windows of a stream, one every `stride` frames once `length` frames are there.

    A stream that ends before is one window. A joint that is missing (null, NaN, or at zero beside its body)
    stays where it was last.

    Args:
        lines: JSON arrays: joints `[[x, y, z], ...]`, bodies `[[[x, y, z], ...], ...]`, or `[]` for nobody.
        mapping: From the joints of the stream to those of the model.
        joints: Joints of the stream.
        bodies: Bodies of the model, M; further ones are left out.
        scale: Metres of a unit of the stream.
        up: Axis of the stream that points up.
        length: Frames of a window.
        stride: Frames from a window to the next.

    Raises:
        InputError: If a line is something else; says which.
    """
    frames: deque[Frame] = deque(maxlen=length)
    last = np.full((bodies, len(mapping.weights), 3), np.nan, dtype=np.float32)
    count, number, arrived, lines = 0, 0, time.perf_counter(), iter(lines)
    while True:
        with input_errors():
            line = next(lines, None)
        if line is None:
            break
        arrived, number = time.perf_counter(), number + 1
        if not line.strip():
            continue
        frame = _frame(line, number, mapping, joints, bodies) * np.float32(scale)
        frames.append(hold_last(turn_upright(frame, up), last))
        count += 1
        if count >= length and (count - length) % stride == 0:
            yield LiveWindow(count - length, np.stack(frames), arrived)
    if 0 < count < length:
        yield LiveWindow(0, np.stack(frames), arrived)


def _frame(line: str, number: int, mapping: JointMap, joints: int, bodies: int) -> Frame:
    try:
        given = np.asarray(json.loads(line), dtype=np.float32)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"line {number}: expected a JSON array of numbers ({error})") from error
    given = given[None] if given.ndim == 2 else given
    frame = np.zeros((bodies, len(mapping.weights), 3), dtype=np.float32)
    if given.size == 0:
        return frame
    if given.ndim != 3 or given.shape[1:] != (joints, 3):
        raise InputError(
            f"line {number}: expected {joints} joints [x, y, z], or bodies of them, got {given.shape}"
        )
    if np.isinf(given).any():
        raise InputError(f"line {number}: a coordinate is infinite")
    there = min(bodies, len(given))
    frame[:there] = mapping(given[:there])
    return frame
