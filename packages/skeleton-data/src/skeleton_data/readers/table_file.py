"""Tables that may hold anything: CSV with a header, or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.listing import read_text

EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none"})


@dataclass(frozen=True)
class Table:
    """A table as it lies in a file.

    Attributes:
        path: The file.
        columns: Cells by the name of the column: text of a CSV file, arrays of a Parquet file.
        first_line: Line of the first row, for errors.
    """

    path: Path
    columns: Mapping[str, Sequence[str] | NDArray[Any]]
    first_line: int = 2

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers (rows,); an empty cell is NaN.

        Raises:
            DataError: A cell holds anything else; names the line and the column.
        """
        cells = self.columns[name]
        if isinstance(cells, np.ndarray):
            if cells.dtype.kind not in "iuf":
                raise DataError.at(self.path, f"column {name!r}: expected numbers, found {cells.dtype}")
            values = cells.astype(np.float64)
        else:
            try:
                values = np.array([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)
            except ValueError:
                values = np.array([self._number(cell, name, row) for row, cell in enumerate(cells)])
        wrong = np.abs(values) >= MAX_METRES * 1e12  # times in microseconds go beyond any position
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError.at(
                self.path, f"{name}: expected a finite number, found {cells[row]}", line=self.first_line + row
            )
        return values

    def _number(self, cell: str, name: str, row: int) -> float:
        if cell.strip().lower() in EMPTY:
            return np.nan
        try:
            return float(cell)
        except ValueError:
            line = self.first_line + row
            raise DataError.at(
                self.path, f"{name}: expected a number, found {cell[:40]!r}", line=line
            ) from None

    def words(self, name: str) -> list[str]:
        """Return a column as text, without blanks around it."""
        return [str(cell).strip() for cell in self.columns[name]]


def read_table(path: Path) -> Table:
    """Read a `.csv` (comma, semicolon or tab) with a header, or a `.parquet`.

    Raises:
        DataError: The file is missing, empty or damaged, a line has too many or few fields, two columns have
            the same name.
    """
    if path.suffix == ".parquet":
        return _read_parquet(path)
    rows = csv_rows(path)
    header = [name.strip() for name in rows[0]]
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError.at(path, f"two columns are called {twice!r}", line=1)
    body = [row for row in rows[1:] if row]
    if not body:
        raise DataError.at(path, "there is no line below the header")
    return Table(path, dict(zip(header, zip(*body, strict=True), strict=True)))


def csv_rows(path: Path) -> list[list[str]]:
    """Return the cells of a CSV file, all lines of the width of the first.

    Raises:
        DataError: The file is missing, empty or damaged, a line has too many or few fields.
    """
    lines = read_text(path).splitlines()
    delimiter = max(",;\t", key=lines[0].count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError.at(path, f"cannot be read: {error}") from None
    for line, row in enumerate(rows, start=1):
        if row and len(row) != len(rows[0]):
            raise DataError.at(path, f"expected {len(rows[0])} fields, found {len(row)}", line=line)
    return rows


def _read_parquet(path: Path) -> Table:
    from skeleton_data.readers.npz_file import reading
    from skeleton_data.readers.optional import needed

    parquet = needed("pyarrow.parquet", "parquet", path)
    with reading(path):
        table = parquet.read_table(path)
        columns = {name: table[name].to_numpy() for name in table.column_names}
    if not columns or not len(table):
        raise DataError.at(path, "the table is empty")
    return Table(path, columns, first_line=1)
