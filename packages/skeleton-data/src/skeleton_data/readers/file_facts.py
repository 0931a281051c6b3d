"""Label, subject and camera of recordings of one file each: from a table of files, or from their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.files.numbers import as_words
from skeleton_data.option_names import nearest_name
from skeleton_data.readers.columns import not_used, number_column, words_are_numbered
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.table_file import read_table

FACTS = ("label", "subject", "camera", "setup", "replication")
FILE_COLUMNS = ("file", "filename", "file_name", "name", "path", "clip")

_FIELD = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class FileFacts:
    """Facts of each file, and the names of the classes where labels are words.

    Attributes:
        facts: By the stem of the file.
        class_names: In alphabetical order, where labels are words.
        notes: Which words were numbered, and what of a table is not used, a sentence each.
    """

    facts: Mapping[str, Mapping[str, int]]
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, path: Path) -> Mapping[str, int]:
        """Return the facts of a file; none where nothing is known."""
        return self.facts.get(path.stem, {})

    @classmethod
    def of(cls, files: Sequence[Path], config: ImportConfig) -> FileFacts:
        """Read the table `config.labels` and the pattern of names `config.name`; the table comes first.

        Raises:
            DataError: A file is not in the table, or its name does not fit the pattern.
        """
        cells_of: dict[str, dict[str, str]] = {file.stem: {} for file in files}
        if config.name is not None:
            pattern = name_pattern(config.name)
            for file in files:
                found = pattern.fullmatch(file.stem)
                if found is None:
                    advice = "rename the file, or give a table as the option labels"
                    raise DataError.at(file, f"its name does not fit the pattern {config.name!r}: {advice}")
                cells_of[file.stem].update(found.groupdict())
        lines: dict[str, int] = {}
        notes: tuple[str, ...] = ()
        if config.labels is not None:
            table, lines = _read_table(config.labels)
            columns = next(iter(table.values()))
            unknown = [name for name in columns if name not in FACTS]
            _require_facts(columns, unknown, config.labels)
            notes = not_used(unknown, config.labels)
            if others := [stem for stem in table if stem not in cells_of]:
                notes += (f"{config.labels.name} has {len(others)} lines of other files, like {others[0]}",)
            for file in files:
                if file.stem not in table:
                    problem = (
                        f"there is no line for the file {file.name}; add one, without a label if need be"
                    )
                    raise DataError.at(config.labels, problem)
                cells_of[file.stem].update(table[file.stem])
        path = config.labels or files[0].parent
        return cls._numbered(cells_of, path, [lines.get(stem, 0) for stem in cells_of], notes)

    @classmethod
    def _numbered(
        cls,
        cells_of: Mapping[str, Mapping[str, str]],
        path: Path,
        lines: Sequence[int],
        notes: tuple[str, ...],
    ) -> FileFacts:
        facts: dict[str, dict[str, int]] = {stem: {} for stem in cells_of}
        class_names: tuple[str, ...] = ()
        for fact in FACTS:
            cells = as_words([row.get(fact, "") for row in cells_of.values()], path)
            first = 0 if fact == "label" else 1
            numbers, words = number_column(cells, path, fact, first=first, lines=lines if any(lines) else ())
            if fact == "label":
                class_names = words
            elif words:
                notes += (words_are_numbered(fact, words),)
            for stem, cell, number in zip(cells_of, cells.tolist(), numbers.tolist(), strict=True):
                if cell.strip():
                    facts[stem][fact] = number
        return cls(facts, class_names, notes)


def name_pattern(text: str) -> re.Pattern[str]:
    """Return what file names must look like: `{label}`, `{subject}`, ... stand for numbers or words.

    Digits are taken as far as they go; a word ends where the next character of the pattern comes. Only a
    label may hold signs, like the `_` in `draw_x`, or be empty: the clip has none. `{}` stands for anything.

    Raises:
        DataError: A field that is no fact, or twice.

    Example:
        >>> name_pattern("S{subject}A{label}").fullmatch("S001A013").groupdict()
        {'subject': '001', 'label': '013'}
        >>> name_pattern("{label}_{replication}").fullmatch("draw_x_02").groupdict()
        {'label': 'draw_x', 'replication': '02'}
        >>> name_pattern("{label}_{}").fullmatch("wave_left_02").groupdict()
        {'label': 'wave'}
        >>> name_pattern("P{subject}_{label}_{replication}").fullmatch("P01__3").groupdict()
        {'subject': '01', 'label': '', 'replication': '3'}
    """
    pieces = _FIELD.split(text)
    fields = [field for field in pieces[1::2] if field]
    wrong = [field for field in fields if field not in FACTS or fields.count(field) > 1]
    if wrong:
        raise DataError(f"name: {{{wrong[0]}}} appears twice or is not one of {', '.join(FACTS)}")
    words = {field: r"[^\W_]+?" for field in FACTS} | {"label": ".*?"}
    groups = [f"(?P<{field}>[0-9]+|{words[field]})" if field else ".*?" for field in pieces[1::2]]
    return re.compile("".join(map("".join, zip(map(re.escape, pieces[::2]), [*groups, ""], strict=True))))


def _require_facts(columns: Collection[str], unknown: Sequence[str], path: Path) -> None:
    """Refuse a table whose header has a typing error, or that says nothing of its files."""
    missing = [fact for fact in FACTS if fact not in columns]
    for name in unknown:
        if near := nearest_name(name, missing):
            raise DataError.at(path, f"the column {name} is not known, but {near} is: rename or remove it")
    if len(unknown) == len(columns):
        found = ", ".join(unknown) or "none"
        raise DataError.at(path, expected=f"a column of {', '.join(FACTS)}", found=found)


def _read_table(path: Path) -> tuple[dict[str, dict[str, str]], dict[str, int]]:
    """Return cells and line of each file of a CSV table, by the stem of the file's name."""
    found = read_table(path)
    columns = {name.lower(): found.words(name) for name in found.columns}
    key = next((name for name in FILE_COLUMNS if name in columns), None)
    if key is None:
        raise DataError.at(path, expected=f"a column {' or '.join(FILE_COLUMNS[:2])}", found=list(columns))
    table: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    for row, line in enumerate(found.lines):
        cells = {name: column[row] for name, column in columns.items()}
        stem = name_of_file(cells.pop(key))
        if stem in table:
            raise DataError.at(path, f"the file {stem} has a line above already", line=line)
        table[stem], lines[stem] = cells, line
    return table, lines


def name_of_file(cell: str) -> str:
    """Return the name that a clip has after a file: without folders and ending.

    Example:
        >>> name_of_file("monday/squat_08.json"), name_of_file("take_1.5")
        ('squat_08', 'take_1.5')
    """
    name = Path(cell)
    return name.stem if re.fullmatch(r"\.[A-Za-z]\w{0,7}", name.suffix) else name.name
