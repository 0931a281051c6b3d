"""The command `skeleton-predict`: from recordings, or a stream of frames, to lines with classes."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from skeleton_data import ImportConfig
    from skeleton_runtime.answers import Answer
    from skeleton_runtime.recogniser import Recogniser

CANNOT_WRITE = 74
"""Exit code where the answers or a file cannot be written."""


def main(arguments: list[str] | None = None) -> None:
    """Run `skeleton-predict` with the arguments of the process, or those given."""
    if arguments is None:
        arguments = sys.argv[1:]
        # At the end Python would look for garbage among all objects of the libraries: a fifth of a short run.
        atexit.register(gc.freeze)
    try:
        _main(arguments)
    except KeyboardInterrupt:  # also in the second in which libraries are imported
        print("skeleton-predict: interrupted", file=sys.stderr)
        sys.exit(130)


def _main(arguments: list[str]) -> None:
    # To look for plug-ins, pydantic reads the metadata of all packages that are installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from skeleton_data import DataError, printable, spell_options
    from skeleton_runtime.cli.options import parse

    try:
        if arguments[:1] == ["serve"]:
            from skeleton_runtime.cli import serve

            serve.run(serve.parse(arguments[1:]))
        elif arguments[:1] == ["web"]:
            from skeleton_runtime.cli import web

            web.run(web.parse(arguments[1:]))
        else:
            run(parse(arguments), lines=sys.stdin or (), out=sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads the output has seen enough; what is left of it must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        print(f"skeleton-predict: error: {printable(str(error))}", file=sys.stderr)
        sys.exit(CANNOT_WRITE)
    except (DataError, UnicodeDecodeError) as error:
        for line in str(error).splitlines():
            print(f"skeleton-predict: error: {printable(spell_options(line))}", file=sys.stderr)
        sys.exit(2)


def run(given: argparse.Namespace, *, lines: Iterable[str], out: TextIO) -> None:
    """Print what is recognised, as soon as it is; a recording that cannot be used does not stop the others.

    Args:
        given: The options.
        lines: Frames, with `live`.
        out: Where answers go.

    Raises:
        DataError: If the model or a line of the input cannot be used; at the end, with a line for each, if
            recordings cannot.
    """
    from skeleton_data import DataError, printable, spell_options
    from skeleton_runtime.cli.output import csv_header, formatter
    from skeleton_runtime.events import find_events
    from skeleton_runtime.recogniser import Recogniser
    from skeleton_runtime.windows import Windows

    recogniser = Recogniser.load(given.model, threads=given.threads)
    refused: list[str] = []
    notes = list(filter(None, [Windows(given.window).note]))
    answers = _live(recogniser, given, lines) if given.live else _files(recogniser, given, refused, notes)
    line = formatter(given.format, given.top, windows=given.live or bool(given.window))
    header = [csv_header(events=given.events)] if given.format == "csv" else []
    for each in find_events(answers) if given.events else answers:
        print(*header, line(each), sep="\n", file=out, flush=given.live)
        header.clear()
    for note in notes:
        print(f"skeleton-predict: note: {printable(spell_options(note))}", file=sys.stderr)
    if refused:
        raise DataError("\n".join(refused))
    for unused in header:  # there is no answer, and nothing is wrong
        print(unused, file=out)


def _files(
    recogniser: Recogniser, given: argparse.Namespace, refused: list[str], notes: list[str]
) -> Iterator[Answer]:
    from skeleton_runtime.recorded_files import read_recordings
    from skeleton_runtime.windows import Windows

    config = _config(given)
    paths = [Path(path) for path in given.recordings]
    recordings = read_recordings(paths, recogniser.preprocessing, config, refused=refused, notes=notes)
    windows, decided = Windows(given.window, given.stride), _decided(given)
    yield from _with_bar(recogniser.recognise(recordings, windows, **decided))


def _decided(given: argparse.Namespace) -> dict[str, Any]:
    return {"threshold": given.threshold, "smooth": given.smooth}


def _config(given: argparse.Namespace) -> ImportConfig:
    """Return how data are to be understood.

    Raises:
        DataError: If an option cannot be used; names it.
    """
    from pydantic import ValidationError

    from skeleton_data import DataError, ImportConfig, first_mistake
    from skeleton_runtime.cli.options import IMPORT

    try:
        return ImportConfig(**{name: getattr(given, name) for name in IMPORT})
    except ValidationError as error:
        option, _, problem = str(first_mistake(error, model=ImportConfig)).partition(":")
        raise DataError(f"--{option.replace('_', '-')}:{problem}") from None


def _live(recogniser: Recogniser, given: argparse.Namespace, lines: Iterable[str]) -> Iterator[Answer]:
    from skeleton_runtime.frame_lines import answer_lines

    config = _config(given)
    stream = recogniser.stream(
        fps=config.fps,
        window=given.window or "2s",
        stride=given.stride,
        **_decided(given),
        source_layout=config.source_layout,
        derive=config.derive,
        units=config.units,
        up=config.up,
        picture=config.picture,
        insist=config.insist,
    )
    try:
        for answer, _ in answer_lines(stream, lines):
            yield answer
    except KeyboardInterrupt:  # the end of a stream that has none of its own
        return


def _with_bar(answers: Iterator[Answer]) -> Iterator[Answer]:
    """Show a bar on the standard error stream, where that is a terminal."""
    if not sys.stderr.isatty() or sys.stdout.isatty():  # answers on the terminal show the progress themselves
        yield from answers
        return
    from tqdm import tqdm

    yield from tqdm(answers, unit=" windows", leave=False)


if __name__ == "__main__":
    main()
