"""How far a mean may be from the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev

STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145)
"""Quantiles of Student's t for a 95 % interval, for 1, 2, ... degrees of freedom; above them the normal's."""


def half_interval(values: Sequence[float]) -> float | None:
    """Return half of the 95 % interval (Student) of the mean of some values; None of fewer than two.

    Example:
        >>> round(half_interval([1.0, 2.0, 3.0]), 3)
        2.484
    """
    if len(values) < 2:
        return None
    freedom = len(values) - 1
    quantile = STUDENT[freedom - 1] if freedom <= len(STUDENT) else 1.96
    return quantile * stdev(values) / math.sqrt(len(values))
