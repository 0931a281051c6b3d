"""Small JSON and TOML files that may be anything: from an earlier run, a download, or a person."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from skeleton_lab.errors import InputError

MAX_BYTES = 2**20
"""Bytes of the largest file; real ones have some thousands."""
MAX_PARTS = 32
"""Parts of the longest dotted key in TOML: the parser's time grows with their square."""


def read_small_text(path: Path) -> str:
    """Read the text of a file in UTF-8.

    Raises:
        InputError: If the file is missing, too large, or no text; names the file.
    """
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise InputError(f"{path} has {size:,} bytes; at most {MAX_BYTES:,} are read")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: no text in UTF-8: {error}") from error


def read_json(path: Path) -> Any:
    """Read the value in a JSON file.

    Raises:
        InputError: If the file is missing, too large, or no JSON; names the file.
    """
    try:
        return json.loads(read_small_text(path))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read the table in a TOML file.

    Raises:
        InputError: If the file is missing, too large, or no TOML; names the file.
    """
    text = read_small_text(path)
    if any(part.count(".") >= MAX_PARTS for part in re.split(r"[=,{}\[\]\n#\"']", text)):
        raise InputError(f"{path}: a key has more than {MAX_PARTS} parts")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from error
