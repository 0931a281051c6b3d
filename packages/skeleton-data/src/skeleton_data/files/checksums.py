"""Files of checksums, as `sha256sum` writes them."""

from __future__ import annotations

import re
from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.files.text import read_text

MOST = 2**16
"""Bytes of the largest file of checksums that is read."""
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](\S.*)")


def read_checksums(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that a `SHA256SUMS` names, in lower-case hexadecimal digits.

    Raises:
        DataError: It is missing, empty, cut or too large, or names a file twice; names the line.

    Example:
        >>> read_checksums(Path("nowhere/SHA256SUMS"))
        Traceback (most recent call last):
        ...
        skeleton_data.errors.DataError: nowhere/SHA256SUMS: no such file
    """
    sums: dict[str, str] = {}
    for number, line in enumerate(read_text(path, most=MOST).splitlines(), start=1):
        if not (found := _LINE.fullmatch(line)):
            raise DataError.at(
                path, expected="64 hexadecimal digits and a name", found=line[:80], line=number
            )
        checksum, name = found.groups()
        if name in sums:
            raise DataError.at(path, f"{name} is named twice", line=number)
        sums[name] = checksum.lower()
    return sums
