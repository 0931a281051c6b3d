"""What pydantic finds wrong with a field, in words for who wrote it."""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def mistakes(error: ValidationError) -> Iterator[ErrorDetails]:
    """Yield each mistake once: not that a list is too short, too, because its items are wrong."""
    for mistake in error.errors(include_url=False):
        if mistake["type"] != "too_short" or len(mistake["input"]) == mistake["ctx"]["actual_length"]:
            yield mistake


def problem(mistake: ErrorDetails) -> str:
    """Say what is wrong with the value of a field, and what is expected.

    Example:
        >>> from pydantic import TypeAdapter
        >>> try:
        ...     TypeAdapter(dict[str, int]).validate_python(7)
        ... except ValidationError as error:
        ...     problem(next(mistakes(error)))
        'expected a table of fields, got 7'
    """
    got, given = repr(mistake["input"]), mistake["input"]
    match mistake["type"]:
        case "union_tag_invalid":
            tag, kinds = mistake["ctx"]["tag"], mistake["ctx"]["expected_tags"]
            return f"there is no kind {tag!r}; expected {kinds}"
        case "string_pattern_mismatch":
            return f"not of the form that is asked for (see --help), got {got}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"expected a table of fields, got {got}"
        case "value_error" if isinstance(given, dict):
            return str(mistake["ctx"]["error"])
    words = mistake["msg"].removeprefix("Value error, ")
    return words if isinstance(given, str) and got in words else f"{words}, got {got}"
