"""How sure a tracker was of each joint of a store: a byte a joint, 0 where it was not measured."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skeleton_data.errors import DataError
from skeleton_data.store.files import CONFIDENCE, GrowingArray

SURE = 255
"""Byte of a confidence of 1."""
_ROWS = 2**16  # that are written at once


def as_bytes(confidence: ArrayLike, shape: tuple[int, ...], *, name: str) -> NDArray[np.uint8]:
    """Return confidence from 0 to 1 in 255ths; what is above 0 stays so.

    Raises:
        DataError: Another shape than (T, M, V), or a number outside of 0 to 1; names the clip.

    Example:
        >>> as_bytes([[[0, 1e-6, 0.5, 1]]], (1, 1, 4), name="a").tolist()
        [[[0, 1, 128, 255]]]
    """
    numbers = np.asarray(confidence, dtype=np.float32)
    if numbers.shape != shape:
        raise DataError(f"clip {name!r} has a confidence of the shape {numbers.shape}, expected {shape}")
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise DataError(f"clip {name!r} has a confidence outside of 0 to 1")
    rounded = np.rint(numbers * SURE)
    return np.where(numbers > 0, np.maximum(rounded, 1), 0).astype(np.uint8)


class ConfidenceFile:
    """The file of a growing store; there is none until a clip has a confidence.

    Args:
        folder: Of the store.
        joints: Number of joints, V.
        keep: Size up to which to keep the file that is there; without it, there is none.
    """

    def __init__(self, folder: Path, joints: int, *, keep: int | None = None) -> None:
        self._path, self._joints = folder / CONFIDENCE, joints
        self._array: GrowingArray | None = None
        if keep is None:
            self._path.unlink(missing_ok=True)
        else:
            self._array = GrowingArray(self._path, np.uint8, (joints,), keep=keep)

    @property
    def file(self) -> IO[bytes] | None:
        """The open file, if there is one."""
        return self._array.file if self._array else None

    def close(self) -> None:
        """Make sure that the file, if there is one, is on disk."""
        if self._array:
            self._array.close()

    def append(self, rows: NDArray[np.uint8] | None, *, before: int, count: int) -> None:
        """Add the rows (count, V) of a clip, None where the tracker said nothing, after `before` others."""
        if self._array is None:
            if rows is None:
                return
            self._array = GrowingArray(self._path, np.uint8, (self._joints,))
            self._sure(before)
        if rows is None:
            self._sure(count)
        else:
            self._array.append(rows)

    def _sure(self, rows: int) -> None:
        assert self._array is not None
        for start in range(0, rows, _ROWS):
            self._array.append(np.full((min(_ROWS, rows - start), self._joints), SURE, np.uint8))
