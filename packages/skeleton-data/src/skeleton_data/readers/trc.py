"""Marker trajectories as OpenSim's TRC files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_words
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below
from skeleton_data.readers.recording import Recording, check_size, open_recordings
from skeleton_data.readers.table_file import EMPTY

HEAD_LINES = 5


def open_trc(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.trc`, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".trc")
    return open_recordings(files, read_trc, config, kind="TRC", workers=workers)


def read_trc(path: Path) -> Recording:
    """Read a TRC file: five lines of head, then a frame a line, all separated by tabs.

    An empty field or the word nan is a marker that was not measured. y points up. The number of frames is
    that of the lines.

    Raises:
        DataError: The file is cut or damaged; names the line.
    """
    lines = [line.rstrip("\r") for line in read_words(path).split("\n")]
    if len(lines) < HEAD_LINES + 1 or not lines[0].startswith("PathFileType"):
        raise DataError.at(
            path, "the file is cut or is not a TRC file: expected PathFileType and five lines of head", line=1
        )
    keys, values = ([cell.strip() for cell in line.split("\t")] for line in lines[1:3])
    facts = {key.lower(): value for key, value in zip(keys, values, strict=False)}
    names = [name.strip() for name in lines[3].split("\t")[2:]]
    markers = tuple(name for name in names if name)
    if not markers or len(set(markers)) < len(markers):
        raise DataError.at(path, "expected different names of markers", line=4)
    rows = [(number, line) for number, line in enumerate(lines[HEAD_LINES:], HEAD_LINES + 1) if line.strip()]
    if not rows:
        raise DataError.at(path, "there is no frame below the head")
    check_size(path, len(rows), 1, len(markers))
    positions = np.array([_row(line, 3 * len(markers), path, number) for number, line in rows], np.float32)
    return Recording(
        markers,
        positions.reshape(len(rows), 1, -1, 3),
        _units(facts.get("units", ""), path),
        fps=_rate(facts.get("datarate", ""), path),
    )


def _row(line: str, width: int, path: Path, number: int) -> list[float]:
    cells = line.split("\t")[2:]
    extra = cells[width:]
    if len(cells) < width - 2 or any(cell.strip() for cell in extra):  # empty fields at the end may be cut
        raise DataError.at(path, expected=f"{width} coordinates", found=len(cells), line=number)
    cells = cells[:width] + [""] * (width - len(cells))
    numbers = []
    for cell in cells:
        try:
            value = float("nan" if cell.strip().lower() in EMPTY else cell)
        except ValueError:
            raise DataError.at(path, expected="a number", found=f"{cell[:40]!r}", line=number) from None
        if abs(value) >= MAX_METRES:
            raise DataError.at(path, expected="a finite number", found=f"{cell[:40]!r}", line=number)
        numbers.append(value)
    return numbers


def _units(word: str, path: Path) -> Literal["m", "cm", "mm"] | None:
    match word.lower():
        case "m" | "cm" | "mm" as units:
            return units
        case "meters" | "metres":
            return "m"
        case "":
            return None
    raise DataError.at(path, field="Units", expected="m, cm or mm", found=f"{word[:40]!r}", line=3)


def _rate(word: str, path: Path) -> float | None:
    try:
        rate = float(word)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e5:
        raise DataError.at(
            path, field="DataRate", expected="frames per second", found=f"{word[:40]!r}", line=3
        )
    return rate
