"""One `.npy` a recording, as HumanML3D and freemocap write them: positions without names, units or rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.errors import DataError
from skeleton_data.files.arrays import map_array, read_rows
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.joints_by_count import layout_of
from skeleton_data.readers.listing import files_below, per_metre
from skeleton_data.readers.own import read_joint_names
from skeleton_data.readers.recording import Recording, check_size, open_recordings

LONG = 8192
"""Frames of a single file that is not read when it is opened, but for the first frame."""


def open_arrays(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.npy`, called by the file's name.

    The joints are those of `config.joints` or `config.layout`; units and frames per second must be said.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".npy")
    frames, *_, count, _ = _shape(files[0])
    if config.joints is not None:
        names = read_joint_names(config.joints, ("",) * count, files[0])
    else:
        names = layout_of(count, config, files[0]).joints
    read = partial(read_array_file, joints=names, flat=config.units == "px")
    if len(files) > 1 or frames <= LONG:
        return open_recordings(files, read, config, kind="array", workers=workers)
    head = partial(read, frames=1)
    source = open_recordings(files, read, config, kind="array", workers=workers, head=head)
    return replace(source, part=_part_of(files[0], config) if source.units == "m" else None, frames=frames)


def read_array_file(
    path: Path, joints: tuple[str, ...], *, flat: bool = False, frames: int | None = None
) -> Recording:
    """Read positions (frames, joints, 2 or 3) or (frames, bodies, joints, 2 or 3); NaN is not measured.

    In a picture (`flat`), the third number is the confidence. With `frames`, no more are read.

    Raises:
        DataError: The file is cut, pickled, or has another shape.
    """
    shape = _shape(path)
    if shape[-2] != len(joints):
        raise DataError.at(path, expected=f"{len(joints)} joints, as in the first file", found=shape[-2])
    check_size(path, shape[0], shape[1] if len(shape) == 4 else 1, shape[-2])
    positions = _numbers(map_array(path)[:frames], path)
    if len(shape) == 3:
        positions = positions[:, None]
    if flat and shape[-1] == 3:
        return Recording(joints, positions[..., :2], "pixels", confidence=positions[..., 2])
    return Recording(joints, positions, "pixels" if shape[-1] == 2 else None)


def _part_of(path: Path, config: ImportConfig) -> Callable[[int, int], Clip] | None:
    """Return what reads frames of a file in 3D."""
    if not map_array(path).flags.c_contiguous:
        return None

    def part(start: int, end: int) -> Clip:
        rows = _numbers(read_rows(path, start, end), path) / per_metre(config.units)
        return Clip(path.stem, rows if rows.ndim == 4 else rows[:, None], {}, path)

    return part


def _numbers(array: NDArray[Any], path: Path) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        numbers: NDArray[np.float32] = array.astype(np.float32)
    wrong = np.abs(numbers) >= MAX_METRES
    if wrong.any():
        raise DataError.at(path, expected="finite numbers", found=numbers[wrong][0])
    return numbers


def _shape(path: Path) -> tuple[int, ...]:
    """Return the shape in the head of a file."""
    array = map_array(path)
    if array.ndim not in (3, 4) or array.shape[-1] not in (2, 3) or 0 in array.shape:
        raise DataError.at(path, expected="(frames, joints, 3)", found=f"{array.dtype}{array.shape}")
    if array.dtype.kind not in "fiu":
        raise DataError.at(path, expected="numbers", found=array.dtype)
    return array.shape
