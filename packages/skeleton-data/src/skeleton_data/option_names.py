"""How a message names an option, which Python, a command line and a query each spell in their way."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

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


def nearest_name(name: str, names: Collection[str]) -> str | None:
    """Return the name that was probably meant; None where none is near.

    The first whose last word is the same is near, as `run.resume` to `resume`, or else the one that is spelt
    most alike.

    Args:
        name: Of an option or a field that is not known.
        names: Those that are known.

    Example:
        >>> nearest_name("--epoch", ["--training.epochs", "--epochs"]), nearest_name("--colour", ["--up"])
        ('--epochs', None)
        >>> nearest_name("--period", ["--training.period"])
        '--training.period'
    """
    last = name.removeprefix("--").rpartition(".")[2]
    same = [known for known in names if known.endswith(f".{last}")]
    return next(iter([*same, *get_close_matches(name, names, n=1, cutoff=0.8)]), None)
