"""A long clip whose frames are prepared when they are asked for: memory does not grow with its length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip
from skeleton_data.errors import DataError
from skeleton_data.importing.report import ImportReport
from skeleton_data.importing.source import OpenedClips

Joints = NDArray[np.float32]
PART = 4096
"""Frames that are read at once."""


class LongClip:
    """The joints (T, M, V, 3) of the only clip of opened data, as they are in the whole clip.

    Frames that are asked for in their order are read once. `long_clip` makes one.

    Args:
        data: Every joint of its clip was measured.
        name: Of the clip.
        bodies: Bodies that ever come.
        report: What was measured on it.

    Attributes:
        name: Of the clip.
        report: What was measured on it.
        shape: (T, M, V, 3).
    """

    def __init__(self, data: OpenedClips, name: str, bodies: int, report: ImportReport) -> None:
        self._data, self.name, self.report = data, name, report
        self.shape = (data.source.frames, bodies, len(data.layout.joints), 3)
        self._first, self._held = 0, np.zeros((0, *self.shape[1:]), np.float32)

    def __len__(self) -> int:
        """Return the number of frames."""
        return self.shape[0]

    def __getitem__(self, frames: slice) -> Joints:
        """Return consecutive frames, (T', M, V, 3)."""
        start, end, _ = frames.indices(len(self))
        passed = start - self._first
        if not 0 <= passed <= len(self._held):
            self._first, self._held = start, self._held[:0]
        elif passed > PART:
            self._first, self._held = start, self._held[passed:].copy()
        while (last := self._first + len(self._held)) < end:
            part = self._data.part(last, min(last + PART, len(self)))
            assert part is not None  # it was not when the clip was looked through
            self._held = np.concatenate([self._held, part[:, : self.shape[1]]])
        return self._held[start - self._first : end - self._first]


def long_clip(data: OpenedClips, path: Path) -> LongClip | None:
    """Look through the only clip of opened data, and return it to be read as its frames are asked for.

    Returns:
        None where it is short, where some of its joints were not measured, or where something is wrong with
        it: then it is to be read as a whole, which fills gaps and says what is wrong.
    """
    frames = data.source.frames
    if data.source.part is None or data.config.resample or data.units != "m" or frames <= 2 * PART:
        return None
    insist = data.config.insist or data.source.kind == "store"  # which was checked when it was written
    report, bodies = ImportReport(data.layout, "m", insist=insist, up=data.source.up or "y"), 0
    try:
        name = data.source.part(0, 1).name
        for start in range(0, frames, PART):
            joints = data.part(start, min(start + PART, frames))
            if joints is None:
                return None
            there = np.flatnonzero(joints.any(axis=(0, 2, 3)))
            bodies = max(bodies, 1 + int(there.max(initial=-1)))
            report.add(Clip("", joints, {}, path), joints, np.zeros(joints.shape[1:3], dtype=np.bool_))
        report.check(path)
    except DataError:
        return None
    return LongClip(data, name, bodies, report) if bodies else None
