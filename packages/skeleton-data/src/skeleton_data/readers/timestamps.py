"""The frames per second that follow from the times of frames, and those that an option says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from skeleton_data.errors import DataError

SAME_RATE = 0.05
"""Largest relative difference of rates that are the same but for rounding."""

SLOWEST, FASTEST = 2.0, 1000.0
"""Frames per second of recordings, the second excluded: times of such a rate are in one unit only."""
LEAST, MOST = 0.2, 10_000.0
"""Frames per second beyond which times are refused: they are in another unit than is said."""

_UNITS = {
    1.0: ("s", "sec", "secs", "second", "seconds"),
    1e-3: ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    1e-6: ("us", "µs", "usec", "usecs", "microsecond", "microseconds"),
    1e-9: ("ns", "nsec", "nsecs", "nanosecond", "nanoseconds"),
}
_SECONDS = {word: seconds for seconds, words in _UNITS.items() for word in words}
"""Seconds in a unit of time, by its name."""
_TIME = re.compile(rf"(?:time[ _]?stamp|time|t)(?:(?:[ _]+|[ _]*[\[(])({'|'.join(_SECONDS)})[\])]?)?")

_USUAL = (24 / 1.001, 30 / 1.001, 60 / 1.001)


def time_column(names: Iterable[str]) -> tuple[str, float | None] | None:
    """Return the column that holds times, and the seconds in its unit, None where the name does not say it.

    Example:
        >>> time_column(["frame", "time (ms)", "head_x"]), time_column(["timestamp"]), time_column(["timer"])
        (('time (ms)', 0.001), ('timestamp', None), None)
    """
    for name in names:
        found = _TIME.fullmatch(name.lower())
        if found is not None:
            return name, _SECONDS[found[1]] if found[1] else None
        if name.lower() in _SECONDS and name.lower().endswith(("second", "seconds")):
            return name, _SECONDS[name.lower()]
    return None


def frames_per_second(
    stamps: Sequence[object], unit: float | None, path: Path, frames: Sequence[int] | None = None
) -> float | None:
    """Return the rate of frames at these times, where they say one; dropped frames do not change it.

    Times are rounded, most often to milliseconds: a rate that rounding and 0.1 % may have moved from a whole
    number, or from a rate of television, is that number.

    Args:
        stamps: One time for each frame.
        unit: Seconds in one unit of them; None takes that in which they say a usual rate, if any does.
        path: The file that holds them, for the error.
        frames: Rising number of each frame, where it is known which were dropped.

    Raises:
        DataError: A frame is earlier than the one before it, or the rate is none of a recording.

    Example:
        >>> frames_per_second([0, 33, 67, 100, 200, 233], 1e-3, Path("clip.json"))
        30.0
    """
    if len(stamps) < 2 or not all(isinstance(stamp, int | float) for stamp in stamps):
        return None
    steps = np.diff(np.array(stamps, dtype=np.float64))
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
    usual = float(np.median(steps))
    if not usual > 0 or not np.isfinite(steps).all():
        return None
    if unit is None:
        unit = next((each for each in _UNITS if SLOWEST <= 1 / (usual * each) < FASTEST), None)
        if unit is None:
            return None
    if not LEAST <= 1 / (usual * unit) <= MOST:
        raise DataError.at(
            path,
            f"times with steps of {usual:g} are {1 / (usual * unit):.3g} frames per second in the unit that"
            " their name says: correct the name or the times",
            field="time",
        )
    steps, usual = steps * unit, usual * unit
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
