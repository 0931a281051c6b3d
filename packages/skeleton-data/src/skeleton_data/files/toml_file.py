"""TOML files, which are small: settings and layouts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from skeleton_data.errors import DataError
from skeleton_data.files.text import read_text

MAX_TOML = 2**18
"""Bytes of the largest file: a layout of a thousand joints has a fifth of that."""
MAX_PARTS = 32
"""Parts of the longest dotted key: time and memory of the parser grow with their square."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the table in a TOML file.

    Raises:
        DataError: The file is missing, too large, no text or no TOML; names it.
    """
    return parse_toml(read_text(path, most=MAX_TOML, empty=True), path)


def parse_toml(text: str, path: str | Path) -> dict[str, Any]:
    """Return the table that TOML text holds; `path` is for messages.

    Raises:
        DataError: It is no TOML.
    """
    import tomllib  # not needed where no file of settings is read

    if any(part.count(".") >= MAX_PARTS for part in re.split(r"[=,{}\[\]\n#\"']", text)):
        raise DataError.at(path, f"a key has more than {MAX_PARTS} parts")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError.at(path, f"not a TOML file: {error}") from None
