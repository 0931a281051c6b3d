"""The options of `skeleton-predict`."""

from __future__ import annotations

import argparse

from skeleton_runtime.cli.arguments import (
    Version,
    at_least_one,
    file_name,
    parser_of,
    probability,
    threads,
    with_words_read,
)

DESCRIPTION = """\
Recognise actions in recordings, or live, with a trained model.

    skeleton-predict MODEL recording.csv --units m --top 3
    skeleton-predict MODEL long.npz --window 2s --stride 0.5s --format csv
    skeleton-predict MODEL long.npz --window 2s --stride 0.5s --smooth 3 --events --format csv
    python tracker.py | skeleton-predict MODEL --live --fps 30
    skeleton-predict serve MODEL
    skeleton-predict web MODEL FOLDER

`serve` answers over HTTP, `web` writes a page that recognises in the browser; each has its own --help.

MODEL is a folder with a model.onnx, as `skeleton-lab share` writes it, such a file alone, or hf://OWNER/NAME.
A recording is a raw .skeleton file, own data in an .npz, a folder of them, a store, or any data set that
`skeleton-data import` reads. Joints are found by name, and recordings are brought to the rate, the axes and
the origin of the model's training. With --live the standard input has one frame a line, a JSON array of
joints [[x, y, z], ...] or of bodies [[[x, y, z], ...], ...].

Exit codes: 0 all was recognised, 2 something cannot be used (a line on the standard error stream names it;
all else is recognised), 74 the output cannot be written, 130 interrupted."""

IMPORT = (
    *("source_layout", "derive", "units", "up", "picture", "fps"),
    *("missing", "max_gap", "min_confidence", "insist"),
)
"""Options that say how to understand data: fields of `skeleton_data.ImportConfig`."""
OF_FILES = ("missing", "max_gap", "min_confidence")
"""Options that a stream does not have."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line.

    Raises:
        SystemExit: With code 2, after a line that names the option, if it cannot be used.
    """
    parser = parser_of("skeleton-predict", DESCRIPTION)
    add = parser.add_argument
    add("model", metavar="MODEL", help="Folder of the model, its .onnx file, or hf://OWNER/NAME.")
    add("recordings", metavar="FILE", nargs="*", type=file_name, help="Files and folders of recordings.")
    add("--live", action="store_true", help="Read frames from the standard input, one JSON array a line.")
    add(
        "--format",
        choices=("table", "json", "csv"),
        default="table",
        help="Format of the output: lines of text, a JSON object a line, or CSV (default: table).",
    )
    add(
        "--top",
        type=at_least_one,
        help="Number of classes to print, from 1, the most probable first (default: 5).",
    )
    add(
        "--window",
        help=(
            "Length of the sliding window, at least one frame, in frames (60) or seconds (2s) "
            "(default: the whole recording; live: 2s)."
        ),
    )
    add(
        "--stride",
        help=(
            "Distance between two windows, at least one frame and at most a window, in frames or "
            "seconds (default: half a window; live: at most 0.5s)."
        ),
    )
    add(
        "--threshold",
        type=probability,
        help=(
            'Probability of the best class below which the answer is "unknown", 0 to 1 '
            "(default: the model's)."
        ),
    )
    add(
        "--smooth",
        type=at_least_one,
        default=1,
        help=(
            "Number of windows over which probabilities are averaged, 1 to 10000: the current "
            "one and those before it (default: 1)."
        ),
    )
    add(
        "--events",
        action="store_true",
        help="Print when each action begins and ends, instead of each window.",
    )
    add(
        "--fps",
        type=float,
        help="Frames per second, above 0, of recordings that do not say it (default, live: the model's).",
    )
    add(
        "--source-layout",
        help=(
            "Skeleton layout of recordings that do not name their joints: a .toml file, or a name that "
            "`skeleton-data import --help` lists (default: the model's)."
        ),
    )
    add(
        "--derive",
        action="store_true",
        help="Compute joints that the recordings lack from others, such as the middle of the hips.",
    )
    add(
        "--picture",
        metavar="WIDTHxHEIGHT",
        help="Width and height of the picture in pixels, where positions are pixels: 640x480.",
    )
    add(
        "--units",
        choices=("auto", "m", "cm", "mm", "px"),
        default="auto",
        help=(
            "Unit of the positions, px for pixels; auto: what the recording says, or its "
            "format's (default: auto)."
        ),
    )
    add(
        "--up",
        choices=("auto", "y", "-y", "z", "-z", "x", "-x"),
        default="auto",
        help=(
            "Axis that points up, -y where y points down; auto: the training's or format's (default: auto)."
        ),
    )
    add(
        "--missing",
        choices=("refuse", "interpolate", "hold", "drop-frame"),
        help=(
            "What to do about joints that were not measured: refuse the recording, interpolate "
            "in time, hold the last position, or drop the frame (default: interpolate)."
        ),
    )
    add(
        "--max-gap",
        help="Longest gap that is filled, from 0, in frames (15) or seconds (0.5s) (default: 0.5s).",
    )
    add(
        "--min-confidence",
        type=float,
        help="Confidence below which a joint counts as missing, 0 to 1 (default: the format's).",
    )
    add(
        "--insist",
        action="store_true",
        help="Predict for implausible recordings too, such as bodies of 50 m.",
    )
    add("--threads", type=threads, default=1, help="Number of threads of the network, 1 to 512 (default: 1).")
    add("--version", action="version", version=Version("%(prog)s"))
    given = parser.parse_intermixed_args(with_words_read(parser, arguments))
    _check(parser, given)
    for name, value in (("top", 5), ("missing", "interpolate"), ("max_gap", "0.5s")):
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


def _check(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """End with one line where options do not go together."""
    if bool(given.recordings) == given.live:
        parser.error(
            "give recordings or --live, not both" if given.live else "name a recording, or give --live"
        )
    if given.stride and not (given.window or given.live):
        parser.error(f"--stride {given.stride} needs a --window that is at least as long")
    if given.smooth > 1 and not (given.window or given.live):
        parser.error(f"--smooth {given.smooth} averages windows, so it needs a --window, such as 2s")
    if given.events and given.top is not None:
        parser.error(
            f"--top {given.top} is for answers, but an event has one class; leave out --top or --events"
        )
    for name in OF_FILES:
        if given.live and getattr(given, name) is not None:
            parser.error(f"--{name.replace('_', '-')} is said of recordings alone, not of a stream (--live)")
    if given.max_gap is not None and given.missing in ("refuse", "drop-frame"):
        parser.error(
            f"--max-gap {given.max_gap} needs gaps that are filled, but --missing is {given.missing}"
        )
