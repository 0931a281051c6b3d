"""The recipe of an earlier run: what the result depends on, and in which fields two of them differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError


def resolved(recipe: BaseModel) -> dict[str, Any]:
    """Return the fields of a recipe that the result depends on."""
    return recipe.model_dump(mode="json", exclude={"run"}, exclude_none=True)


def completed(before: dict[str, Any], kind: type[BaseModel]) -> dict[str, Any]:
    """Return the recipe of an earlier run, of a kind; fields that did not exist yet have their defaults."""
    try:
        return resolved(kind.model_validate(before | {"run": {"folder": "."}}))
    except ValidationError:
        return before


def differences(here: Any, there: Any, field: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Fields in which two resolved recipes differ, with what each of them has."""
    if isinstance(here, dict) and isinstance(there, dict):
        for name in sorted(here.keys() | there.keys()):
            yield from differences(here.get(name), there.get(name), f"{field}.{name}" if field else name)
    elif here != there:
        yield field, here, there
