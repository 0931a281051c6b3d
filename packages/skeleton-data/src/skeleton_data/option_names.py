"""How a message names an option, which Python, a command line and a query each spell in their way."""

from __future__ import annotations

import re

_NAMED = re.compile(r"\bthe option ([a-z]+(?:_[a-z]+)*)\b")


def spell_options(text: str, *, space: str = "-") -> str:
    """Return a message with its options, each of which is `the option NAME`, as a command line has them.

    Args:
        text: The message of an error.
        space: What the command line has for the underscores in a name.

    Example:
        >>> spell_options("give the option source_layout, or the option up=-y if this is right")
        'give --source-layout, or --up=-y if this is right'
    """
    return _NAMED.sub(lambda found: "--" + found[1].replace("_", space), text)
