"""How many of a number of things a ratio hides: the one rounding rule of the package."""

import math
from typing import Any

_TIE = 1e-9
"""Added before rounding: a decimal tie need not be one in binary (`0.58 * 25` is 14.499999999999998)."""


def masked_count(ratio: float, count: int, *, field: str = "ratio") -> int:
    """Return how many of `count` frames, joints or tokens a masking ratio hides.

    Of a fraction it is the nearest whole number, ties upwards, and always at least one left visible:
    `min(floor(ratio * count + 1/2), count - 1)`. A whole number (`int`) is itself the count, as with
    scikit-learn's `test_size`. So every clip of every batch hides equally many.

    Args:
        ratio: Fraction to hide, `0 <= ratio < 1`; or how many, an `int` below `count`.
        count: How many there are, at least one.
        field: What the ratio is called in an error message.

    Returns:
        A number between 0 and `count - 1`.

    Raises:
        ValueError: If `ratio` is not in `[0, 1)`, would hide all, or `count` is below one.

    Example:
        >>> masked_count(0.5, 25), masked_count(0.58, 25), masked_count(0.99, 25), masked_count(7, 25)
        (13, 15, 24, 7)
    """
    if count < 1:
        raise ValueError(f"nothing to mask: count must be at least 1, got {count}")
    if isinstance(ratio, int):
        if not 0 <= ratio < count:
            raise ValueError(f"{field} as a count must be at least 0 and below {count}, got {ratio}")
        return ratio
    if not 0 <= ratio < 1:
        raise ValueError(f"{field} must be at least 0 and below 1, got {ratio}")
    return min(math.floor(ratio * count + 0.5 + _TIE), count - 1)


def check_shape(shape: Any) -> tuple[int, int, int]:
    """Return `shape` as `(N, T, V)`, or raise a `ValueError` if it is not three numbers of at least one."""
    sizes = tuple(shape)
    if len(sizes) != 3 or any(size < 1 for size in sizes):
        raise ValueError(f"shape must be (clips, frames, joints), each at least 1, got {sizes}")
    return sizes


def check_at_least_one(value: int, field: str) -> None:
    """Raise a `ValueError` that names `field` unless `value` is at least one."""
    if value < 1:
        raise ValueError(f"{field} must be at least 1, got {value}")
