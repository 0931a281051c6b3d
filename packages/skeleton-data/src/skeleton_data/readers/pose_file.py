"""Poses as pose-format writes them for sign language: `.pose`, versions 0.1 and 0.2.

The reader is our own: the library brings a video and a drawing stack with it, and holds points of no
confidence at their last place or zero.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_bytes
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below
from skeleton_data.readers.recording import Recording, check_size, open_recordings


def open_pose(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.pose`, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    return open_recordings(files_below(path, ".pose"), read_pose, config, kind="pose", workers=workers)


def read_pose(path: Path) -> Recording:
    """Read a file; a point of confidence 0 was not measured.

    Points of XY are pixels. Points of XYZ have no units in the file, and y down by its convention. Version
    0.1 counts frames in 16 bits: the number of frames is that of the data. A point is called after its
    component where two components have points of the same name.

    Raises:
        DataError: The file is cut or damaged, or of another version.
    """
    data = read_bytes(path)
    read = _Bytes(data, path)
    version = round(read.numbers("f")[0], 3)
    if version not in (0.1, 0.2):
        raise DataError.at(path, expected="version 0.1 or 0.2", found=f"{version:g}")
    _, _, _, components = read.numbers("4H")
    names, lengths = _points(read, components, path)
    fps, said = read.numbers("2H" if version == 0.1 else "fI")
    people, width = read.numbers("H")[0], max(lengths) - 1
    values = int(people) * len(names)
    if not values or width not in (2, 3):
        raise DataError.at(
            path,
            f"it has {people} people with {len(names)} points of {width} coordinates, expected 2 or 3",
        )
    left = (len(data) - read.place) // (4 * values * (width + 1))
    frames = left if version == 0.1 else int(said)
    if not 0 < frames <= left:
        raise DataError.at(path, f"cut: expected {frames} frames, there are bytes for {left}")
    check_size(path, frames, int(people), len(names))
    positions = read.floats((frames, int(people), len(names), width))
    confidence = read.floats((frames, int(people), len(names)))
    with np.errstate(invalid="ignore"):
        seen = (confidence > 0) & (np.abs(positions) < MAX_METRES).all(axis=-1)
    return Recording(
        names,
        np.where(seen[..., None], positions, np.float32(np.nan)),
        "pixels" if width == 2 else None,
        fps=float(fps) if 0 < fps < 1e5 else None,
        confidence=np.where(seen, np.nan_to_num(confidence), 0).astype(np.float32),
    )


def _points(read: _Bytes, components: float, path: Path) -> tuple[tuple[str, ...], list[int]]:
    """Return the names of all points, and the number of values of a point in each component."""
    found: list[tuple[str, str]] = []
    lengths = []
    for _ in range(int(components)):
        component, kind = read.text(), read.text()
        points, limbs, colours = (int(number) for number in read.numbers("3H"))
        found += [(component, read.text()) for _ in range(points)]
        read.skip(4 * limbs + 6 * colours)
        lengths.append(len(kind))
    short = [point for _, point in found]
    names = tuple(short if len(set(short)) == len(short) else [f"{part}_{point}" for part, point in found])
    if not names or len(set(names)) < len(names) or len(set(lengths)) > 1:
        raise DataError.at(path, "expected components of different points, all of as many coordinates")
    return names, lengths


class _Bytes:
    """The bytes of a file, read one after the other."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.data, self.path, self.place = data, path, 0

    def skip(self, count: int) -> int:
        """Go on by `count` bytes and return where they begin."""
        start, self.place = self.place, self.place + count
        if self.place > len(self.data):
            raise DataError.at(self.path, f"cut: the file ends at byte {len(self.data)}")
        return start

    def numbers(self, layout: str) -> tuple[float, ...]:
        return struct.unpack_from(f"<{layout}", self.data, self.skip(struct.calcsize(f"<{layout}")))

    def text(self) -> str:
        length = int(self.numbers("H")[0])
        start = self.skip(length)
        return self.data[start : start + length].decode("utf-8", "replace")

    def floats(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        count = int(np.prod(shape))
        return np.frombuffer(self.data, "<f4", count, self.skip(4 * count)).reshape(shape).astype(np.float32)
