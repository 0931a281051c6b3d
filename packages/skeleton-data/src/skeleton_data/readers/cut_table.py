"""A table that says which seconds, or which frames, of a recording are a clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.numbers import as_words
from skeleton_data.readers.columns import not_used, number_column, words_are_numbered
from skeleton_data.readers.file_facts import FACTS, FILE_COLUMNS
from skeleton_data.readers.table_file import Table, read_table

SECONDS = ("start", "end")
"""Columns of seconds, counted from the first frame of the recording."""
FRAMES = ("first_frame", "last_frame")
"""Columns of frames, counted from 0; the last one belongs to the clip."""


@dataclass(frozen=True)
class Interval:
    """A part of a recording that is to be a clip: a line of the table.

    Attributes:
        line: Of the table, for errors.
        recording: As the table names it.
        begin: Where it begins, in seconds or as its first frame; NaN: where the recording begins.
        end: Where it ends, in seconds or as its last frame; NaN: where the recording ends.
        facts: Of `label`, `subject`, ... those that the line says.
    """

    line: int
    recording: str
    begin: float
    end: float
    facts: Mapping[str, int]


@dataclass(frozen=True)
class CutTable:
    """A table with a line for each clip.

    Attributes:
        path: The file.
        intervals: Its lines.
        in_seconds: Whether intervals are in seconds; else they are in frames.
        columns: Facts that it has a column of; it alone decides them.
        class_names: Names of the classes.
        notes: What whoever imports should know, a sentence each.
    """

    path: Path
    intervals: Sequence[Interval]
    in_seconds: bool
    columns: frozenset[str]
    class_names: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, class_names: tuple[str, ...] = ()) -> CutTable:
        """Read a table.

        Args:
            path: CSV or Parquet.
            class_names: Those of the recordings.

        Raises:
            DataError: A column is missing, a cell is no number, or an interval ends before it begins.
        """
        table = read_table(path)
        names = {name.strip().lower(): name for name in table.columns}
        key = next((name for name in ("clip", *FILE_COLUMNS) if name in names), None)
        bounds = next((pair for pair in (FRAMES, SECONDS) if set(pair) <= names.keys()), None)
        if key is None or bounds is None:
            wanted = "the columns file, and start and end (in seconds) or first_frame and last_frame"
            raise DataError.at(path, expected=wanted, found=", ".join(table.columns))
        begins, ends = (_numbers(table, names[name], whole=bounds is FRAMES) for name in bounds)
        facts, class_names, notes = _facts(table, names, class_names)
        used = {key, *SECONDS, *FRAMES, *FACTS, *FILE_COLUMNS}
        notes += not_used([names[name] for name in names if name not in used], path)
        rows = zip(table.lines, table.words(names[key]), begins.tolist(), ends.tolist(), facts, strict=True)
        intervals = [Interval(*row) for row in rows]
        for each in intervals:
            if not each.recording:
                raise DataError.at(path, f"column {names[key]!r} names no recording", line=each.line)
            if each.end < each.begin or (each.end == each.begin and bounds is SECONDS):
                raise DataError.at(
                    path, f"it ends at {each.end:g}, but begins at {each.begin:g}", line=each.line
                )
        columns = frozenset(FACTS) & names.keys()
        return cls(path, intervals, bounds is SECONDS, columns, class_names, notes)

    def frames(self, interval: Interval, count: int, fps: float) -> tuple[int, int]:
        """Return the first frame of an interval, and the one after its last, of a recording of `count`.

        Raises:
            DataError: It begins or ends behind the end of the recording, or is shorter than a frame.
        """
        factor = fps if self.in_seconds else 1.0
        behind = 0 if self.in_seconds else 1
        first = 0 if np.isnan(interval.begin) else round(interval.begin * factor)
        end = count if np.isnan(interval.end) else round(interval.end * factor) + behind
        if end > count or first >= count:
            length = (
                f"{count / fps:.2f} s"
                if self.in_seconds
                else f"{count} frames, the last of which is {count - 1}"
            )
            raise DataError.at(
                self.path,
                f"{interval.recording} has {length}, but the line asks for more; an empty cell stands for its"
                " begin or its end",
                line=interval.line,
            )
        if first >= end:
            raise DataError.at(
                self.path, f"it is shorter than a frame, which takes {1 / fps:.3g} s", line=interval.line
            )
        return first, end


def _numbers(table: Table, name: str, *, whole: bool) -> NDArray[np.float64]:
    """Return a column of begins or ends (rows,), NaN where a cell is empty.

    Raises:
        DataError: One is no number, below 0 or, of frames, no whole one.
    """
    values = table.numbers(name)
    wrong = (values < 0) | (whole & (np.nan_to_num(values) % 1 != 0))
    if wrong.any():
        row = int(wrong.argmax())
        what = "a whole number from 0" if whole else "seconds from 0"
        raise DataError.at(
            table.path, field=name, expected=what, found=f"{values[row]:g}", line=table.lines[row]
        )
    return values


def _facts(
    table: Table, names: Mapping[str, str], class_names: tuple[str, ...]
) -> tuple[list[dict[str, int]], tuple[str, ...], tuple[str, ...]]:
    """Return facts of each line, the names of the classes, and which words were numbered."""
    facts: list[dict[str, int]] = [{} for _ in table.lines]
    notes: tuple[str, ...] = ()
    for fact in FACTS:
        if fact not in names:
            continue
        label = fact == "label"
        numbers, words = number_column(
            as_words(table.words(names[fact]), table.path),
            table.path,
            fact,
            names=class_names if label else (),
            first=0 if label else 1,
            lines=table.lines,
        )
        if label and words:
            class_names = words
        elif words:
            notes += (words_are_numbered(fact, words),)
        for row, number in enumerate(numbers.tolist()):
            if number >= 0:
                facts[row][fact] = number
    return facts, class_names, notes
