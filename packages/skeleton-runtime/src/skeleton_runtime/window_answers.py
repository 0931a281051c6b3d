"""Recordings are answered window by window, several at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from skeleton_data import in_view, sliding_windows, those_in_view
from skeleton_runtime.answers import Answer
from skeleton_runtime.ranges import whole_number
from skeleton_runtime.recordings import Recording
from skeleton_runtime.smoothing import Smoothing
from skeleton_runtime.windows import WindowError, Windows, people_in

if TYPE_CHECKING:
    from skeleton_runtime.explanation import Recognises

Item = TypeVar("Item")


def answer_windows(
    recogniser: Recognises,
    recordings: Iterable[Recording],
    windows: Windows,
    *,
    threshold: float | None,
    smooth: int,
    batch_size: int,
) -> Iterator[Answer]:
    """Answer for each window of recordings, which are read as they are needed.

    Args:
        recogniser: Answers for clips.
        recordings: As `read_recordings` reads them for the model.
        windows: Windows of a recording.
        threshold: Probability of the best class below which the answer is "unknown".
        smooth: Number of windows whose mean probability counts, the last one among them.
        batch_size: Windows that are held at once.

    Raises:
        DataError: If a length or a number of windows is out of its range, or windows are to be averaged, but
            none is said.
    """
    spans = (
        (recording, start, end)
        for recording in recordings
        for length, stride in [windows.in_frames(recording.fps, len(recording.joints))]
        for start, end in sliding_windows(len(recording.joints), length, stride)
    )
    smoothed, preprocessing = Smoothing(smooth), recogniser.preprocessing
    if smooth > 1 and windows.length is None:
        raise WindowError(f"smooth: {smooth} windows are averaged, so it needs a window, such as 2s")
    flat = preprocessing.units == "picture"
    people = those_in_view if windows.length is None else people_in
    while batch := next_few(spans, batch_size):
        shown, bodies = [], []
        for each, start, end in batch:
            shown.append(people(each.clip(start, end), picture=flat))
            bodies.append(int(in_view(each.joints[start:end], picture=flat).any(axis=0).sum()))
        somebody = [clip for clip in shown if clip is not None]
        rows = iter(recogniser(somebody) if somebody else ())
        for (recording, start, end), clip, count in zip(batch, shown, bodies, strict=True):
            answer = Answer(
                file=recording.file,
                clip=recording.name,
                first_frame=start,
                last_frame=end - 1,
                fps=recording.fps,
                bodies=count,
                names=preprocessing.classes,
                probabilities=None if clip is None else next(rows),
                threshold=threshold,
            )
            yield smoothed(answer)


def next_few(each: Iterator[Item], count: int) -> list[Item]:
    """Return the next few, at most `count`; none at the end.

    Raises:
        DataError: If none are wanted, which would look like the end.
    """
    return list(islice(each, whole_number(count, "batch_size", 1)))
