"""HDF5 files that may hold anything: opened through h5py, sizes checked before arrays are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.arrays import reading
from skeleton_data.files.limits import require_memory, size_of
from skeleton_data.readers.optional import needed

MAX_VALUES = 2**28
"""Most values of one data set that is read: 2 GiB of floats."""


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """Open a file for reading, as an `h5py.File`.

    Raises:
        DataError: h5py is not installed; the file is missing, cut or damaged, also where it is read, or
            links to another one.
    """
    h5py = needed("h5py", "hdf5", path)
    with reading(path), h5py.File(path, "r") as file:
        for name in file:
            if isinstance(file.get(name, getlink=True), h5py.ExternalLink):
                raise _elsewhere(path, name)
        yield file


def values(file: Any, name: str, path: Path) -> NDArray[Any]:
    """Return a data set.

    Raises:
        DataError: It is not there, too large, or its numbers lie in another file, which is perhaps not
            for whoever wrote this one.
    """
    found = file.get(name)
    if found is None or not hasattr(found, "shape") or found.shape is None:
        raise DataError.at(path, f"{name}: missing; it has {', '.join(file)[:200]}")
    if found.external or found.is_virtual or found.file.filename != str(path):
        raise _elsewhere(path, name)
    if int(np.prod(found.shape, dtype=np.float64)) > MAX_VALUES:
        raise DataError.at(path, f"{name}: {found.shape} are more than {MAX_VALUES} values")
    grown = int(np.prod(found.shape, dtype=np.float64)) * found.dtype.itemsize
    require_memory(path, 2 * grown, size_of(path), name)  # which may be compressed
    return np.asarray(found[()])


def _elsewhere(path: Path, name: str) -> DataError:
    return DataError.at(path, f"{name}: lies in another file; copy it into this one")


def words(array: NDArray[Any]) -> list[str]:
    """Return text of a data set, whose words are bytes or text."""
    cells = array.reshape(-1).tolist()
    return [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in cells]
