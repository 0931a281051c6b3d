"""What a test holds a DataError to: its fields, so that the sentence may be worded anew."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from skeleton_data import DataError


def facts(error: DataError) -> str:
    """Return `PATH, line N: FIELD: expected X, found Y` from the fields of an error, else its message."""
    if error.path is None or error.expected is None:
        return str(error)
    place = error.path if error.line is None else f"{error.path}, line {error.line}"
    what = f"expected {error.expected}, found {error.found}"
    return ": ".join([place, *([error.field] if error.field else []), what])


@contextmanager
def refusal(pattern: str) -> Iterator[pytest.ExceptionInfo[DataError]]:
    """Expect a DataError whose facts match."""
    with pytest.raises(DataError) as caught:
        yield caught
    found = facts(caught.value)
    assert re.search(pattern, found), f"{found!r} does not match {pattern!r}"
