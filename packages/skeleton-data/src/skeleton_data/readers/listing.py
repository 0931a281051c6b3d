"""What readers of folders and of numbers have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.numbers import as_numbers
from skeleton_data.ntu.lines import MAX_METRES

_METRES = {"auto": 1, "m": 1, "cm": 100, "mm": 1000}


def visible_files(path: Path, pattern: str = "*") -> Iterator[Path]:
    """Yield what is in a folder and the folders in it, but nothing hidden, whose name begins with a dot.

    Editors keep copies of files under such names, and macOS keeps there what else it knows of a file.
    """
    for file in path.rglob(pattern):
        if not any(part.startswith(".") for part in file.relative_to(path).parts):
            yield file


def files_below(path: Path, *endings: str, but: Sequence[Path] = ()) -> list[Path]:
    """Return `path` if it is a file, or the files in it and in its folders with an ending, by name.

    Args:
        path: File or folder.
        endings: The first that a file has counts. In the names they may be in capitals.
        but: Files that are left out: the tables of labels and of cuts.

    Raises:
        DataError: There are none, or two of the same name.
    """
    if path.is_file():
        return [path]
    found: dict[str, list[Path]] = {ending: [] for ending in endings}
    for file in visible_files(path):
        given = any(file.name == table.name and file.samefile(table) for table in but)
        if file.suffix.lower() in found and not given:
            found[file.suffix.lower()].append(file)
    files = sorted(next(filter(None, found.values()), []), key=lambda file: (file.stem, file))
    if not files:
        raise DataError.at(path, f"there is no {' or '.join(endings)} file in it")
    for first, second in pairwise(files):
        if first.stem == second.stem:
            raise DataError.at(
                second,
                f"there is another file of that name: {first}; clips are called by the names of their files,"
                " so give each a name of its own",
            )
    return files


def parse_floats(words: list[str], path: Path, line: int) -> list[float]:
    """Return the finite numbers that `words` of a line spell.

    Raises:
        DataError: One is none; names it.
    """
    try:
        numbers = list(map(float, words))
    except ValueError:
        numbers = []
    # What Python reads as a number and no file means as one.
    if len(numbers) == len(words) and all(map(_good, numbers)) and not any("_" in word for word in words):
        return numbers
    for word in words:
        try:
            good = "_" not in word and _good(float(word))
        except ValueError:
            good = False
        if not good:
            raise DataError.at(path, expected="a finite number", found=f"{word[:40]!r}", line=line)
    return numbers


def _good(number: float) -> bool:
    return abs(number) < MAX_METRES


def positions(
    value: Any, shape: tuple[int, ...], path: Path, where: str, *, gaps: bool = False
) -> NDArray[np.float32]:
    """Return `value`, nested lists or an array, as a float32 array of that shape (-1: any length but 0).

    With `gaps`, NaN is allowed: it is a point that was not measured.

    Raises:
        DataError: Another shape, text, or a number that is not finite; names the first wrong place.
    """
    array = as_numbers(value)
    if array.dtype.kind in "iuf" and _fits(array.shape, shape):
        with np.errstate(over="ignore", invalid="ignore"):
            numbers: NDArray[np.float32] = array.astype(np.float32)
        wrong = ~(np.abs(numbers) < MAX_METRES)
        if gaps:
            wrong &= ~np.isnan(numbers)
        if not wrong.any():
            return numbers
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise DataError.at(
            path, field=f"{where}{_brackets(place)}", expected="a finite number", found=array[place]
        )
    _explain(value, shape, path, where)
    expected = " x ".join("any number" if size < 0 else str(size) for size in shape)
    raise DataError.at(path, field=where, expected=f"{expected} numbers", found=f"{array.dtype}{array.shape}")


def numbers_or_nan(value: Any, shape: tuple[int, ...], path: Path, where: str) -> NDArray[np.float32]:
    """Return `value` as `positions` does, but with NaN where it holds NaN or nothing: None.

    Raises:
        DataError: Another shape, text, or an infinite number; names the first wrong place.
    """
    array = as_numbers(value, gaps=True)
    if array.dtype.kind != "f" or not _fits(array.shape, shape) or not np.isnan(array).any():
        return positions(value, shape, path, where)
    missing = np.isnan(array)
    return np.where(missing, np.float32(np.nan), positions(np.where(missing, 0, array), shape, path, where))


def _fits(found: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(found) == len(expected) and all(
        size > 0 if wanted < 0 else size == wanted for size, wanted in zip(found, expected, strict=True)
    )


def _explain(value: Any, shape: tuple[int, ...], path: Path, where: str) -> None:
    """Raise an error for the first element of nested lists that does not fit."""
    if not shape:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise DataError.at(path, field=where, expected="a number", found=f"{value!r:.40}")
        return
    if not isinstance(value, list | tuple | np.ndarray):
        raise DataError.at(path, field=where, expected="a list", found=f"{value!r:.40}")
    if not _fits((len(value),), shape[:1]):
        wanted = "at least one element" if shape[0] < 0 else f"{shape[0]} elements"
        raise DataError.at(path, field=where, expected=wanted, found=len(value))
    for number, element in enumerate(value):
        _explain(element, shape[1:], path, f"{where}[{number}]")


def _brackets(place: tuple[int, ...]) -> str:
    return "".join(f"[{number}]" for number in place)


def per_metre(units: Literal["auto", "m", "cm", "mm", "px"]) -> np.float32:
    """Return what to divide positions by; "auto" is metres, for the formats that are published in them.

    Raises:
        DataError: Positions in metres cannot be in pixels.
    """
    if units == "px":
        raise DataError("units: positions in three dimensions cannot be in px")
    return np.float32(_METRES[units])


def other_units(path: Path, said: object, given: object) -> str:
    """Return a sentence about a file whose positions are in another unit of length than it says."""
    return f"{path.name} says that its positions are in {said}; the option units, {given}, counts"
