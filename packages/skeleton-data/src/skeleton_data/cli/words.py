"""Words of a command line that argparse would take for something else: `--up -y`, `--overwrite true`, ``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from skeleton_data.errors import DataError

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING = ("null", "none")


def rewritten(arguments: Sequence[str], switches: Collection[str]) -> list[str]:
    """Return arguments with `--up -y` as `--up=-y`, and `--overwrite false` as `--no-overwrite`.

    Args:
        arguments: Of the command line.
        switches: Options that are true or false, as `--overwrite`.

    Raises:
        DataError: A word is empty, as a variable of the shell that is not set, or a switch is to be nothing;
            names the option.

    Example:
        >>> rewritten(["import", "--up", "-y", "--overwrite", "no", "in", "out"], {"--overwrite"})
        ['import', '--up=-y', '--no-overwrite', 'in', 'out']
    """
    return list(_rewritten(arguments, switches))


def _rewritten(arguments: Sequence[str], switches: Collection[str]) -> Iterator[str]:
    words = list(reversed(arguments))
    before = ""
    while words:
        word = words.pop()
        option, equals, value = word.partition("=")
        if not word or (option.startswith("--") and equals and not value):
            named = option or before
            place = named.removeprefix("--") if named.startswith("--") else "a file or folder"
            raise DataError(f"{place}: expected a value, found an empty text")
        if word == "--up" and words and words[-1] in ("-x", "-y", "-z"):
            word = f"--up={words.pop()}"
        elif option in switches or option.replace("--no-", "--", 1) in switches:
            if not equals and words and words[-1].lower() in (*_TRUTH, *_NOTHING):
                equals, value = "=", words.pop()
            word = _switch(option, value) if equals else option
        before = word
        yield word


def _switch(option: str, value: str) -> str:
    if (truth := _TRUTH.get(value.lower())) is None:
        raise DataError(f"{option.removeprefix('--')}: expected true or false, found {value!r}")
    if truth:
        return option
    off = option.startswith("--no-")
    return option.replace("--no-", "--", 1) if off else option.replace("--", "--no-", 1)
