"""The program `skeleton-data`."""

from __future__ import annotations

import signal
import sys


def main(arguments: list[str] | None = None) -> None:
    """Run `skeleton-data` with the arguments of the process, or those given.

    The commands are imported inside, so that Ctrl-C in that second, too, ends in one line.
    """
    try:
        from skeleton_data.cli.commands import run

        run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        print("skeleton-data: interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
