"""Numbers that a caller gives, held to their range before they are used."""

from __future__ import annotations

from typing import Any

import numpy as np

from skeleton_data import DataError

MAX_THREADS = 512


def whole_number(value: Any, name: str, least: int, most: int = 2**31) -> int:
    """Return a whole number.

    Args:
        value: What was given.
        name: What the caller calls it.
        least: The smallest that it may be.
        most: The largest.

    Raises:
        DataError: If it is none, or outside the range; names it.

    Example:
        >>> whole_number(3, "smooth", 1)
        3
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise DataError(f"{name} must be a whole number from {least} to {most:,}, but is {value!r}")
    return int(value)


def fraction(value: Any, name: str) -> float:
    """Return a number from 0 to 1.

    Raises:
        DataError: If it is none; names it.
    """
    if isinstance(value, bool) or not isinstance(value, float | int | np.number) or not 0 <= value <= 1:
        raise DataError(f"{name} must be a number from 0 to 1, but is {value!r}")
    return float(value)
