"""Reading JSON that may be anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from skeleton_data.errors import DataError
from skeleton_data.readers.listing import read_text


def load_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        DataError: The file is missing, empty, not UTF-8, cut, no JSON or no object; names the line.
    """
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError.at(path, f"expected JSON: {error.msg}", line=error.lineno) from None
    except DataError:
        raise
    except (ValueError, RecursionError) as error:  # a number of too many digits, too many brackets
        raise DataError.at(path, f"expected JSON: {error}") from None
    if not isinstance(value, dict):
        raise DataError.at(path, f"expected a JSON object, found {type(value).__name__}")
    return value


def entry(table: dict[str, Any], key: str, kind: type, path: Path, where: str = "") -> Any:
    """Return `table[key]`, which must be of that type.

    Raises:
        DataError: It is missing or of another type.
    """
    place = f"{where}.{key}" if where else key
    if key not in table:
        raise DataError.at(path, f"{place}: missing, expected {kind.__name__}")
    value = table[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError.at(path, f"{place}: expected {kind.__name__}, found {value!r:.40}")
    return value
