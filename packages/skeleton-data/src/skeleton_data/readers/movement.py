"""Poses as movement writes them: netCDF with the dimensions time, space, keypoint and individual."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.hdf5_file import words
from skeleton_data.readers.hdf5_process import Hdf5Contents, read_hdf5
from skeleton_data.readers.listing import files_below
from skeleton_data.readers.recording import Recording, open_recordings
from skeleton_data.readers.timestamps import frames_per_second

_KEYPOINT, _INDIVIDUAL = ("keypoint", "keypoints"), ("individual", "individuals")
"""Names of the dimensions from version 0.17 on, and before it."""


def open_movement(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.nc`, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".nc")
    return open_recordings(files, read_movement, config, kind="movement", workers=workers)


def read_movement(path: Path) -> Recording:
    """Read a data set of poses: pixels in 2D; in 3D positions whose units and axes the file does not say.

    Raises:
        DataError: The file is damaged, or has other dimensions.
    """
    names = ("position", "space", "time", "confidence", *_KEYPOINT, *_INDIVIDUAL)
    file = read_hdf5(path, names, ("@time_unit", "@fps"))
    position, time, sure = file.values("position"), file.values("time"), file.data.get("confidence")
    joints, people = (_dimension(file, names) for names in (_KEYPOINT, _INDIVIDUAL))
    space = words(file.values("space"))
    unit = "".join(words(file.attributes.get("@time_unit", np.array(""))))
    rate = file.attributes.get("@fps", np.array(np.nan)).reshape(-1)
    shape = (len(time), len(space), len(joints), len(people))
    if position.shape != shape or "".join(space) not in ("xy", "xyz") or position.dtype.kind != "f":
        raise DataError.at(
            path, field="position", expected=f"{shape}, time, x y or x y z", found=position.shape
        )
    if sure is not None and sure.shape != (shape[0], *shape[2:]):
        raise DataError.at(path, field="confidence", expected=f"{(shape[0], *shape[2:])}", found=sure.shape)
    positions = position.transpose(0, 3, 2, 1).astype(np.float32)
    if (np.abs(positions) >= MAX_METRES).any() or not joints or len(set(joints)) < len(joints):
        raise DataError.at(path, "expected different keypoints, and positions of less than a million")
    fps = float(rate[0]) if rate.dtype.kind in "iuf" and rate.size and 0 < rate[0] < 1e5 else None
    if fps is None and unit == "seconds":
        fps = frames_per_second(time.tolist(), 1.0, path)
    return Recording(
        tuple(joints),
        positions,
        "pixels" if len(space) == 2 else None,
        fps=fps,
        confidence=None if sure is None else sure.transpose(0, 2, 1).astype(np.float32),
    )


def _dimension(file: Hdf5Contents, names: tuple[str, ...]) -> list[str]:
    return words(file.values(next((name for name in names if name in file.data), names[0])))
