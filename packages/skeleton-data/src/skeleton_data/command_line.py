"""Words of a command line that mean what they say: `--up -y`, `--overwrite true`, `--dry_run`, ``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from skeleton_data.errors import DataError
from skeleton_data.option_names import nearest_name

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING = ("null", "none")


def truth(word: str) -> bool | None:
    """Return what a word says of a switch; None for a word that is neither true nor false.

    Example:
        >>> truth("Yes"), truth("off"), truth("wave.csv")
        (True, False, None)
    """
    return _TRUTH.get(word.lower())


def is_nothing(word: str) -> bool:
    """Return whether a word says that an option has no value.

    Example:
        >>> is_nothing("None"), is_nothing("0")
        (True, False)
    """
    return word.lower() in _NOTHING


def switch(option: str, *, on: bool) -> str:
    """Return an option that is true or false in the form that says so.

    Example:
        >>> switch("--overwrite", on=False), switch("--no-overwrite", on=False)
        ('--no-overwrite', '--overwrite')
    """
    if on:
        return option
    return f"--{option[5:]}" if option.startswith("--no-") else f"--no-{option[2:]}"


def spelt(option: str, options: Collection[str]) -> str:
    """Return an option with the hyphens or underscores that it has among those of a program.

    Example:
        >>> spelt("--dry_run", ["--dry-run"]), spelt("--no-dry-run", ["--no-dry_run"])
        ('--dry-run', '--no-dry_run')
    """
    if option in options:
        return option
    return next((each for each in options if each.replace("_", "-") == option.replace("_", "-")), option)


def rewrite_arguments(
    arguments: Sequence[str], options: Collection[str], switches: Collection[str]
) -> list[str]:
    """Return arguments with `--up -y` as `--up=-y`, and `--overwrite false` as `--no-overwrite`.

    Options may have underscores for hyphens.

    Args:
        arguments: Of the command line.
        options: All options of the command, with their hyphens.
        switches: Those that are true or false, as `--overwrite`.

    Raises:
        DataError: A word is empty, as a variable of the shell that is not set, or a switch is to be nothing;
            names the option.

    Example:
        >>> options = ["--up", "--overwrite", "--max-gap"]
        >>> rewrite_arguments(["--up", "-y", "--max_gap=3", "--overwrite", "no"], options, options[1:2])
        ['--up=-y', '--max-gap=3', '--no-overwrite']
    """
    return list(_rewritten(arguments, options, switches))


def _rewritten(
    arguments: Sequence[str], options: Collection[str], switches: Collection[str]
) -> Iterator[str]:
    words = list(reversed(arguments))
    before = ""
    while words:
        word = words.pop()
        option, equals, value = word.partition("=")
        if not word or (option.startswith("--") and equals and not value):
            named = option or before
            place = named.removeprefix("--") if named.startswith("--") else "a file or folder"
            raise DataError(f"{place}: expected a value, found an empty text")
        if option.startswith("--"):
            option = spelt(option, options)
            word = option + equals + value
        if word == "--up" and words and words[-1] in ("-x", "-y", "-z"):
            word = f"--up={words.pop()}"
        elif option in switches or option.replace("--no-", "--", 1) in switches:
            if not equals and words and (truth(words[-1]) is not None or is_nothing(words[-1])):
                equals, value = "=", words.pop()
            word = _switch(option, value) if equals else option
        before = word
        yield word


def _switch(option: str, value: str) -> str:
    if (on := truth(value)) is None:
        raise DataError(f"{option.removeprefix('--')}: expected true or false, found {value!r}")
    return switch(option, on=on)


def with_nearest_option(complaint: str, options: Collection[str]) -> str:
    """Return what argparse says of a command line, with the nearest option where one is not known.

    Args:
        complaint: The message of argparse.
        options: All options of the command.

    Example:
        >>> with_nearest_option("unrecognized arguments: --overwrit", ["--overwrite", "--up"])
        'unrecognized arguments: --overwrit (the nearest option is --overwrite)'
    """
    _, unknown, words = complaint.partition("unrecognized arguments: ")
    if not (unknown and words.startswith("--")):
        return complaint
    near = nearest_name(words.split()[0].partition("=")[0], options)
    return complaint + (f" (the nearest option is {near})" if near else "")
