"""From the data of a request to what is answered; it runs in a thread, and may be given anything."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from skeleton_data import DataError, OutputError, parse_json, player_data
from skeleton_runtime.answers import Answer
from skeleton_runtime.arrays import array_recordings
from skeleton_runtime.recogniser import Recogniser
from skeleton_runtime.recorded_files import read_recordings
from skeleton_runtime.recordings import Recording
from skeleton_runtime.serving.limits import Limits, TooLargeError
from skeleton_runtime.serving.query import ClipQuery, QueryError
from skeleton_runtime.windows import Windows

BATCH = 16
"""Windows between two looks at the clock."""


def answer_file(
    recogniser: Recogniser, limits: Limits, data: bytes, query: ClipQuery, stopped: threading.Event
) -> dict[str, Any]:
    """Answer for a file of any format that import reads.

    The file is alone in a folder of its own while it is read: nothing beside it is found. When `stopped` is
    set, nobody waits for the answers any more.

    Raises:
        DataError: If nothing in it can be used.
        TooLargeError: If the limits do not allow it.
        OutputError: If the disk is full.
    """
    with _stored(data, query.name or "") as path:
        folder, refused, notes = str(path.parent), list[str](), _notes(query)
        config = query.config()
        read = read_recordings([path], recogniser.preprocessing, config, refused=refused, notes=notes)
        try:
            response = _answer(recogniser, limits, read, query, stopped)
        except DataError as error:
            raise type(error)(_without(folder, str(error))) from None
        complaints = [_without(folder, line) for line in refused]
        if complaints and not response["answers"]:
            raise DataError("\n".join(complaints))
        for answer in response["answers"]:
            answer["file"] = query.name
        told = [_without(folder, note) for note in notes]
        return response | ({"refused": complaints} if complaints else {}) | ({"notes": told} if told else {})


@contextmanager
def _stored(data: bytes, name: str) -> Iterator[Path]:
    """Return a file in a folder of its own, which is there as long as it is read."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="skeleton-predict-"))
            (Path(folder) / name).write_bytes(data)
        except OSError as error:
            raise OutputError(error.errno, error.strerror or str(error), name) from None
        yield Path(folder) / name


def answer_clips(
    recogniser: Recogniser, limits: Limits, data: bytes, query: ClipQuery, stopped: threading.Event
) -> dict[str, Any]:
    """Answer for `{"clips": [...]}` in JSON, each clip (T, V, 3) or (T, M, V, 3); null is a missing number.

    Raises:
        DataError: If a clip cannot be used; says which.
        TooLargeError: If the limits do not allow it.
    """
    try:
        given = parse_json(data.decode("utf-8-sig"), "the body")
    except UnicodeDecodeError as error:
        raise QueryError(f"the body must be UTF-8, but its byte {error.start} is not") from None
    except DataError as error:
        raise QueryError(str(error)) from None
    if not isinstance(given, dict) or given.keys() != {"clips"} or not isinstance(given["clips"], list):
        raise QueryError('the body must be {"clips": [...]}, each clip an array (T, V, 3) or (T, M, V, 3)')
    if not given["clips"]:
        raise QueryError("the body has no clip; send at least one")
    notes = _notes(query)
    clips = enumerate(given["clips"])
    recordings = array_recordings(clips, recogniser.preprocessing, query.config(), notes=notes)
    return _answer(recogniser, limits, recordings, query, stopped) | ({"notes": notes} if notes else {})


def _notes(query: ClipQuery) -> list[str]:
    return list(filter(None, [Windows(query.window, query.stride).note]))


def _answer(
    recogniser: Recogniser,
    limits: Limits,
    recordings: Iterable[Recording],
    query: ClipQuery,
    stopped: threading.Event,
) -> dict[str, Any]:
    windows, until = Windows(query.window, query.stride), time.monotonic() + limits.seconds
    first: list[Recording] = []
    read = _first_kept(limits.within(recordings, recogniser.preprocessing.fps), first)
    answers = []
    recognised = recogniser.recognise(
        read, windows, threshold=query.threshold, smooth=query.smooth, batch_size=BATCH
    )
    for answer in recognised:
        answers.append(answer)
        if stopped.is_set():
            raise DataError("the service stops")
        if time.monotonic() > until:
            raise TooLargeError(
                f"the answers take more than {limits.seconds:g} s: send less, or fewer windows"
            )
    return {"answers": [answer.as_dict(query.top) for answer in answers]} | (
        {"skeleton": _drawn(recogniser, first[0], answers)} if query.skeletons and first else {}
    )


def _first_kept(recordings: Iterator[Recording], first: list[Recording]) -> Iterator[Recording]:
    for recording in recordings:
        if not first:
            first.append(recording)
        yield recording


def _drawn(recogniser: Recogniser, recording: Recording, answers: list[Answer]) -> dict[str, Any] | None:
    """Return the joints of a recording as the model knows them, or None of nobody."""
    preprocessing = recogniser.preprocessing
    clip = recording.clip(0, len(recording.joints))
    if preprocessing.units == "picture":
        clip = clip * (1, 1, 0)
    if not clip.any():
        return None
    fps = preprocessing.fps or recording.fps
    return player_data({recording.name: clip.astype(float)}, preprocessing.layout, fps=fps)


def _without(folder: str, text: str) -> str:
    return text.replace(f"{folder}/", "").replace(folder, "the upload")
