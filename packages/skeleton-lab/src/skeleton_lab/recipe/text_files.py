"""Small JSON and TOML files that may be anything: from an earlier run, a download, or a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from skeleton_data import load_json, read_text
from skeleton_data import read_toml as read_toml_file
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.recipe.mistakes import first_problem
from skeleton_lab.recipe.renamed import up_to_date

MAX_BYTES = 2**20
"""Bytes of the largest file of settings; real ones have some thousands."""
MAX_RESULT = 2**26
"""Bytes of the largest file that a run has written: its result, with a matrix of classes, or its metrics."""

Record = TypeVar("Record")


def read_small_text(path: Path, *, most: int = MAX_BYTES) -> str:
    """Read the text of a file in UTF-8.

    Raises:
        InputError: If the file is missing, empty, too large, or no text; names the file.
    """
    with input_errors():
        return read_text(path, most=most)


def read_json(path: Path, *, most: int = MAX_BYTES) -> Any:
    """Read the value in a JSON file.

    Raises:
        InputError: If the file is missing, too large, or no JSON; names the file.
    """
    with input_errors():
        return load_json(path, most=most)


def read_record(kind: type[Record] | TypeAdapter[Record], path: Path) -> Record:
    """Read a model of pydantic's, or what an adapter describes, from a JSON file that a run has written.

    Raises:
        InputError: If the file is missing, too large, no JSON, or something else; names file and field.
    """
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    try:
        return adapter.validate_python(read_json(path, most=MAX_RESULT))
    except ValidationError as error:
        raise InputError(
            f"{path}: it is damaged, or not the expected file: {first_problem(error)}"
        ) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read the settings in a TOML file, under their names of today (`skeleton_lab.recipe.renamed`).

    Raises:
        InputError: If the file is missing, too large, or no TOML, or has a field under both its names;
            names the file.
    """
    with input_errors():
        settings = read_toml_file(path)
    try:
        return up_to_date(settings)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
