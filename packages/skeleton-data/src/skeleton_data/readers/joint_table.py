"""Tables of joints, CSV or Parquet: a row for each frame (wide) or for each joint of a frame (tidy)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.camera_json import MIN_VISIBILITY
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.format_detection import head_of
from skeleton_data.readers.known_joints import DOWNWARDS, tracker_of, units_of_landmarks
from skeleton_data.readers.listing import files_below
from skeleton_data.readers.recording import RecordedUnits, Recording, check_size, open_recordings
from skeleton_data.readers.table_file import Table, read_table
from skeleton_data.readers.timestamps import frames_per_second, time_column

SURENESS = ("visibility", "confidence", "likelihood", "score", "conf", "prob", "presence")
FRAMES = ("frame", "frames", "frame_id", "frame_index", "frame_number", "frame_idx", "index")
PEOPLE = ("person", "person_id", "individual", "track", "track_id", "body", "body_id", "id")
_NUMBERS = ("id", "index", "idx")
JOINTS = (
    *("joint", "joint_name", "keypoint", "bodypart", "landmark", "marker", "node"),
    *(f"{word}_{number}" for word in ("landmark", "joint", "keypoint") for number in _NUMBERS),
)
MAX_FRAME = 10_000_000

_WIDE = re.compile(
    rf"(.+?)[_. :-]+([xyz]|{'|'.join(SURENESS)})(?:[_ ]*[\[(]?(mm|cm|m)[\])]?)?", re.IGNORECASE
)
_NUMBERED = re.compile(r"([xyzv])_?(\d+)", re.IGNORECASE)


def open_joint_table(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each table, called by the file's name: of a folder all `.csv`, else all `.parquet`.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".csv", ".parquet", but=config.tables)
    return open_recordings(files, read_joint_table, config, kind="table of joints", workers=workers)


def read_joint_table(path: Path) -> Recording:
    """Read a table with columns `NAME_x`, `NAME_y`, `NAME_z`, or `joint`, `x`, `y`, `z`.

    A column of frames, of people, of times (seconds, or as its name says) and of confidence for each joint
    are used where they are there; a joint without a column of confidence has 1. Without any z the positions
    are pixels. An empty cell is a joint that was not measured. The unit may stand behind the axis, as in
    `HEAD_x (mm)`. The 33 landmarks of MediaPipe are metres, y down, where the origin is between the hips,
    else x and y are parts of the picture; the joints of a Kinect v2 are metres, y up; others do not say
    their units.

    Raises:
        DataError: The file is damaged, or no such columns are there.
    """
    table = read_table(path)
    lower = {name.lower(): name for name in table.columns}
    tidy = next((lower[name] for name in JOINTS if name in lower), None)
    if tidy is not None and {"x", "y"} <= set(lower):
        return _of_tidy(table, lower, tidy)
    return _of_wide(table, lower)


def has_joints(path: Path) -> bool:
    """Return whether the first line of a CSV file names columns of joints, and not labels of recordings."""
    line = head_of(path).removeprefix("\ufeff").partition("\n")[0]
    names = [name.strip(' "\r') for name in re.split("[,;\t]", line)]
    lower = {name.lower() for name in names}
    tidy = {"x", "y"} <= lower and not lower.isdisjoint(JOINTS)
    return tidy or len(_joint_columns(dict.fromkeys(names))) > 1


def _of_wide(table: Table, lower: Mapping[str, str]) -> Recording:
    columns = _joint_columns(table.columns)
    if not columns:
        raise DataError.at(
            table.path, "expected columns like HEAD_x, HEAD_y, HEAD_z, or joint, x, y, z with a row a joint"
        )
    axes = "xyz" if any("z" in parts for parts in columns.values()) else "xy"
    for name, parts in columns.items():
        if missing := [axis for axis in axes if axis not in parts]:
            raise DataError.at(table.path, f"there is no column {name}_{missing[0]}")
    wanted = [parts[axis] for parts in columns.values() for axis in axes]
    units = _units(wanted, table.path)
    values = table.block(wanted).reshape(-1, len(columns), len(axes))  # (rows, V, axes)
    sure = [next((parts[word] for word in SURENESS if word in parts), None) for parts in columns.values()]
    if given := [name for name in sure if name is not None]:
        confidence = np.ones((*values.shape[:2], 1))
        confidence[:, [name is not None for name in sure], 0] = table.block(given)
        values = np.concatenate([values, confidence], axis=2)
    frames, people = _frames(table, lower), _people(table, lower)
    spread = _spread(values, frames, people, table.path)
    fps = _rate(table, lower, frames)
    return _recording(tuple(columns), spread, len(axes), fps, table.path, units)


def _of_tidy(table: Table, lower: Mapping[str, str], joint: str) -> Recording:
    axes = "xyz" if "z" in lower else "xy"
    sure = next((lower[word] for word in SURENESS if word in lower), None)
    words = table.words(joint)
    names = tuple(dict.fromkeys(words))
    landmarks = layout("mediapipe33").joints
    if set(names) == set(map(str, range(len(landmarks)))):
        words = [landmarks[int(word)] for word in words]
        names = landmarks
    numbers = {name: number for number, name in enumerate(names)}
    joint_of_row = np.array([numbers[word] for word in words])
    frames = _frames(table, lower) if lower.keys() & set(FRAMES) else _order_of_times(table, lower)
    people = _people(table, lower)
    columns = [lower[axis] for axis in axes] + ([sure] if sure else [])
    values = table.block(columns)
    check_size(table.path, int(frames.max()) + 1, int(people.max()) + 1, len(names))
    spread = np.full((frames.max() + 1, people.max() + 1, len(names), len(columns)), np.nan)
    _refuse_twice(np.stack([frames, people, joint_of_row]), frames, table)
    spread[frames, people, joint_of_row] = values
    return _recording(names, spread, len(axes), _rate(table, lower, frames), table.path)


def _order_of_times(table: Table, lower: Mapping[str, str]) -> NDArray[np.int64]:
    """Return the frame of each row of a table without numbers of frames: rows of one time are one frame."""
    column = time_column(lower)
    if column is None:
        raise DataError.at(table.path, f"expected a column {FRAMES[0]}, or a column of times")
    times = table.numbers(lower[column[0]])
    if np.isnan(times).any():
        row = int(np.isnan(times).argmax())
        raise DataError.at(table.path, f"{column[0]}: there is no time", line=table.lines[row])
    return np.unique(times, return_inverse=True)[1].astype(np.int64)


def _units(columns: Sequence[str], path: Path) -> RecordedUnits | None:
    """Return the unit that stands in the names of all columns, if any.

    Raises:
        DataError: They differ, or there are two coordinates, which are pixels.
    """
    found = {match[3].lower() if (match := _WIDE.fullmatch(name)) and match[3] else None for name in columns}
    if found == {None}:
        return None
    if len(found) > 1:
        raise DataError.at(path, "the names of some columns say another unit, or none: give all the same one")
    (unit,) = found
    if not any(match[2].lower() == "z" for name in columns if (match := _WIDE.fullmatch(name))):
        raise DataError.at(path, f"joints with x and y alone are pixels, but their columns say {unit}")
    return "mm" if unit == "mm" else "cm" if unit == "cm" else "m"


def _joint_columns(names: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Return for each joint its columns by what they hold: x, y, z, or a word for confidence."""
    columns: dict[str, dict[str, str]] = {}
    for name in names:
        if found := _WIDE.fullmatch(name):
            columns.setdefault(found[1], {})[found[2].lower()] = name
    columns = {joint: parts for joint, parts in columns.items() if {"x", "y"} <= set(parts)}
    numbered = [found for name in names if (found := _NUMBERED.fullmatch(name))]
    landmarks = layout("mediapipe33").joints
    numbers = sorted({int(found[2][:4]) for found in numbered})
    if not columns and len(numbers) == len(landmarks):  # x0, y0, z0, v0, x1, ...: landmarks by number
        for found in numbered:
            kind = "visibility" if found[1].lower() == "v" else found[1].lower()
            columns.setdefault(landmarks[numbers.index(int(found[2]))], {})[kind] = found[0]
    return columns


def _frames(table: Table, lower: Mapping[str, str]) -> NDArray[np.int64]:
    """Return the frame of each row, from 0; without a column of frames a row is a frame."""
    column = next((lower[name] for name in FRAMES if name in lower), None)
    if column is None:
        people = _people(table, lower)
        frames = np.zeros(len(people), dtype=np.int64)
        for person in range(people.max() + 1):
            mine = people == person
            frames[mine] = np.arange(mine.sum())
        return frames
    numbers = table.numbers(column)
    wrong = ~((numbers == np.round(numbers)) & (np.abs(numbers) <= MAX_FRAME))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError.at(
            table.path,
            field=column,
            expected="a whole number",
            found=numbers[row],
            line=table.lines[row],
        )
    given: NDArray[np.int64] = (numbers - numbers.min()).astype(np.int64)
    if given.max() > 1000 + 10 * len(given):
        raise DataError.at(table.path, f"{column}: there are {len(given)} rows for {given.max() + 1} frames")
    return given


def _people(table: Table, lower: Mapping[str, str]) -> NDArray[np.int64]:
    """Return the person of each row, from 0, in the order in which they come."""
    column = next((lower[name] for name in PEOPLE if name in lower), None)
    if column is None:
        return np.zeros(len(next(iter(table.columns.values()))), dtype=np.int64)
    words = table.words(column)
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return np.array([numbers[word] for word in words], dtype=np.int64)


def _spread(
    values: NDArray[np.float64], frames: NDArray[np.int64], people: NDArray[np.int64], path: Path
) -> NDArray[np.float64]:
    """Return rows (B, V, values) at their frames and people: (T, M, V, values), else NaN."""
    check_size(path, int(frames.max()) + 1, int(people.max()) + 1, values.shape[1])
    spread = np.full((frames.max() + 1, people.max() + 1, *values.shape[1:]), np.nan)
    keys, counts = np.unique(frames * spread.shape[1] + people, return_counts=True)
    if (counts > 1).any():
        frame = keys[counts.argmax()] // spread.shape[1]
        raise DataError.at(path, f"frame {frame} from the first has {counts.max()} rows of one person")
    spread[frames, people] = values
    return spread


def _refuse_twice(keys: NDArray[np.int64], frames: NDArray[np.int64], table: Table) -> None:
    _, first, counts = np.unique(keys, axis=1, return_index=True, return_counts=True)
    if (counts > 1).any():
        row = int(first[counts.argmax()])
        raise DataError.at(
            table.path,
            f"this joint has {counts.max()} rows in its frame; a column 'person' must say whose each is",
            line=table.lines[row],
        )


def _rate(table: Table, lower: Mapping[str, str], frames: NDArray[np.int64]) -> float | None:
    """Return the frames per second that a column of times says, with respect to the frames."""
    column = time_column(lower)
    if column is None:
        return None
    name, unit = column
    order, first = np.unique(frames, return_index=True)
    try:
        times = table.numbers(lower[name])[first]
    except DataError:  # dates and the like: fps must be said
        return None
    return frames_per_second(times.tolist(), unit, table.path, order.tolist())


def _recording(
    names: Sequence[str],
    values: NDArray[np.float64],
    width: int,
    fps: float | None,
    path: Path,
    units: RecordedUnits | None = None,
) -> Recording:
    coordinates = values[..., :width]
    if (np.abs(coordinates) >= MAX_METRES).any():
        raise DataError.at(
            path, f"a position of {np.nanmax(np.abs(coordinates)):g}, expected less than a million"
        )
    confidence = values[..., width].astype(np.float32) if values.shape[-1] > width else None
    positions = coordinates.astype(np.float32)
    known, said = tracker_of(names), units
    if width == 2:
        units = "pixels"
    if known == "mediapipe33" and said is None:
        units = units_of_landmarks(names, positions)
    elif known == "kinect_v2" and units is None:
        units = "m"
    return Recording(
        tuple(names),
        positions,
        units,
        fps=fps,
        confidence=confidence,
        up="-y" if known in DOWNWARDS else None,
        min_confidence=MIN_VISIBILITY if known == "mediapipe33" else 0.0,
        usual_units=said is None and units in ("m", "fractions"),
    )
