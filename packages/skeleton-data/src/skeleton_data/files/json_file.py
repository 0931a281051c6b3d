"""JSON that may be anything: from a detector, a download, an earlier run, or a person."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json

from skeleton_data.errors import DataError
from skeleton_data.files.limits import memory_for, require_memory
from skeleton_data.files.text import MAX_TEXT, read_text

Each = Callable[[dict[str, Any]], Any]
LARGE = 2**22
"""Characters of text that is short of memory rather than time: its objects are made smaller one by one."""

_WRONG = {
    "Expecting value": "a value is missing, or is no number, text, list or object",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing behind a name",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Illegal trailing comma before end of object": "a comma stands before a closing bracket",
    "Illegal trailing comma before end of array": "a comma stands before a closing bracket",
    "Extra data": "there is more behind its end",
    "Unterminated string starting at": "a text has no closing quote",
    "Invalid control character at": "a text has a line break or another control character",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "it begins with a byte order mark",
}
"""What Python's parser finds wrong, in the words of this project."""

# Bytes that Python takes for a list of up to four, an object of up to five, a number and its place in them, a
# word. So much is not taken where numbers are small and words are repeated: an estimate from above.
_LIST, _OBJECT, _VALUE, _WORD = 88, 232, 33, 49


def load_json(path: Path, *, most: int = MAX_TEXT, each: Each | None = None) -> Any:
    """Return what a JSON file of at most `most` bytes holds.

    Args:
        path: The file.
        most: Bytes of the largest file that is read.
        each: Called with each object of a large file as soon as it is read; its answer takes the place of
            the object.

    Raises:
        DataError: The file is missing, empty, too large, not UTF-8, cut or no JSON; names the line. Or it
            holds more lists and objects than a file of numbers does, which would fill the memory.
    """
    return parse_json(read_text(path, most=most), path, each=each)


def parse_json(text: str, path: str | Path, *, each: Each | None = None) -> Any:
    """Return what JSON text holds; `path` is for messages, `each` as in `load_json`.

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
        if each is None or len(text) < LARGE:
            return from_json(text)  # three times as fast as json, and the same numbers
    except ValueError:  # json takes a little more, and says better what is wrong
        pass
    try:
        return json.loads(text, object_hook=each)
    except json.JSONDecodeError as error:
        rest = text[error.pos :].strip()
        wrong = _WRONG.get(error.msg, "it is damaged") if rest else "it ends too early"
        raise DataError.at(path, f"expected JSON: {wrong}", line=error.lineno) from None
    except (ValueError, RecursionError) as error:  # a number of too many digits, too many brackets
        raise DataError.at(path, f"expected JSON: {error}") from None


def load_object(path: Path, *, each: Each | None = None) -> dict[str, Any]:
    """Return the JSON object in a file; `each` as in `load_json`.

    Raises:
        DataError: The file is damaged, see `load_json`, or holds no object.
    """
    value = load_json(path, each=each)
    if not isinstance(value, dict):
        raise DataError.at(path, expected="a JSON object", found=type(value).__name__)
    return value


def entry(table: Any, key: str, kind: type, path: Path, where: str = "") -> Any:
    """Return `table[key]`, which must be of that type; an array counts as a list.

    Raises:
        DataError: It is missing or of another type, or `table` is no object.
    """
    place = f"{where}.{key}" if where else key
    if not isinstance(table, dict):
        raise DataError.at(path, field=f"{where or 'the file'}", expected="an object", found=f"{table!r:.40}")
    if key not in table:
        raise DataError.at(path, f"{place}: missing, expected {kind.__name__}")
    value = table[key]
    array = kind is list and isinstance(value, np.ndarray)  # `arrays_under` has made it of one
    if not (array or isinstance(value, kind)) or isinstance(value, bool):
        raise DataError.at(path, field=place, expected=kind.__name__, found=f"{value!r:.40}")
    return value
