"""What the help says of a field besides its description: the range of a number, and the kinds there are."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from skeleton_data import schema_alternatives, schema_range

Schema = Mapping[str, Any]


def ranges_of(section: type[BaseModel]) -> dict[str, str]:
    """Return the range of each number of a recipe; numbers that differ in it between kinds are left out.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import Field, create_model
        >>> Rate = Annotated[float, Field(gt=0, le=1)]
        >>> part = create_model("Part", rate=(Rate | None, None), steps=(int, Field(1, gt=0)))
        >>> ranges_of(create_model("Recipe", training=(part, ...)))
        {'training.rate': 'above 0, at most 1', 'training.steps': 'at least 1'}
    """
    schema = section.model_json_schema()
    found: dict[str, set[str]] = defaultdict(set)
    for field, value in _fields(schema, schema.get("$defs", {})):
        found[field].update(schema_range(each) for each in value if each.get("type") in ("integer", "number"))
    return {field: texts.pop() for field, texts in found.items() if len(texts) == 1 and "" not in texts}


def kinds_of(section: type[BaseModel]) -> dict[str, list[str]]:
    """Return the kinds of each field that has several, as of `model.mask.kind`.

    Example:
        >>> from typing import Literal
        >>> from pydantic import create_model
        >>> one, other = (create_model(name, kind=(Literal[name], name)) for name in ("one", "other"))
        >>> kinds_of(create_model("Recipe", part=(one | other, ...)))
        {'part.kind': ['one', 'other']}
    """
    schema = section.model_json_schema()
    found: dict[str, dict[str, None]] = defaultdict(dict)  # in order, each once
    for field, value in _fields(schema, schema.get("$defs", {})):
        if field.endswith(".kind"):
            for each in value:
                names = [each["const"]] if "const" in each else each.get("enum", ["module:Class"])
                found[field].update(dict.fromkeys(names))
    return {field: list(names) for field, names in found.items() if len(names) > 1}


def with_range(text: str | None, allowed: str | None) -> str | None:
    """Return a text of the help with the range before the default, unless the text says it.

    Example:
        >>> with_range("Clips per batch. (default: 64)", "at least 1")
        'Clips per batch. (at least 1; default: 64)'
        >>> with_range("Number of the fold, if there are any.", "at least 1")
        'Number of the fold, if there are any (at least 1).'
    """
    if not text or not allowed or allowed in text or (allowed == "at least 1" and "from 1" in text):
        return text
    before, default, after = text.rpartition("(default: ")
    return f"{before}({allowed}; {default[1:]}{after}" if default else f"{text.rstrip('.')} ({allowed})."


def _fields(schema: Schema, parts: Schema, prefix: str = "") -> Iterator[tuple[str, list[Schema]]]:
    """Yield the fields of a schema and of its sections: their dotted names, and what each may be."""
    for section in schema_alternatives(schema, parts):
        for name, value in section.get("properties", {}).items():
            yield prefix + name, list(schema_alternatives(value, parts))
            yield from _fields(value, parts, f"{prefix}{name}.")
