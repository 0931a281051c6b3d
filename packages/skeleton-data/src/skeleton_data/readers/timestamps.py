"""The frames per second that follow from the times of frames, and those that an option says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from skeleton_data.errors import DataError

SAME_RATE = 0.05
"""Largest relative difference of rates that are the same but for rounding."""

_USUAL = (24 / 1.001, 30 / 1.001, 60 / 1.001)


def frames_per_second(
    stamps: Sequence[object], unit: float, path: Path, frames: Sequence[int] | None = None
) -> float | None:
    """Return the rate of frames at these times, where they say one; dropped frames do not change it.

    Times are rounded, most often to milliseconds: a rate that rounding and 0.1 % may have moved from a whole
    number, or from a rate of television, is that number.

    Args:
        stamps: One time for each frame.
        unit: Seconds in one unit of them.
        path: The file that holds them, for the error.
        frames: Rising number of each frame, where it is known which were dropped.

    Raises:
        DataError: A frame is earlier than the one before it.

    Example:
        >>> frames_per_second([0, 33, 67, 100, 200, 233], 1e-3, Path("clip.json"))
        30.0
    """
    if len(stamps) < 2 or not all(isinstance(stamp, int | float) for stamp in stamps):
        return None
    steps = np.diff(np.array(stamps, dtype=np.float64)) * unit
    if (steps < 0).any():
        late = int((steps < 0).argmax()) + 1
        raise DataError.at(
            path,
            f"frame {late} has the time {stamps[late]}, which is before that of frame {late - 1},"
            f" {stamps[late - 1]}: frames must be in the order of their times",
            field="time",
        )
    if frames is not None:
        steps = steps / np.diff(np.array(frames))
    usual = np.median(steps)
    if not usual > 1e-5 or not np.isfinite(steps).all():
        return None
    near = steps[np.abs(steps - usual) < 0.5 * usual]
    rate = float(1 / near.mean())
    nearest = min((*_USUAL, float(round(rate))), key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) < (1e-3 + unit / near.sum()) * rate else rate


def agreed_rate(given: float | None, said: float | None, path: Path) -> float | None:
    """Return the frames per second that the option fps gives, or else those that a file says, if any.

    Raises:
        DataError: They differ by more than 5 %: 29.97 written as 30, or as 29, is the same rate.

    Example:
        >>> agreed_rate(None, 60.0, Path("a.csv")), agreed_rate(29.97, 30.0, Path("a.csv"))
        (60.0, 29.97)
    """
    if given is not None and said is not None and 0 < said < math.inf and abs(given / said - 1) > SAME_RATE:
        raise DataError.at(
            path,
            f"it says {said:g} frames per second, but the option fps is {given:g}: leave it out"
            " (the option resample of an import changes a rate)",
            field="fps",
        )
    return said if given is None else given
