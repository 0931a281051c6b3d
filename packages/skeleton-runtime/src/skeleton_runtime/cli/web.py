"""The command `skeleton-predict web`: a folder of static files that recognise recordings in a browser."""

from __future__ import annotations

import argparse
from pathlib import Path

from skeleton_runtime.cli.arguments import parser_of, with_words_read

DESCRIPTION = """\
Write a page that recognises recordings in the browser, without a server that computes.

    skeleton-predict web MODEL page
    python -m http.server --directory page --bind 127.0.0.1

The folder holds the page, model.onnx, and onnxruntime-web, which npm installs in the version of a lock file.
Any server of static files will do; recordings stay in the browser. The page reads raw .skeleton files, tables
of joints (.csv) and clips (.json); `skeleton-predict serve` reads all formats.

Exit codes: 0 written, 2 the model cannot be used or something is in the way, 74 it cannot be written."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line.

    Raises:
        SystemExit: With code 2, after a line that names the option, if it cannot be used.
    """
    parser = parser_of("skeleton-predict web", DESCRIPTION)
    add = parser.add_argument
    add("model", metavar="MODEL", help="Folder of the model, its .onnx file, or hf://OWNER/NAME.")
    add("output", metavar="FOLDER", type=Path, help="New folder of the page.")
    add(
        "--onnxruntime-web",
        type=Path,
        help=(
            "Folder of the npm package onnxruntime-web, in the version that the page needs (default: npm "
            "installs it)."
        ),
    )
    return parser.parse_args(with_words_read(parser, arguments))


def run(given: argparse.Namespace) -> None:
    """Write the folder.

    Raises:
        DataError: If the model cannot be used, or something is in the way.
    """
    from skeleton_runtime.page.static_folder import write_page

    write_page(given.model, given.output, runtime=given.onnxruntime_web)
    print(f"{given.output}: python -m http.server --directory {given.output} --bind 127.0.0.1")
