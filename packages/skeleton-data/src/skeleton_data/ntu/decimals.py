"""Reading many decimal numbers out of a text at once, eight characters in each step of integer arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]

MARGIN = 16
"""Characters that must stand before the first number."""

_DIGITS = 15  # of so many digits the number is exact as float64, and so is the power of ten to divide by


def _eight(byte: int) -> np.uint64:
    """Return eight times the same byte."""
    return np.uint64(int.from_bytes(bytes([byte] * 8), "little"))


_ONES, _SIGNS, _SIXES, _LOW, _HIGH = _eight(0x01), _eight(0x80), _eight(0x06), _eight(0x0F), _eight(0xF0)
_ZEROS, _DOTS = _eight(ord("0")), _eight(ord("."))
_DOT_TO_ZERO = np.uint64(ord(".") ^ ord("0"))
# The last n of eight characters, the first of which is the lowest byte.
_LAST = np.array([(1 << 64) - (1 << 8 * (8 - n)) for n in range(9)], dtype=np.uint64)
# By the number of decimals; 16 stands for a number without a point.
_SCALE = np.array([10.0**decimals for decimals in range(16)] + [1.0])
_POINT = np.array([10.0 ** (decimals + 1) for decimals in range(16)] + [np.inf])


def parse_decimals(
    text: NDArray[np.uint8], start: Integers, end: Integers
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers `text[start:end]`, as `float` reads them, and which of them are read at all.

    Read are numbers of digits, with a minus or not, with a point or not, of 15 characters at most: they are
    correctly rounded, for one division of two numbers exact in float64 gives them. For others, those
    with an exponent say, what is returned means nothing.

    Args:
        text: ASCII; `MARGIN` characters before the first number.
        start: Shape (n,) first character of each number.
        end: Shape (n,) the one after the last.

    Example:
        >>> text = np.frombuffer(b" " * MARGIN + b"-0.25 7 1e3", dtype=np.uint8)
        >>> values, read = parse_decimals(text, np.array([16, 22, 24]), np.array([21, 23, 27]))
        >>> values[:2].tolist(), read.tolist()
        ([-0.25, 7.0], [True, True, False])
    """
    negative = text[start] == ord("-")
    length = end - start - negative
    eights: NDArray[Any] = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))
    right, right_dot, right_good = _digits(eights[end - 8], np.clip(length, 0, 8))
    left, left_dot, left_good = _digits(eights[end - 16], np.clip(length - 8, 0, 8))
    digits = (_value(left) * np.uint64(10**8) + _value(right)).astype(np.float64)
    # The place of the point among 16 characters, from the exponent of a float: bytes count from the left.
    _, exponent = np.frexp(right_dot * 2.0**64 + left_dot)
    decimals = 15 - (exponent - 1) // 8
    scale = _SCALE[decimals]
    # In `digits` the point is one more digit, 0: what is left of it counts ten times too much.
    whole = np.floor(digits / _POINT[decimals])
    values = (digits - whole * (9 * scale)) / scale
    read = left_good & right_good & (length > 0) & (length <= _DIGITS) & ((right_dot == 0) | (left_dot == 0))
    return np.where(negative, -values, values), read & ((decimals == 16) | (length > 1))


def _digits(eight: Words, length: Integers) -> tuple[Words, Words, NDArray[np.bool_]]:
    """Return the digits and the place of the point in the last `length` of eight characters; is that all?"""
    keep = _LAST[length]
    kept = (eight & keep) | (_ZEROS & ~keep)
    other = kept ^ _DOTS
    dot = ((other - _ONES) & ~other & _SIGNS) >> np.uint64(7)
    digits = kept ^ (dot * _DOT_TO_ZERO)
    good = ((digits & _HIGH) == _ZEROS) & (((digits + _SIXES) & _HIGH) == _ZEROS)
    return digits, dot, good & ((dot & (dot - np.uint64(1))) == 0)


def _value(digits: Words) -> Words:
    """Return eight digits as a number: pairs, pairs of pairs, then all."""
    pairs = (digits & _LOW) * np.uint64(2561) >> np.uint64(8)
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    return (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)
