"""The parser of all commands, and kinds of arguments."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from skeleton_data import DataError, printable, rewrite_arguments, with_nearest_option
from skeleton_runtime.ranges import MAX_THREADS


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one line and exit code 2."""
        message = with_nearest_option(message, self._option_string_actions)
        print(f"{self.prog}: error: {printable(message)}", file=sys.stderr)
        sys.exit(2)


class Version(str):
    """The version, looked up when it is printed; argparse prints it as it is if it has no `%(prog)s`."""

    def __mod__(self, _: object) -> str:
        """Return what is printed."""
        from skeleton_runtime._version import __version__

        return f"skeleton-predict {__version__}"


def with_words_read(parser: argparse.ArgumentParser, arguments: list[str]) -> list[str]:
    """Return arguments as argparse understands them: `--up=-y` for `--up -y`, `--max-gap` for `--max_gap`."""
    options = parser._option_string_actions
    switches = [name for name, action in options.items() if action.nargs == 0 and name.startswith("--")]
    try:
        words = rewrite_arguments(arguments, options, {*switches} - {"--help", "--version"})
    except DataError as error:
        parser.error(str(error))
    return [word for word in words if word.replace("--no-", "--", 1) not in switches or word in options]


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
