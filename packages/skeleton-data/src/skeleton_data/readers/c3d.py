"""Motion capture as C3D files: the positions of markers.

The reader is our own: of `ezc3d` (1.7.2), the best-kept library, one in 200 files with a wrong byte ends the
process (a segmentation fault in its C++), where a folder of recordings needs one line and the next file.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import ClipSource, Up
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_bytes
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.c3d_parameters import BLOCK, C3dHead, as_floats, read_head
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below
from skeleton_data.readers.recording import Recording, check_size, open_recordings

_UNITS: dict[str, Literal["m", "cm", "mm"]] = {
    **{"m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m"},
    **{"cm": "cm", "centimeter": "cm", "centimeters": "cm"},
    **{"mm": "mm", "millimeter": "mm", "millimeters": "mm"},
}
_UPS: dict[str, Up] = {f"{sign}{axis}": f"{sign.strip('+')}{axis.lower()}" for axis in "XYZ" for sign in "+-"}  # type: ignore[misc]
_LAST_FRAME = 2**16 - 1
"""Largest that the head can say: a file of more frames says this one."""
_NO_PLACES = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS")


def open_c3d(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.c3d`, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".c3d")
    return open_recordings(files, read_c3d, config, kind="C3D", workers=workers)


def read_c3d(path: Path) -> Recording:
    """Read the points of a C3D file; analog channels are left out.

    A point with a residual below 0, a NaN or exactly at 0, 0, 0 was not measured. What the file lists as
    angles, forces, moments and powers are no positions, and names with a star are markers that nobody named:
    both are left out. A subject's name and a colon before each name are cut off; subjects whose points have
    the same names are people. z points up, unless
    `POINT:Y_SCREEN` says another axis.

    Raises:
        DataError: The file is cut or damaged, or has no points.
    """
    data = read_bytes(path)
    head = read_head(data, path)
    if not head.points:
        rotations = "; it has rotations of segments, as Theia3D writes them: export the centres of joints"
        raise DataError.at(
            path, "there are no points in it" + rotations * bool(head.words("ROTATION:LABELS"))
        )
    table = _points(data, head, path)
    kept, labels = _labels(head, path)
    positions = table[:, kept, :3]
    with np.errstate(invalid="ignore"):
        missing = ~(table[:, kept, 3] >= 0) | ~(np.abs(positions) < MAX_METRES).all(axis=-1)
    with np.errstate(invalid="ignore"):  # NaN of damaged bytes may be of the kind that signals
        positions[missing | ~positions.any(axis=-1)] = np.nan
    names, people = _people(labels, positions, path)
    rate = next(iter(head.numbers("POINT:RATE")), head.rate)
    return Recording(
        names,
        people,
        _UNITS.get(next(iter(head.words("POINT:UNITS")), "").lower()),
        fps=rate if 0 < rate < 1e5 else None,
        up=_UPS.get(next(iter(head.words("POINT:Y_SCREEN")), "").upper()),
    )


def _points(data: bytes, head: C3dHead, path: Path) -> NDArray[np.float32]:
    """Return x, y, z and residual of all points (T, V, 4)."""
    scale = next(iter(head.numbers("POINT:SCALE")), head.scale)
    width = 4 if scale < 0 else 2
    values = 4 * head.points + head.analog
    if not 0 < head.data_start <= len(data):
        raise DataError.at(path, "head: the data begins beyond the file")
    frames = _frame_count(head, (len(data) - head.data_start) // (values * width), values * width, path)
    check_size(path, frames, 1, values // 4)
    block = data[head.data_start : head.data_start + frames * values * width]
    if scale < 0:
        table = as_floats(block, head)
    else:
        table = np.frombuffer(block, dtype=f"{head.order}i2").astype(np.float32)
    table = table.reshape(frames, values)
    if head.last_frame == _LAST_FRAME:  # what fills the last block looks like frames of zeros
        full = np.flatnonzero(table[-(BLOCK // (values * width) + 1) :].any(axis=1))
        table = table[: len(table) - BLOCK // (values * width) + int(full[-1])] if len(full) else table
    table = table[:, : 4 * head.points].reshape(-1, head.points, 4).copy()
    if scale >= 0:
        table[..., :3] *= np.float32(scale)
    return table


def _frame_count(head: C3dHead, there: int, size: int, path: Path) -> int:
    """Return the number of frames: that of `TRIAL`, else of the head, which ends at 65,535, else of the data.

    Args:
        head: Of the file.
        there: Frames for which there are bytes; the last block may be padded.
        size: Bytes of a frame.
        path: For errors.
    """
    start, end = (head.numbers(f"TRIAL:ACTUAL_{name}_FIELD") for name in ("START", "END"))
    if len(start) == len(end) == 2:
        first, last = (int(low) % 2**16 + int(high) % 2**16 * 2**16 for low, high in (start, end))
        if 0 < last - first + 1 <= there:
            return last - first + 1
    padded = BLOCK // size + 1
    said = head.frames if head.frames > 0 else 0
    if head.last_frame < _LAST_FRAME and said:
        wraps = (there - said) // 2**16 * 2**16 if there > said else 0
        said += wraps if there - said - wraps <= padded else 0
    elif there > said + padded:
        said = there
    if not 0 < said <= there:
        raise DataError.at(path, f"expected {said or 'some'} frames, there are bytes for {there}")
    return said


def _labels(head: C3dHead, path: Path) -> tuple[list[int], list[str]]:
    """Return which points are positions with a name, and their names."""
    labels = head.words("POINT:LABELS")[: head.points]
    labels += [f"point{number}" for number in range(len(labels), head.points)]
    no_places = {_short(word) for kind in _NO_PLACES for word in head.words(f"POINT:{kind}")}
    kept = [
        number
        for number, label in enumerate(labels)
        if label and not label.startswith("*") and _short(label) not in no_places
    ]
    names = [labels[number] for number in kept]
    if not names or len(set(names)) < len(names):
        raise DataError.at(path, field="POINT:LABELS", expected="different names", found=", ".join(names))
    return kept, names


def _short(label: str) -> str:
    """Return a label without a subject's name."""
    return label.rpartition(":")[2]


def _people(
    labels: list[str], positions: NDArray[np.float32], path: Path
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Return the names without a subject's, and positions (T, V', 3) of the points as those of people.

    Of several subjects, one with less than half as many points as another is a thing, and left out.

    Returns:
        The V names, and (T, M, V, 3), NaN where a person lacks a point that another has.
    """
    parts = [label.rpartition(":") for label in labels]
    short = [name for _, _, name in parts]
    if not all(short):
        return tuple(labels), positions[:, None]
    if len(set(short)) == len(short):
        return tuple(short), positions[:, None]
    points = Counter(subject for subject, _, _ in parts)
    subjects = [subject for subject, count in points.items() if 2 * count >= max(points.values())]
    names = list(dict.fromkeys(name for subject, _, name in parts if subject in subjects))
    check_size(path, len(positions), len(subjects), len(names))
    people = np.full((len(positions), len(subjects), len(names), 3), np.nan, dtype=np.float32)
    for number, (subject, _, name) in enumerate(parts):
        if subject in subjects:
            people[:, subjects.index(subject), names.index(name)] = positions[:, number]
    return tuple(names), people
