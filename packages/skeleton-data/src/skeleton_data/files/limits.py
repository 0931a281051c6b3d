"""How much memory a file may take, whatever it holds: a multiple of its size."""

from __future__ import annotations

from pathlib import Path

from skeleton_data.errors import DataError

MULTIPLE = 16
"""No reader takes more memory than that many times the size of its file; most take half."""
SMALL = 32 * 2**20
"""Files of fewer bytes count as having so many."""


def memory_for(size: int) -> int:
    """Return how many bytes of memory a file of `size` bytes may take.

    Example:
        >>> memory_for(10) // 2**20, memory_for(2**30) // 2**20
        (512, 16384)
    """
    return MULTIPLE * max(size, SMALL)


def contents_for(size: int) -> int:
    """Return how many bytes an entry of an archive of `size` bytes may grow to when it is read.

    Example:
        >>> contents_for(10) // 2**20
        256
    """
    return memory_for(size) // 2


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder.

    Raises:
        DataError: There is no such file or folder.
    """
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return path.stat().st_size
    except OSError as error:
        raise DataError.at(path, error.strerror or str(error)) from None


def require_memory(path: str | Path, wanted: int, size: int, what: str) -> None:
    """Refuse what would take more memory than a file of that size may.

    Raises:
        DataError: It would; names `what` and both sizes.
    """
    if wanted > (most := memory_for(size)):
        raise DataError.at(
            path,
            f"{what} would take {wanted >> 20} MiB of memory, for {size} bytes {most >> 20} MiB are allowed:"
            " split it",
        )
