"""Columns of facts, one entry a clip: whole numbers, or words that are numbered; an empty cell is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?")
_DIGITS = re.compile(r"(\d+)")


def number_column(
    values: NDArray[Any],
    path: Path,
    column: str,
    *,
    names: Sequence[str] = (),
    first: int = 0,
    lines: Sequence[int] = (),
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return a column as numbers (n,), -1 where a cell is empty, and the words that they stand for.

    Args:
        values: Shape (n,): whole numbers, or text that is nothing else, or words.
        path: Where they come from, for errors.
        column: What the column is called, for errors.
        names: Words in the order of their numbers; else words are numbered in alphabetical order, in which
            "P2" comes before "P10".
        first: Number of the first word.
        lines: Line of each entry in a table, for errors.

    Returns:
        Numbers, and the word of each number from `first`; no words where the column holds numbers.

    Raises:
        DataError: The column holds numbers and words, fractions, or something else; names the entry.

    Example:
        >>> number_column(np.array(["P10", "", "P2"]), Path("clips.csv"), "subject", first=1)
        (array([ 2, -1,  1]), ('P2', 'P10'))
    """
    if values.dtype.kind in "iu":
        return values.astype(np.int64), ()
    if values.dtype.kind == "f":
        empty = np.isnan(values)
        whole = np.where(empty, -1, values)
        if (whole != np.round(whole)).any() or (np.abs(whole) > 2**62).any():
            raise DataError.at(path, f"column {column!r} holds fractions, expected whole numbers or words")
        return whole.astype(np.int64), ()
    if values.dtype.kind != "U":
        raise DataError.at(path, f"column {column!r} holds {values.dtype}, expected whole numbers or words")
    cells = [str(cell).strip() for cell in values.tolist()]
    numeric = [bool(_WHOLE_NUMBER.fullmatch(cell)) for cell in cells]
    if any(numeric):
        for number, (cell, fits) in enumerate(zip(cells, numeric, strict=True)):
            if cell and not fits:
                mixed = f"column {column!r} holds {cell[:40]!r} among whole numbers"
                raise DataError.at(path, mixed, line=lines[number] if lines else None)
        return np.array([int(cell.split(".")[0]) if cell else -1 for cell in cells], dtype=np.int64), ()
    found = {cell for cell in cells if cell}
    words = tuple(names) if names and found <= set(names) else tuple(sorted(found, key=_natural))
    numbers = {word: number for number, word in enumerate(words, start=first)} | {"": -1}
    return np.array([numbers[cell] for cell in cells], dtype=np.int64), words


def words_are_numbered(fact: str, words: Sequence[str], first: int = 1) -> str:
    """Return a sentence about words of a fact that were numbered."""
    numbered = ", ".join(f"{word} = {number}" for number, word in enumerate(words, start=first))
    return f"the column of the {fact} holds words, which are numbered: {numbered}"


def not_used(names: Iterable[str], path: Path) -> tuple[str, ...]:
    """Return a sentence about columns of which nothing is read, if there are any.

    Example:
        >>> not_used(["action", "take"], Path("labels.csv"))
        ('columns of labels.csv that are not used: action, take',)
    """
    found = ", ".join(names)
    return (f"columns of {path.name} that are not used: {found}",) if found else ()


def _natural(word: str) -> list[tuple[int, str]]:
    """Return a key by which numbers in words count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(word)]
