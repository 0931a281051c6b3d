"""What pydantic finds wrong with the fields of a recipe or of a file that a program has written."""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from skeleton_data import in_words


def mistakes(error: ValidationError) -> Iterator[ErrorDetails]:
    """Yield each mistake once: not that a list is too short, too, because its items are wrong."""
    for mistake in error.errors(include_url=False):
        if mistake["type"] != "too_short" or len(mistake["input"]) == mistake["ctx"]["actual_length"]:
            yield mistake


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
        ...     first_problem(error, "config")[:48]
        "config.width: expected a whole number, found 'xx"
    """
    mistake = next(mistakes(error))
    field = ".".join([*table, *map(str, mistake["loc"])])
    return f"{field}: {in_words(mistake)}" if field else in_words(mistake)
