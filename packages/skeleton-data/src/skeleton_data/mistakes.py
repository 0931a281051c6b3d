"""What pydantic finds wrong with a field, in words of this project: what is expected, and what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from skeleton_data.errors import DataError
from skeleton_data.option_names import nearest_name

LONGEST = 80
"""Characters of a value that are repeated."""
Schema = Mapping[str, Any]

_ALTERNATIVE = re.compile(r"(str|int|float|bool|constrained-\w+|(literal|list|tuple|dict|function)\b.*)")
"""What pydantic calls one of several types that a field may have."""
_EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "string": "text",
    "path": "a path",
    "tuple": "a list",
    "list": "a list",
    "set": "a list",
    "frozen": "a list",
    "dict": "a table of fields",
    "model": "a table of fields",
    "none": "nothing",
}
"""What is expected where a value is of another type, by the first word of the mistake's type."""
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_WORDS = {
    "exclusiveMinimum": "above",
    "minimum": "at least",
    "exclusiveMaximum": "below",
    "maximum": "at most",
}


def expected(mistake: ErrorDetails, model: type[BaseModel] | None = None) -> str:
    """Say what is wrong with the value of a field: what is expected there, with its range.

    Args:
        mistake: One of those of a `ValidationError`.
        model: The class that was validated, which knows ranges and examples.

    Example:
        >>> from pydantic import Field, create_model
        >>> options = create_model("Options", top=(int, Field(5, ge=1, le=100)))
        >>> for top in (0, "many"):
        ...     try:
        ...         options(top=top)
        ...     except ValidationError as error:
        ...         expected(error.errors()[0], options)
        'expected 1 to 100'
        'expected a whole number, 1 to 100'
    """
    kind, about = mistake["type"], mistake.get("ctx", {})
    field = list(_alternatives_at(model, mistake["loc"])) if model is not None else []
    ranges = set(filter(None, map(schema_range, field)))
    allowed = ranges.pop() if len(ranges) == 1 else ""  # else the field has kinds, each with its own
    match kind:
        case "missing":
            return "it is missing"
        case "extra_forbidden":
            near = nearest_field(mistake, model) if model is not None else None
            return "there is no field of this name" + (f"; the nearest is {near}" if near else "")
        case "literal_error" | "enum":
            return f"expected {about['expected']}"
        case "union_tag_invalid":
            return f"there is no kind {about['tag']!r}; expected {about['expected_tags']}"
        case "value_error" | "assertion_error":
            return str(about["error"])
        case "json_invalid":
            return f"it is no JSON ({about['error']})"
        case "string_pattern_mismatch":
            examples = dict.fromkeys(str(each) for schema in field for each in schema.get("examples", ()))
            return f"expected a form such as {' or '.join(examples) or about['pattern']}"
        case "string_too_long" | "too_long":
            return f"expected at most {about['max_length']} {_unit(kind)}"
        case "string_too_short" | "too_short":
            return f"expected at least {about['min_length']} {_unit(kind)}"
    if kind in _BOUNDS:
        name, word = _BOUNDS[kind]
        return f"expected {allowed or f'{word} {_number(about[name])}'}"
    if (what := _EXPECTED.get(kind.partition("_")[0])) is not None:
        return f"expected {what}" + (f", {allowed}" if allowed and what.endswith("number") else "")
    return mistake["msg"].replace("Input should be", "expected")


def found(mistake: ErrorDetails) -> str:
    """Return the value that a field has, cut where it is long.

    It is empty for a field that is missing or unknown, and for a rule between fields, whose value is all of
    them.
    """
    value, kind = mistake["input"], mistake["type"]
    of_all = kind == "value_error" and isinstance(value, dict | BaseModel)
    if of_all or kind in ("missing", "json_invalid", "extra_forbidden"):
        return ""
    got = repr(value)
    return got if len(got) <= LONGEST else got[:LONGEST] + "..."


def in_words(mistake: ErrorDetails, model: type[BaseModel] | None = None) -> str:
    """Say what is expected of a field, and what was found."""
    wrong, got = expected(mistake, model), found(mistake)
    repeated = isinstance(mistake["input"], str) and got in wrong
    return wrong if not got or repeated else f"{wrong}, found {got}"


def first_mistake(
    error: ValidationError,
    source: str | Path | None = None,
    model: type[BaseModel] | None = None,
    *,
    note: str = "",
) -> DataError:
    """Return the error for the first mistake that pydantic finds, with its field.

    Args:
        error: What pydantic finds.
        source: The file, or what else was validated; without it, the sentence begins with the field.
        model: The class that was validated.
        note: What to say before the field.

    Example:
        >>> from pydantic import create_model
        >>> try:
        ...     create_model("Card", fps=(float, ...))(fps="fast")
        ... except ValidationError as error:
        ...     print(first_mistake(error, "card.json"), first_mistake(error).field, sep="; ")
        card.json: fps: expected a number, found 'fast'; fps
    """
    mistake = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in mistake["loc"] if not _ALTERNATIVE.fullmatch(str(part)))
    words = ": ".join(filter(None, [note, field, in_words(mistake, model)]))
    wrong = DataError(words) if source is None else DataError.at(source, words)
    wrong.field = field or None
    if (want := expected(mistake, model)).startswith("expected "):
        wrong.expected, wrong.found = want.removeprefix("expected "), found(mistake) or None
    return wrong


def nearest_field(mistake: ErrorDetails, model: type[BaseModel]) -> str | None:
    """Return the field that was probably meant by one that is not known; None where none is near.

    Args:
        mistake: Of the type `extra_forbidden`.
        model: The class that was validated.

    Example:
        >>> from pydantic import ConfigDict, create_model
        >>> options = create_model("Options", window=(str, "2s"), __config__=ConfigDict(extra="forbid"))
        >>> try:
        ...     options(windows="1s")
        ... except ValidationError as error:
        ...     nearest_field(error.errors()[0], options)
        'window'
    """
    *place, name = mistake["loc"]
    names = [known for schema in _alternatives_at(model, place) for known in schema.get("properties", ())]
    return nearest_name(str(name), names)


def _alternatives_at(model: type[BaseModel], place: Sequence[int | str]) -> Iterator[Schema]:
    """Yield the schemas that a field may have; other parts of a place, as of an item, are passed."""
    whole = model.model_json_schema()
    parts = whole.get("$defs", {})
    here: list[Schema] = [whole]
    for name in place:
        each = [one for schema in here for one in schema_alternatives(schema, parts)]
        named = [one["properties"][name] for one in each if name in one.get("properties", {})]
        of_kind = [one for one in each if one.get("properties", {}).get("kind", {}).get("const") == name]
        here = named or of_kind or here
    for schema in here:
        yield schema
        yield from schema_alternatives(schema, parts)


def schema_alternatives(schema: Schema, parts: Schema) -> Iterator[Schema]:
    """Yield the schemas of what a value may be, and of what the items of a tuple may be.

    Args:
        schema: JSON schema of the value, as pydantic makes it.
        parts: Its `$defs`.

    Example:
        >>> [*schema_alternatives({"anyOf": [{"type": "number"}, {"type": "null"}]}, {})]
        [{'type': 'number'}, {'type': 'null'}]
    """
    if "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("prefixItems")
    for each in several or ():
        yield from schema_alternatives(each, parts)
    if not several:
        yield schema


def schema_range(number: Schema) -> str:
    """Return the range of a number in words; empty without one.

    Args:
        number: JSON schema of the number, as pydantic makes it.

    Example:
        >>> schema_range({"type": "integer", "exclusiveMinimum": 0, "maximum": 5000})
        '1 to 5,000'
    """
    if number.get("type") not in ("integer", "number"):
        return ""
    if number["type"] == "integer" and "exclusiveMinimum" in number:
        number = {**number, "minimum": number["exclusiveMinimum"] + 1, "exclusiveMinimum": None}
    bounds = {name: _number(number[name]) for name in _WORDS if number.get(name) is not None}
    if bounds.keys() == {"minimum", "maximum"}:
        return f"{bounds['minimum']} to {bounds['maximum']}"
    return ", ".join(f"{_WORDS[name]} {bound}" for name, bound in bounds.items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


def _unit(kind: str) -> str:
    return "characters" if kind.startswith("string") else "items"
