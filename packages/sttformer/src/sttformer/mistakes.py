"""What is wrong with a config, in words that tell what to write: pydantic's own speak of an input."""

import re

from pydantic import BaseModel, ValidationError

LONGEST = 60
"""Characters of a value that are repeated."""


def config_mistake(error: ValidationError, *table: str) -> tuple[str, str]:
    """Return the first field that is wrong, and what is expected there.

    Args:
        error: What pydantic finds.
        table: Names of the tables that the config stands in.

    Example:
        >>> from pydantic import ValidationError
        >>> from sttformer import STTFormerConfig
        >>> for fields in ({"joints": 0}, {"joints": 25, "depth": 3}):
        ...     try:
        ...         STTFormerConfig(**fields)
        ...     except ValidationError as error:
        ...         config_mistake(error, "model")
        ('model.joints', 'expected greater than 0, found 0')
        ('model.depth', 'there is no field of this name, found 3')
    """
    mistake = error.errors(include_url=False)[0]
    field, value = ".".join([*table, *map(str, mistake["loc"])]), mistake["input"]
    match mistake["type"]:
        case "missing":
            return field, "it is missing"
        case "extra_forbidden":
            wrong = "there is no field of this name"
        case "value_error" | "assertion_error":  # a rule of the class
            wrong = str(mistake["ctx"]["error"])
        case "too_short":
            wrong = f"expected {mistake['ctx']['min_length']} or more"
        case "too_long":
            wrong = f"expected at most {mistake['ctx']['max_length']}"
        case _:
            wrong = re.split(", (?:unable to|got a) ", mistake["msg"])[0]
            wrong = wrong.replace("Input should be", "expected")
    if isinstance(value, dict | BaseModel):  # a rule between fields: all of them are its value
        return field, wrong
    return field, f"{wrong}, found {value!r:.{LONGEST}}"
