"""Frames in lines of JSON, as a camera program writes them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from skeleton_data import DataError
from skeleton_runtime.answers import Answer
from skeleton_runtime.live import LiveStream

MOST_CHARACTERS = 2**20
"""Most characters of a frame in JSON: ten people of a hundred joints take about 60,000."""


def answer_lines(stream: LiveStream, lines: Iterable[str]) -> Iterator[tuple[Answer, float]]:
    """Push frames in lines of JSON to a stream.

    Args:
        stream: Where they go.
        lines: JSON arrays: joints `[[x, y, z], ...]`, bodies `[[[x, y, z], ...], ...]`, or `[]` for nobody.
            Of a file no more is read at once than a line may have.

    Yields:
        Each answer, and the milliseconds since its last frame came.

    Raises:
        DataError: If a line is something else, or too long; says which.
    """
    if isinstance(lines, io.TextIOBase):
        lines = iter(partial(lines.readline, MOST_CHARACTERS + 1), "")
    arrived = time.perf_counter()
    for number, line in enumerate(lines, start=1):
        arrived = time.perf_counter()
        if not line.strip():
            continue
        try:
            answer = stream.push(frame_of(line))
        except DataError as error:
            raise DataError.at("standard input", str(error), line=number) from None
        if answer:
            yield answer, _since(arrived)
    if answer := stream.finish():
        yield answer, _since(arrived)


def _since(arrived: float) -> float:
    return round(1000 * (time.perf_counter() - arrived), 2)


def frame_of(line: str) -> list[Any]:
    """Return the frame in a line of JSON.

    Raises:
        DataError: If it is no array, or has more than `MOST_CHARACTERS` characters.
    """
    if len(line) > MOST_CHARACTERS:
        raise DataError(f"a frame has at most {MOST_CHARACTERS:,} characters of JSON, this one has more")
    try:
        frame = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"a frame must be an array of numbers in JSON ({error})") from None
    if not isinstance(frame, list):
        raise DataError(f"a frame must be an array of numbers in JSON, but is {line.strip()!r:.40}")
    return frame
