"""What pydantic finds wrong with a field, in words for who wrote it."""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails

LONGEST = 80
"""Characters of a value that are repeated."""


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
    given, got = mistake["input"], repr(mistake["input"])
    got = got if len(got) <= LONGEST else got[:LONGEST] + "..."
    match mistake["type"]:
        case "union_tag_invalid":
            tag, kinds = mistake["ctx"]["tag"], mistake["ctx"]["expected_tags"]
            return f"there is no kind {tag!r}; expected {kinds}"
        case "extra_forbidden":
            return f"there is no field of this name, got {got}"
        case "missing":
            return "the field is missing"
        case "string_pattern_mismatch":
            return f"not of the form that is asked for (see --help), got {got}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"expected a table of fields, got {got}"
        case "value_error" if isinstance(given, dict):
            return str(mistake["ctx"]["error"])
    words = mistake["msg"].removeprefix("Value error, ")
    return words if isinstance(given, str) and got in words else f"{words}, got {got}"


def first_problem(error: ValidationError, *table: str) -> str:
    """Say of a file that a program has written which field is wrong, and what is expected there.

    Args:
        error: What pydantic finds.
        table: The table of the file that was validated.

    Example:
        >>> from pydantic import TypeAdapter
        >>> try:
        ...     TypeAdapter(dict[str, int]).validate_python({"width": "x" * 10**6})
        ... except ValidationError as error:
        ...     first_problem(error, "config")[:73]
        'config.width: Input should be a valid integer, unable to parse string as '
    """
    mistake = next(mistakes(error))
    field = ".".join([*table, *map(str, mistake["loc"])])
    return f"{field}: {problem(mistake)}" if field else problem(mistake)
