"""The parser of all commands, and kinds of arguments."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from skeleton_data import printable
from skeleton_runtime.ranges import MAX_THREADS


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one line and exit code 2."""
        print(f"{self.prog}: error: {printable(message)}", file=sys.stderr)
        sys.exit(2)


class Version(str):
    """The version, looked up when it is printed; argparse prints it as it is if it has no `%(prog)s`."""

    def __mod__(self, _: object) -> str:
        """Return what is printed."""
        from skeleton_runtime._version import __version__

        return f"skeleton-predict {__version__}"


def parser_of(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser that complains in one line."""
    return _Parser(
        prog=program,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def threads(text: str) -> int:
    """Read a number of threads, as many as a machine can have."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MAX_THREADS}, found {text!r}")
    return int(text)


def at_least_one(text: str) -> int:
    """Read a number from 1 on."""
    if not text.isdecimal() or not 1 <= int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"expected a number from 1, found {text!r}")
    return int(text)


def file_name(text: str) -> str:
    """Refuse what a shell leaves of a variable that is empty: it would be this folder."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a file is empty")
    return text


def probability(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, found {text!r}")
    return number
