"""JSON that may be anything: from a detector, a download, an earlier run, or a person."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from skeleton_data.errors import DataError
from skeleton_data.files.limits import memory_for, require_memory
from skeleton_data.files.text import MAX_TEXT, read_text

# Bytes that Python takes for a list of up to four, an object of up to five, a number and its place in them, a
# word. So much is not taken where numbers are small and words are repeated: an estimate from above.
_LIST, _OBJECT, _VALUE, _WORD = 88, 232, 33, 49


def load_json(path: Path, *, most: int = MAX_TEXT) -> Any:
    """Return what a JSON file of at most `most` bytes holds.

    Raises:
        DataError: The file is missing, empty, too large, not UTF-8, cut or no JSON; names the line. Or it
            holds more lists and objects than a file of numbers does, which would fill the memory.
    """
    return parse_json(read_text(path, most=most), path)


def parse_json(text: str, path: str | Path) -> Any:
    """Return what JSON text holds; `path` is for messages.

    Raises:
        DataError: It is cut, no JSON, or would take more memory than a file of its size may.

    Example:
        >>> parse_json('{"frames": [[0.5, 1.5]]}', "mine.json")
        {'frames': [[0.5, 1.5]]}
    """
    if sys.getsizeof(text) + _OBJECT * len(text) > memory_for(len(text)):  # even if all of it were objects
        pieces = {sign: text.count(sign) for sign in '[{,:"'}
        lists, objects = _LIST * pieces["["], _OBJECT * pieces["{"]
        values = _VALUE * (pieces[","] + pieces[":"]) + _WORD * pieces['"'] // 2
        wanted = sys.getsizeof(text) + lists + objects + values
        require_memory(path, wanted, len(text), "its lists and objects")
    try:
        return from_json(text)  # three times as fast as json, and the same numbers
    except ValueError:  # json takes a little more, and says better what is wrong
        pass
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError.at(path, f"expected JSON: {error.msg}", line=error.lineno) from None
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
