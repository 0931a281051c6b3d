"""Nested lists that may hold anything, and words, as arrays that are not larger than they must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.files.limits import require_memory


def as_numbers(value: Any, *, gaps: bool = False) -> NDArray[Any]:
    """Return nested lists of numbers as an array of numbers; whatever else as an array of objects.

    Text is not copied: in an array of text each word would take as much room as the longest.

    Args:
        value: Nested lists, or an array, which stays as it is.
        gaps: Whether None counts as a number, NaN.

    Example:
        >>> as_numbers([[1, 2.5]]), as_numbers(["a"]).dtype, as_numbers([1, None], gaps=True)
        (array([[1. , 2.5]]), dtype('O'), array([ 1., nan]))
    """
    if isinstance(value, np.ndarray):
        return value
    try:
        if isinstance(value, list) and set(map(type, value)) <= {int, float}:
            return np.array(value)
        cells = np.array(value, dtype=object)
        kinds = set(map(type, cells.flat))
        numeric = {kind for kind in kinds if kind is not bool and issubclass(kind, int | float | np.number)}
        if kinds - numeric <= ({type(None)} if gaps else set()):
            return cells.astype(np.int64 if kinds == {int} else np.float64)
    except (ValueError, OverflowError):  # ragged, or a number of too many digits
        return np.empty(0, object)
    return cells


def arrays_under(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what makes arrays of the lists of numbers that an object of JSON has under these names.

    An array takes a quarter of the memory of lists. Lists of anything else are left as they are.

    Example:
        >>> arrays_under("pose")({"pose": [0.5, 1.5], "id": [1]})
        {'pose': array([0.5, 1.5]), 'id': [1]}
    """

    def shrink(found: dict[str, Any]) -> dict[str, Any]:
        for name in names:
            if isinstance(value := found.get(name), list):
                array = as_numbers(value)
                if array.dtype != object:
                    found[name] = array
        return found

    return shrink


def as_words(words: Sequence[str], path: Path) -> NDArray[np.str_]:
    """Return words as an array of text, in which each takes as much room as the longest.

    Raises:
        DataError: The array would take more memory than a file of so many characters may; names `path`.
    """
    longest, total = max(map(len, words), default=0), sum(map(len, words))
    require_memory(path, 4 * longest * len(words), total, f"its words, of up to {longest} characters,")
    return np.array(words, dtype=np.str_)
