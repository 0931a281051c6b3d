"""Reading arrays out of `.npz` and `.npy` files that may hold anything."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError

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


def read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Return the array in the entry `name`; pickled ones are refused.

    Raises:
        ValueError: Among others, text that is not Unicode. Call it within `reading`.
    """
    with archive.open(name) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    if array.dtype.kind == "U" and array.dtype.itemsize:
        points = np.frombuffer(array.tobytes(), dtype=f"{array.dtype.str[0]}u4")
        low, high = _SURROGATES
        if ((points >= _END_OF_UNICODE) | ((points >= low) & (points < high))).any():
            raise ValueError(f"{name}: text that is not Unicode")
    return array
