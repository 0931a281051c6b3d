"""Text of a file: in UTF-8, and of a bounded size."""

from __future__ import annotations

import sys
from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.files.limits import require_memory

MAX_TEXT = 2**30
"""Bytes of the largest text file that is read: it is read whole, and 20 joints at 30 frames per second take
60 to 120 MB an hour as CSV. Files of many clips, `.npz` and `.pkl`, are read clip after clip, at any size."""
_WORD = 62
"""Bytes of a short word as an object of Python, and of its place in a list."""


def read_bytes(path: Path, *, most: int = MAX_TEXT) -> bytes:
    """Return the bytes of a file.

    Raises:
        DataError: It is missing, no file, or larger than `most`.
    """
    try:
        if (size := path.stat().st_size) > most:
            advice = ": split it into shorter recordings" if most == MAX_TEXT else ""
            raise DataError.at(path, f"{size} bytes, expected at most {most}{advice}")
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError.at(path, "no such file") from None
    except OSError as error:
        raise DataError.at(path, error.strerror or str(error)) from None


def read_words(path: Path) -> str:
    """Return the text of a file that will be cut into lines and words.

    Raises:
        DataError: As `read_text`; or it has so many and so short words that they would fill the memory.
    """
    text = read_text(path)
    pieces = sum(text.count(sign) for sign in " \t\n,;")
    require_memory(path, sys.getsizeof(text) + _WORD * pieces, len(text), "its lines and words")
    return text


def read_text(path: Path, *, most: int = MAX_TEXT, empty: bool = False) -> str:
    """Return the text of a file.

    Args:
        path: The file.
        most: Bytes of the largest file that is read.
        empty: Whether it may be empty.

    Raises:
        DataError: It is missing, empty, too large or not UTF-8; names the line of the first wrong byte.
    """
    data = read_bytes(path, most=most)
    if not data.strip() and not empty:
        raise DataError.at(path, "the file is empty")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError.at(path, f"byte 0x{data[error.start]:02x}, expected UTF-8 text", line=line) from None
