"""Text from files on a terminal: control characters, which can forge lines there, are written out."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

# C0 and C1, line and paragraph separators, changes of direction, and bytes of a file's name that are no text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return the text with control characters as escape sequences; line breaks are such, too.

    Example:
        >>> print(printable("wave\x1b[2J\nclip: wave"))
        wave\x1b[2J\nclip: wave
    """
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def _require_printable(name: str) -> str:
    if _CONTROL.search(name):
        raise ValueError(f"'{printable(name)}' has a control character")
    return name


Name = Annotated[str, AfterValidator(_require_printable)]
"""A name that is shown as it is: one with a control character is refused."""
