"""2D poses as DeepLabCut writes them: a table with scorer, bodyparts and coords as head, CSV or HDF5."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.hdf5_process import read_hdf5
from skeleton_data.readers.listing import files_below
from skeleton_data.readers.plain_pickle import loads_plain
from skeleton_data.readers.recording import Recording, check_size, open_recordings
from skeleton_data.readers.table_file import Table, csv_rows

MIN_LIKELIHOOD = 0.6
"""DeepLabCut's own `pcutoff`: a point of less likelihood is not drawn, and is often far off."""
_LEVELS = ("scorer", "individuals", "bodyparts", "coords")


def open_deeplabcut(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.h5`, or else each `.csv`, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".h5", ".csv", but=config.tables)
    return open_recordings(files, read_deeplabcut, config, kind="DeepLabCut", workers=workers)


def read_deeplabcut(path: Path) -> Recording:
    """Read a table of one individual or several: pixels, y down.

    A point of a likelihood below 0.6 counts as not measured. Points that are not of an individual (`single`)
    are left out where there are individuals.

    Raises:
        DataError: The file is damaged, or has another head.
    """
    columns, table = _of_csv(path) if path.suffix.lower() == ".csv" else _of_hdf5(path)
    whom = list(dict.fromkeys(person for person, _, _ in columns if person != "single")) or ["single"]
    parts = [part for person, part, _ in columns if person == whom[0]]
    names = tuple(dict.fromkeys(parts))
    check_size(path, len(table), len(whom), len(names))
    numbers = {column: number for number, column in enumerate(columns)}
    picked = np.full((len(table), len(whom), len(names), 3), np.nan)
    for person, individual in enumerate(whom):
        for joint, name in enumerate(names):
            for place, coordinate in enumerate(("x", "y", "likelihood")):
                column = numbers.get((individual, name, coordinate))
                if column is not None:
                    picked[:, person, joint, place] = table[:, column]
                elif coordinate != "likelihood":  # labelled by hand: there is none
                    raise DataError.at(path, f"there is no {coordinate} of {name} of {individual}")
                else:
                    picked[:, person, joint, 2] = 1
    if (np.abs(picked) >= MAX_METRES).any():
        raise DataError.at(path, f"a number of {np.nanmax(np.abs(picked)):g}, expected less than a million")
    found = picked.astype(np.float32)
    return Recording(names, found[..., :2], "pixels", confidence=found[..., 2], min_confidence=MIN_LIKELIHOOD)


def _of_csv(path: Path) -> tuple[list[tuple[str, str, str]], NDArray[np.float64]]:
    rows = csv_rows(path)
    heads = {row[0].strip().lower(): row for _, row in rows[:4]}
    levels = [level for level in _LEVELS if level in heads]
    coords = heads.get("coords", [])
    # Labelled by hand, the name of the picture takes up to three columns.
    skip = next((number for number, cell in enumerate(coords) if number and cell.strip()), 1)
    columns = _columns([heads[level][skip:] for level in levels], levels, path)
    body = rows[len(levels) :]
    if not body:
        raise DataError.at(path, "there is no frame below the head")
    _refuse_pictures([row[skip - 1] for _, row in body], path)
    cells = {str(number): cell for number, cell in enumerate(zip(*(row for _, row in body), strict=True))}
    table = Table(path, cells, [line for line, _ in body])
    return columns, np.stack([table.numbers(str(skip + n)) for n in range(len(columns))], axis=1)


def _refuse_pictures(rows: list[str], path: Path) -> None:
    """Refuse rows that are pictures which a person chose from a video: their times are not known."""
    found = [re.fullmatch(r".*?(\d+)\.\w+", row) for row in rows]
    numbers = [int(match[1][-18:]) for match in found if match]
    if len(numbers) == len(rows) and any(two != one + 1 for one, two in pairwise(numbers)):
        raise DataError.at(
            path,
            "its rows are single pictures of a video, labelled by hand, and no recording: give what"
            " DeepLabCut writes when it analyses the video",
        )


def _of_hdf5(path: Path) -> tuple[list[tuple[str, str, str]], NDArray[np.float64]]:
    """Return columns and table as pandas stores them: the columns are a pickle, of which nothing is run."""
    file = read_hdf5(path, ("*/table",), ("*@non_index_axes",))
    key = next((key for key in ("df_with_missing", "keypoints", *file.keys) if key in file.keys), "")
    if f"{key}@non_index_axes" not in file.attributes:
        raise DataError.at(path, f"{key}: it has no non_index_axes, so that it is no table of pandas")
    axes = loads_plain(file.attributes[f"{key}@non_index_axes"].tobytes(), path)
    rows = file.values(f"{key}/table")
    blocks = [rows[name] for name in rows.dtype.names or () if name.startswith("values_block")]
    match axes:
        case [(1, list(heads)), *_] if heads and all(isinstance(head, tuple) for head in heads):
            pass
        case _:
            raise DataError.at(path, "non_index_axes: expected columns of several levels")
    if len(blocks) != 1 or blocks[0].ndim != 2 or blocks[0].shape[1] != len(heads):
        raise DataError.at(path, f"table: expected one block of {len(heads)} numbers a frame")
    levels = {3: ("scorer", "bodyparts", "coords"), 4: _LEVELS}.get(len(heads[0]), ())
    if any(len(head) != len(heads[0]) for head in heads):
        raise DataError.at(path, "non_index_axes: expected columns of as many levels")
    columns = _columns([list(map(str, row)) for row in zip(*heads, strict=True)], levels, path)
    return columns, blocks[0].astype(np.float64)


def _columns(
    rows: list[list[str]], levels: tuple[str, ...] | list[str], path: Path
) -> list[tuple[str, str, str]]:
    """Return for each column whose it is, of which joint, and x, y or likelihood."""
    if not {"scorer", "bodyparts", "coords"} <= set(levels):
        raise DataError.at(path, "expected a head of scorer, perhaps individuals, bodyparts and coords")
    heads = dict(zip(levels, rows, strict=True))
    people = heads.get("individuals", ["single"] * len(rows[0]))
    columns = list(zip(people, heads["bodyparts"], heads["coords"], strict=True))
    if not columns or len(set(columns)) < len(columns):
        raise DataError.at(path, "two columns have the same head, or there are none")
    return columns
