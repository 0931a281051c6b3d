"""What docs/own-data.md says that `import` prints where something is wrong, it prints."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from documents import DOCUMENTS
from recording_samples import MARKERS, standing, write_table

from skeleton_data import DataError, ImportConfig
from skeleton_data.importing.importer import verify_clips

Rows = np.ndarray
"""(T, V, 3) metres."""
WRIST = MARKERS.index("left_wrist")


def without(rows: Rows, frames: slice, joints: slice | int = slice(None)) -> Rows:
    """Rows of which the joints were not measured in these frames."""
    rows = rows.copy()
    rows[frames, joints] = np.nan
    return rows


def save(folder: Path, rows: Rows, *, name: str = "P01_wave_1", drop: str = "", slower: int = 1) -> None:
    """Write a recording as CSV, without columns whose names match, at a lower rate."""
    folder.mkdir(exist_ok=True)
    file = write_table(folder, rows).rename(folder / f"{name}.csv")
    header, *lines = [line.split(",") for line in file.read_text().splitlines()]
    kept = [column for column, title in enumerate(header) if not (drop and re.match(drop, title))]
    time = header.index("time")
    for line in lines:
        line[time] = str(float(line[time]) * slower)
    file.write_text("\n".join(",".join(line[column] for column in kept) for line in (header, *lines)))


def two_rates(folder: Path, rows: Rows) -> None:
    save(folder, rows)
    save(folder, rows, name="P02_wave_1", slower=2)


def two_names(folder: Path, rows: Rows) -> None:
    save(folder, rows)
    save(folder / "monday", rows)


MISTAKES: dict[str, Callable[[Path, Rows], None]] = {
    "its name does not fit the pattern": lambda folder, rows: save(folder, rows, name="wave one"),
    "there is another file of that name": two_names,
    "it does not say its frames per second": lambda folder, rows: save(folder, rows, drop="time"),
    "a body measures N m, expected N to N": lambda folder, rows: save(folder, 1000 * rows),
    "heads are above hips in N% of frames": lambda folder, rows: save(folder, rows * [1, -1, -1]),
    "heads lie along z": lambda folder, rows: save(
        folder, np.stack([rows[..., 0], -rows[..., 2], rows[..., 1]], axis=-1)
    ),
    "left and right are mirrored": lambda folder, rows: save(folder, rows * [-1, 1, 1]),
    "joint left_wrist is missing in N of N frames": lambda folder, rows: save(
        folder, without(rows, slice(5, 30), WRIST)
    ),
    "nobody is seen for up to N s": lambda folder, rows: save(folder, without(rows, slice(5, 30))),
    "nobody is there for up to N s": lambda folder, rows: save(folder, without(rows, slice(30))),
    "joints were measured in no frame": lambda folder, rows: save(folder, without(rows, slice(None), WRIST)),
    "no joint named left_wrist": lambda folder, rows: save(folder, rows, drop="left_wrist"),
    "it has N frames per second, but others have N": two_rates,
}
"""What leads to each sentence, whose numbers are written N."""


def test_the_table_has_these_sentences() -> None:
    text = DOCUMENTS["docs-own-data"].read_text(encoding="utf-8")
    begin, end = text.index("| **import:**"), text.index("| **finetune:**")
    cells = [line.split("|")[1] for line in text[begin:end].splitlines()]
    quoted = [found[1] for found in map(re.compile("`(.+?)`").search, cells) if found]
    assert sorted(map(numberless, quoted)) == sorted(MISTAKES)


def numberless(sentence: str) -> str:
    return re.sub(r"\d[\d.,]*\d|\d", "N", sentence)


@pytest.mark.parametrize("sentence", MISTAKES)
def test_import_says_it(sentence: str, tmp_path: Path) -> None:
    rows = standing(MARKERS, 60)
    rows[:, [number for number, joint in enumerate(MARKERS) if "foot" in joint], 2] -= (
        0.1  # feet point forward
    )
    MISTAKES[sentence](tmp_path / "tables", rows)
    config = ImportConfig(name="P{subject}_{label}_{replication}", units="m", layout="kinect_v1")
    try:
        done = verify_clips(tmp_path / "tables", config)
    except DataError as error:
        said = [str(error)]
    else:
        said = [*done.problems, *done.warnings]
    assert sentence in numberless(" ".join(said)), said
