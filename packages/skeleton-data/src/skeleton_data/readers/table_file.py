"""Tables that may hold anything: CSV with a header, or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from skeleton_data.errors import DataError
from skeleton_data.files.limits import require_memory, size_of
from skeleton_data.files.text import read_words
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.parquet_pages import memory_of_groups

EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none"})
MAX_NUMBER = MAX_METRES * 1e12
"""Times in microseconds go beyond any position."""

TEXT = frozenset({"string", "large_string", "binary", "large_binary"})
"""Types of Parquet columns in which one word may stand for many rows."""

CELLS = 2**16
"""Cells whose numbers are read at once; all at once would take memory."""


@dataclass(frozen=True)
class Table:
    """A table as it lies in a file.

    Attributes:
        path: The file.
        columns: Cells by the name of the column: text of a CSV file, arrays of a Parquet file.
        lines: Line of each row, for errors.
        decimal_comma: Whether a comma in a number is the decimal sign: semicolons or tabs divide the cells.
    """

    path: Path
    columns: Mapping[str, Sequence[str] | NDArray[Any]]
    lines: Sequence[int]
    decimal_comma: bool = False

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers (rows,); an empty cell is NaN.

        Raises:
            DataError: A cell holds anything else; names the line and the column.
        """
        cells = self.columns[name]
        if isinstance(cells, np.ndarray):
            if cells.dtype.kind not in "iuf":
                raise DataError.at(self.path, field=f"column {name!r}", expected="numbers", found=cells.dtype)
            values = cells.astype(np.float64)
        else:
            try:
                values = np.array([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)
            except ValueError:
                comma = self.decimal_comma and not any("." in cell for cell in cells)
                values = np.array(
                    [self._number(cell, name, row, comma) for row, cell in enumerate(cells)], dtype=np.float64
                )
        wrong = np.abs(values) >= MAX_NUMBER
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError.at(
                self.path, field=name, expected="a finite number", found=cells[row], line=self.lines[row]
            )
        return values

    def block(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return columns of numbers (rows, columns), as `numbers` does, and faster for text.

        Raises:
            DataError: As `numbers`.
        """
        columns = [self.columns[name] for name in names]
        if not any(isinstance(column, np.ndarray) for column in columns):
            cells = chain.from_iterable(columns)
            parts = [_plain_numbers(part) for part in iter(lambda: list(islice(cells, CELLS)), [])]
            plain = [part for part in parts if part is not None and not (np.abs(part) >= MAX_NUMBER).any()]
            if len(plain) == len(parts):
                return np.concatenate(plain).reshape(len(names), -1).T
        return np.stack([self.numbers(name) for name in names], axis=1)  # says which cell is wrong

    def _number(self, cell: str, name: str, row: int, comma: bool) -> float:
        if cell.strip().lower() in EMPTY:
            return np.nan
        try:
            return float(cell.replace(",", ".") if comma else cell)
        except ValueError:
            raise DataError.at(
                self.path, field=name, expected="a number", found=f"{cell[:40]!r}", line=self.lines[row]
            ) from None

    def words(self, name: str) -> list[str]:
        """Return a column as text, without blanks around it."""
        return [str(cell).strip() for cell in self.columns[name]]


def _plain_numbers(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the numbers in cells of text, NaN for an empty one; None where a cell is not written as in JSON.

    The numbers are those of `float`, in a fifth of the time.

    Example:
        >>> _plain_numbers(["1", "", "-2.5e3"]).tolist(), _plain_numbers(["1", "true"])
        ([1.0, nan, -2500.0], None)
    """
    text = f"[{','.join([cell or 'NaN' for cell in cells])}]"
    if "true" in text or "false" in text:  # would be 1 and 0 among numbers
        return None
    try:
        values = np.array(from_json(text))
    except (ValueError, OverflowError):
        return None
    return values.astype(np.float64) if values.dtype.kind in "if" and values.shape == (len(cells),) else None


def read_table(path: Path) -> Table:
    """Read a `.csv` (comma, semicolon or tab) with a header, or a `.parquet`.

    Where semicolons or tabs divide the cells, a column without any point may have decimal commas.

    Raises:
        DataError: The file is missing, empty or damaged, a line has too many or few fields, two columns have
            the same name.
    """
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    divider, ((_, names), *body) = _csv_rows(path)
    header = [name.strip() for name in names]
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError.at(path, f"two columns are called {twice!r}", line=1)
    if not body:
        raise DataError.at(path, "there is no line below the header")
    columns = zip(*(row for _, row in body), strict=True)
    lines = [line for line, _ in body]
    return Table(path, dict(zip(header, columns, strict=True)), lines, decimal_comma=divider != ",")


def csv_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return line and cells of each row of a CSV file, but of blank lines; all have the width of the first.

    Commas, semicolons or tabs divide the cells: of these, those that are most in the first row.

    Raises:
        DataError: The file is missing, empty or damaged, a line has too many or few fields.
    """
    return _csv_rows(path)[1]


def _csv_rows(path: Path) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return what divides the cells, and the rows as `csv_rows`."""
    lines = read_words(path).splitlines(keepends=True)
    first = next(line for line in lines if line.strip())
    divider = max(",;\t", key=first.count)
    reader = csv.reader(lines, delimiter=divider, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if len(row) > 1 or "".join(row).strip()]
    except csv.Error as error:
        raise DataError.at(path, f"cannot be read: {error}") from None
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise DataError.at(path, expected=f"{width} fields", found=len(row), line=line)
    return divider, rows


def _read_parquet(path: Path) -> Table:
    from skeleton_data.files.arrays import reading
    from skeleton_data.readers.optional import needed

    parquet = needed("pyarrow.parquet", "parquet", path)
    with reading(path):
        require_small(path)
        texts = [field.name for field in parquet.read_schema(path) if str(field.type) in TEXT]
        table = parquet.read_table(path, read_dictionary=texts)
        columns = {name: _cells(table[name], path) for name in table.column_names}
    if not columns or not len(table):
        raise DataError.at(path, "the table is empty")
    return Table(path, columns, range(1, len(table) + 1))


def _cells(column: Any, path: Path) -> NDArray[Any]:
    """Return a column; where it was read as a dictionary of its words, equal words are one object.

    Raises:
        DataError: The words of all rows together take more memory than they may.
    """
    if not str(column.type).startswith("dictionary"):
        return np.asarray(column.to_numpy())
    parts = [(chunk.dictionary.to_pylist(), chunk.indices.to_pylist()) for chunk in column.chunks]
    wanted = sum(len(str(words[row])) for words, rows in parts for row in rows if row is not None)
    require_memory(path, wanted, size_of(path), "its words")
    cells = [None if row is None else words[row] for words, rows in parts for row in rows]
    return np.array(cells, dtype=object)


def require_small(path: Path, *, at_once: bool = True) -> None:
    """Refuse a Parquet file whose columns grow to more memory than it may take.

    Equal numbers take next to nothing in such a file, but each its own place in an array.

    Args:
        path: The file.
        at_once: Whether all groups of rows are read at once, or one after the other.

    Raises:
        DataError: They would.
        ValueError: It is damaged. Call it within `reading`.
    """
    wanted = memory_of_groups(path)
    require_memory(path, sum(wanted) if at_once else max(wanted, default=0), size_of(path), "its columns")
