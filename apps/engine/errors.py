"""Mistakes in what a user gave: one line each, exit code 2, no traceback."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """What the user gave cannot be used; each line of the message is one complaint that names its cause."""


@contextmanager
def input_errors() -> Iterator[None]:
    """Take what the packages complain of inside for a mistake of the input.

    Only for the stage that reads and checks: later, during training, the same exceptions are defects and
    deserve their traceback.

    Raises:
        InputError: For every `ValueError` and `OSError` inside.
    """
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error
    except ValueError as error:
        raise InputError(" ".join(str(error).split())) from error


@contextmanager
def exit_on_bad_input(program: str) -> Iterator[None]:
    """Turn an `InputError` inside into lines on standard error and exit code 2.

    Of several processes that find the same mistake the first one speaks. The others wait for the launcher to
    end them, and speak only if it does not, when the mistake is theirs alone (a file missing on one machine).

    `accelerate launch` adds a report of its own below the lines, with exit code 1; `python` does not.
    """
    try:
        yield
    except InputError as error:
        rank = int(os.environ.get("RANK", "0"))
        if rank:
            time.sleep(10)
        who = f"{program}: process {rank}" if rank else program
        for line in str(error).splitlines():
            print(f"{who}: error: {line}", file=sys.stderr)
        sys.exit(2)


def leave_processes() -> None:
    """Part from the other processes, at the end of a program (a program may have many runs)."""
    from accelerate import PartialState

    PartialState().destroy_process_group()
