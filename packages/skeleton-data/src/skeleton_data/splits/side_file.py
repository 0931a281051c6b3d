"""Text files that name the clips of each side, as people write them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from skeleton_data.clips import Side
from skeleton_data.errors import DataError

MAX_BYTES = 64 << 20
FORMS = (
    "a line `train:` and below it a clip name a line, then `test:` and its clips; or CSV with the columns"
    " clip and side"
)
"""What such a file may look like."""

_SIDES: dict[str, Side] = {
    "train": "train",
    "val": "validation",
    "eval": "validation",
    "test": "test",
}
_HEADING = re.compile(r"\[?\s*(train|val|test)[a-z]*( [a-z]+)?\s*(?::|\])\s*", re.IGNORECASE)
_CLIP, _SIDE = {"clip", "name", "file", "video", "sample"}, {"side", "split", "set", "subset", "part"}


def read_sides(path: Path) -> dict[str, Side]:
    """Return the side of each clip that a text file names.

    The file has headings (`train:`, `Training videos:`, `[test]`) and behind or below each names, one a line
    or with commas between them; or it is CSV with a column clip (or name, file, video, sample) and a column
    side (or split, set, subset, part) of train, validation and test; commas, semicolons or tabs divide its
    fields. A line that begins with # is a comment.

    Raises:
        DataError: The file cannot be read, has neither form, or puts a clip on two sides.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError.at(
                path, f"the file has more than {MAX_BYTES >> 20} MiB, too many for a list of clips"
            )
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError.at(path, f"no readable split ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DataError.at(path, f"not a split: expected {FORMS}") from None
    found: dict[str, Side] = {}
    for line, name, side in _named(lines, path):
        if found.setdefault(name, side) != side:
            raise DataError.at(path, f"clip {name!r} is on the sides {found[name]} and {side}", line=line)
    return found


def _named(lines: list[str], path: Path) -> Iterator[tuple[int, str, Side]]:
    """Return line, clip and side of each name."""
    numbered = [(number, text.strip()) for number, text in enumerate(lines, start=1)]
    numbered = [(number, text) for number, text in numbered if text and not text.startswith("#")]
    if numbered and _HEADING.match(numbered[0][1]):
        yield from _below_headings(numbered)
    else:
        yield from _in_table(numbered, path)


def _below_headings(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str, Side]]:
    side: Side = "train"
    for number, text in lines:
        if heading := _HEADING.match(text):
            side, text = _SIDES[heading[1].lower()], text[heading.end() :]
        for name in filter(None, map(str.strip, text.split(","))):
            yield number, name, side


def _delimiter(lines: list[tuple[int, str]]) -> str:
    """Return what stands between fields: what the heading has most of, of comma, semicolon and tab."""
    heading = lines[0][1] if lines else ""
    return max(",;\t", key=heading.count)


def _in_table(lines: list[tuple[int, str]], path: Path) -> Iterator[tuple[int, str, Side]]:
    try:
        rows = list(csv.reader((text for _, text in lines), delimiter=_delimiter(lines)))
    except csv.Error as error:  # a field that does not end
        raise DataError.at(path, f"this is not a split: {error}") from None
    heading = [cell.strip().lower() for cell in rows[0]] if rows else []
    clip = next((at for at, name in enumerate(heading) if name in _CLIP), None)
    side = next((at for at, name in enumerate(heading) if name in _SIDE), None)
    if clip is None or side is None:
        raise DataError.at(path, f"not a split: expected {FORMS}")
    for (number, _), row in zip(lines[1:], rows[1:], strict=False):
        if len(row) != len(heading):
            raise DataError.at(path, expected=f"{len(heading)} fields", found=len(row), line=number)
        cell = row[side].strip().lower()
        known = next((_SIDES[word] for word in _SIDES if cell.startswith(word)), None)
        if known is None:
            raise DataError.at(path, f"side {cell[:40]!r}, expected train, validation or test", line=number)
        yield number, row[clip].strip(), known
