"""Reading JSON that may be anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from skeleton_data.errors import DataError
from skeleton_data.readers.listing import read_text


def load_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        DataError: The file is missing, empty, too large, not UTF-8, cut or no JSON; names the line.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError.at(path, f"expected JSON: {error.msg}", line=error.lineno) from None
    except DataError:
        raise
    except (ValueError, RecursionError) as error:  # a number of too many digits, too many brackets
        raise DataError.at(path, f"expected JSON: {error}") from None


def load_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        DataError: The file is damaged, see `load_json`, or holds no object.
    """
    value = load_json(path)
    if not isinstance(value, dict):
        raise DataError.at(path, f"expected a JSON object, found {type(value).__name__}")
    return value


def entry(table: Any, key: str, kind: type, path: Path, where: str = "") -> Any:
    """Return `table[key]`, which must be of that type.

    Raises:
        DataError: It is missing or of another type, or `table` is no object.
    """
    place = f"{where}.{key}" if where else key
    if not isinstance(table, dict):
        raise DataError.at(path, f"{where or 'the file'}: expected an object, found {table!r:.40}")
    if key not in table:
        raise DataError.at(path, f"{place}: missing, expected {kind.__name__}")
    value = table[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError.at(path, f"{place}: expected {kind.__name__}, found {value!r:.40}")
    return value
