"""Label, subject and camera of recordings of one file each: from a table of files, or from their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skeleton_data.errors import DataError
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import read_text

FACTS = ("label", "subject", "camera", "setup", "replication")
FILE_COLUMNS = ("file", "filename", "file_name", "name", "path", "clip")

_FIELD = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class FileFacts:
    """Facts of each file, and the names of the classes where labels are words.

    Attributes:
        facts: By the stem of the file.
        class_names: In alphabetical order, where labels are words.
    """

    facts: Mapping[str, Mapping[str, int]]
    class_names: tuple[str, ...] = ()

    def __getitem__(self, path: Path) -> Mapping[str, int]:
        """Return the facts of a file; none where nothing is known."""
        return self.facts.get(path.stem, {})

    @classmethod
    def of(cls, files: Sequence[Path], config: ImportConfig) -> FileFacts:
        """Read the table `config.labels` and the pattern of names `config.name`; the table comes first.

        Raises:
            DataError: A file is not in the table, or its name does not fit the pattern.
        """
        told: dict[str, dict[str, str]] = {file.stem: {} for file in files}
        if config.name is not None:
            pattern = name_pattern(config.name)
            for file in files:
                found = pattern.fullmatch(file.stem)
                if found is None:
                    raise DataError.at(file, f"its name does not fit the pattern {config.name!r}")
                told[file.stem].update(found.groupdict())
        if config.labels is not None:
            table = _read_table(config.labels)
            for file in files:
                if file.stem not in table:
                    raise DataError.at(config.labels, f"there is no line for the file {file.name}")
                told[file.stem].update(table[file.stem])
        return cls._numbered(told, config.labels or files[0].parent)

    @classmethod
    def _numbered(cls, told: Mapping[str, Mapping[str, str]], path: Path) -> FileFacts:
        facts: dict[str, dict[str, int]] = {stem: {} for stem in told}
        class_names: tuple[str, ...] = ()
        for fact in FACTS:
            cells = {stem: row[fact].strip() for stem, row in told.items() if row.get(fact, "").strip()}
            if all(re.fullmatch(r"-?\d{1,9}", cell) for cell in cells.values()):
                numbers = {stem: int(cell) for stem, cell in cells.items()}
            elif any(re.fullmatch(r"-?\d+", cell) for cell in cells.values()):
                raise DataError.at(path, f"{fact}: some are whole numbers and some are words")
            else:
                words, places = np.unique(list(cells.values()), return_inverse=True)
                numbers = dict(zip(cells, places.tolist(), strict=True))
                class_names = tuple(words.tolist()) if fact == "label" else class_names
            for stem, number in numbers.items():
                facts[stem][fact] = number
        return cls(facts, class_names)


def name_pattern(text: str) -> re.Pattern[str]:
    """Return what file names must look like: `{label}`, `{subject}`, ... stand for numbers or words.

    Digits are taken as far as they go; a word ends where the next character of the pattern comes. `{}`
    stands for anything.

    Raises:
        DataError: A field that is no fact, or twice.

    Example:
        >>> name_pattern("S{subject}A{label}").fullmatch("S001A013").groupdict()
        {'subject': '001', 'label': '013'}
        >>> name_pattern("{label}_{}").fullmatch("wave_left_02").groupdict()
        {'label': 'wave'}
    """
    pieces = _FIELD.split(text)
    fields = [field for field in pieces[1::2] if field]
    wrong = [field for field in fields if field not in FACTS or fields.count(field) > 1]
    if wrong:
        raise DataError(f"name: {{{wrong[0]}}} is twice there or none of {', '.join(FACTS)}")
    groups = [f"(?P<{field}>[0-9]+|.+?)" if field else ".*?" for field in pieces[1::2]]
    return re.compile("".join(map("".join, zip(map(re.escape, pieces[::2]), [*groups, ""], strict=True))))


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    """Return the cells of each file of a CSV table, by the stem of the file's name."""
    try:
        rows = list(csv.reader(read_text(path).splitlines(), strict=True))
    except csv.Error as error:
        raise DataError.at(path, f"cannot be read: {error}") from None
    header = [name.strip().lower() for name in rows[0]]
    key = next((name for name in FILE_COLUMNS if name in header), None)
    if key is None:
        raise DataError.at(path, f"expected a column {' or '.join(FILE_COLUMNS[:2])}, found {header}")
    table: dict[str, dict[str, str]] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise DataError.at(path, f"expected {len(header)} fields, found {len(row)}", line=line)
        cells = dict(zip(header, row, strict=True))
        name = Path(cells.pop(key).strip())
        stem = name.stem if re.fullmatch(r"\.[A-Za-z]\w{0,7}", name.suffix) else name.name
        if table.setdefault(stem, cells) is not cells:
            raise DataError.at(path, f"the file {stem} has another line above", line=line)
    return table
