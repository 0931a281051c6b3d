"""Arrays out of `.npz` and `.npy` files that may hold anything."""

from __future__ import annotations

import math
import os
import threading
import warnings
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.limits import contents_for

SKIPPED = 4096
"""Rows that are read at once where they are passed over."""
ONE_HEADER = threading.Lock()
"""Held where NumPy reads a header: Python 3.11.7 ends one of two threads that do with a SystemError."""
_SURROGATES, _END_OF_UNICODE = (0xD800, 0xE000), 0x110000


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever the bytes of `path` raise when they are read into one error that names the file.

    Raises:
        DataError: The file is missing, cut, damaged, encrypted or of another kind.

    Example:
        >>> with reading(Path("mine.npz")):
        ...     raise zipfile.BadZipFile("File is not a zip file")
        Traceback (most recent call last):
        ...
        skeleton_data.errors.DataError: mine.npz: cannot be read: File is not a zip file
    """
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError.at(path, "no such file") from None
    except Exception as error:  # zip files and headers of arrays raise a dozen kinds when they are damaged
        raise DataError.at(path, f"cannot be read: {str(error) or type(error).__name__}") from None


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file for reading, within `reading`.

    Raises:
        DataError: The file is missing, cut, damaged, encrypted or of another kind; also where it is read.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        yield archive


@contextmanager
def open_array(archive: zipfile.ZipFile, name: str) -> Iterator[ArrayEntry]:
    """Open the array in the entry `name`, to be read row by row: its head is read and its size compared.

    Raises:
        ValueError: Among others, the entry has another size than its head says. Call it within `reading`.
    """
    info = archive.getinfo(name)
    with archive.open(info) as file:
        shape, fortran, dtype = read_header(file)
        if dtype.hasobject:
            raise ValueError(f"{name}: it is pickled, which is not read")
        if math.prod(shape) * dtype.itemsize != info.file_size - file.tell():
            raise ValueError(f"{name}: {info.file_size} bytes, expected {dtype}{shape}")
        yield ArrayEntry(file, shape, fortran, dtype)


@dataclass(frozen=True)
class ArrayEntry:
    """An array whose head has been read.

    Attributes:
        file: Stands where the numbers begin.
        shape: Of the array.
        fortran: Whether the first axis runs fastest.
        dtype: Of the numbers.
    """

    file: IO[bytes]
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    def rows(self, count: int) -> NDArray[Any]:
        """Return the next rows of an array in C order, shape `(count, *shape[1:])`.

        Raises:
            ValueError: There are not so many. Call it within `reading`.
        """
        size = math.prod(self.shape[1:]) * self.dtype.itemsize * count
        return np.frombuffer(self.file.read(size), self.dtype).reshape(count, *self.shape[1:])


class ZippedArray:
    """An array in C order in a zip file, of which rows are read when they are asked for.

    Rows that are asked for in their order are read once; an earlier row is read from the beginning again.

    Args:
        path: The zip file.
        name: Of the entry.

    Raises:
        DataError: The file or the entry is damaged; also where rows are read.

    Attributes:
        shape: Of the array.
        dtype: Of its numbers.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name, self._next = path, name, 0
        with open_zip(path) as archive, open_array(archive, name) as entry:
            self.shape, self.dtype = entry.shape, entry.dtype
        self._reading: Generator[NDArray[Any], int] | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        """Return consecutive rows, shape `(rows, *shape[1:])`."""
        start, end, _ = rows.indices(len(self))
        if self._reading is None or start < self._next:
            self._reading, self._next = self._rows(), 0
            next(self._reading)
        while self._next < start:
            self._take(min(start - self._next, SKIPPED))
        return self._take(end - start)

    def _take(self, count: int) -> NDArray[Any]:
        reading, self._reading = self._reading, None  # one that fails is at its end
        assert reading is not None
        rows = reading.send(count)
        self._next, self._reading = self._next + count, reading
        return rows

    def _rows(self) -> Generator[NDArray[Any], int]:
        with open_zip(self._path) as archive, open_array(archive, self._name) as entry:
            rows, left = np.empty((0, *self.shape[1:]), self.dtype), len(self)
            while True:
                count = yield rows
                rows, left = entry.rows(count), left - count
                if not left:
                    entry.file.read()  # compares the checksum


def read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Return the array in the entry `name`; one out of proportion to the file, or pickled, is refused.

    Raises:
        ValueError: Among others, text that is not Unicode. Call it within `reading`.
    """
    require_proportion(archive, name)
    with open_array(archive, name) as entry:
        data = np.frombuffer(entry.file.read(), entry.dtype)
        array: NDArray[Any] = data.reshape(entry.shape, order="F" if entry.fortran else "C")
    if array.dtype.kind == "U" and array.dtype.itemsize:
        points = np.frombuffer(array.tobytes(), dtype=f"{array.dtype.str[0]}u4")
        low, high = _SURROGATES
        if ((points >= _END_OF_UNICODE) | ((points >= low) & (points < high))).any():
            raise ValueError(f"{name}: text that is not Unicode")
    return array


def read_rows(path: Path, start: int, end: int) -> NDArray[Any]:
    """Return rows of the array in a `.npy` file in C order; of a map, memory would hold all that were read.

    Args:
        path: The file.
        start: The first row.
        end: The one after the last.

    Raises:
        DataError: The file is missing, cut, damaged or pickled.
    """
    with reading(path), path.open("rb") as file:
        shape, fortran, dtype = read_header(file)
        if fortran or dtype.hasobject:
            raise ValueError("its rows do not follow each other")
        file.seek(start * math.prod(shape[1:]) * dtype.itemsize, os.SEEK_CUR)
        return ArrayEntry(file, shape, fortran, dtype).rows(end - start)


def require_proportion(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an entry that inflates to more than its file may hold.

    Raises:
        ValueError: Call it within `reading`.
    """
    size = archive.getinfo(name).file_size
    if size > contents_for(there := os.stat(archive.filename or "").st_size):
        raise ValueError(f"{name}: {size} bytes in a file of {there}; at most {contents_for(there)} are read")


def map_array(path: Path) -> NDArray[Any]:
    """Return the array in a `.npy` file, memory-mapped; pickled ones are refused.

    Raises:
        DataError: The file is missing, cut, damaged or pickled.
    """
    with reading(path), ONE_HEADER:
        return np.asarray(np.lib.format.open_memmap(path, mode="r"))


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether the order is Fortran's, and type of the `.npy` that begins where a file stands.

    Raises:
        ValueError: It is no `.npy`, or of a version that is not known. Call it within `reading`.
    """
    version = np.lib.format.read_magic(file)
    if version not in _HEADS:
        raise ValueError(f"version {version} of the .npy format")
    with ONE_HEADER, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that Python 2 wrote it
        shape, fortran, dtype = _HEADS[version](file)
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"an array of the shape {shape}")
    return shape, fortran, dtype


_HEADS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
