"""What happens when: consecutive windows with one answer become an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from skeleton_runtime.answers import NOBODY, Answer


@dataclass(frozen=True)
class Event:
    """Consecutive windows with one answer.

    Attributes:
        file: Where the frames are from; empty for a stream.
        clip: Name of the clip in the file.
        label: A class, `UNKNOWN` or `NOBODY`.
        first_frame: Number of the first frame, from 0.
        last_frame: Number of the last frame.
        fps: Frames per second, where they are known.
        probability: Mean probability of the class over the windows; None of `UNKNOWN` and `NOBODY`.
    """

    file: str
    clip: str
    label: str
    first_frame: int
    last_frame: int
    fps: float | None
    probability: float | None

    @property
    def seconds(self) -> tuple[float, float] | None:
        """Begin and end, where the rate is known."""
        return None if self.fps is None else (self.first_frame / self.fps, (self.last_frame + 1) / self.fps)

    def as_dict(self) -> dict[str, Any]:
        """Return what is printed as JSON."""
        start, end = self.seconds or (None, None)
        place = {"file": self.file, "clip": self.clip} if self.file else {}
        frames = {"first_frame": self.first_frame, "last_frame": self.last_frame}
        return (
            place
            | frames
            | {"start": start, "end": end, "event": self.label}
            | {"probability": self.probability}
        )


def find_events(answers: Iterable[Answer]) -> Iterator[Event]:
    """Join the answers to consecutive windows, as soon as another answer follows; none of them is kept.

    Events of a recording lie end to end. Where the answer changes, the border lies halfway between the
    middles of the two windows.

    Args:
        answers: To windows, in their order.

    Example:
        >>> import numpy as np
        >>> windows = [(0, [0.9, 0.1]), (5, [0.7, 0.3]), (10, [0.2, 0.8])]
        >>> names = ("wave", "clap")
        >>> answers = [Answer("", "", at, at + 9, 10.0, 1, names, np.array(p)) for at, p in windows]
        >>> [(event.label, event.first_frame, event.last_frame) for event in find_events(answers)]
        [('wave', 0, 11), ('clap', 12, 19)]
    """
    before: Answer | None = None
    first, total, count = 0, 0.0, 0
    for answer in answers:
        same = before is not None and (answer.file, answer.clip) == (before.file, before.clip)
        if before is not None and not (same and answer.label == before.label):
            last = (_middle(before) + _middle(answer)) // 2 if same else before.last_frame
            yield _event(before, first, last, total / count if count else None)
            first, total, count = last + 1, 0.0, 0
        if not same:
            first = answer.first_frame
        for name, probability in answer.best(1).items():
            if name == answer.label:
                total, count = total + probability, count + 1
        before = answer
    if before is not None:
        yield _event(before, first, before.last_frame, total / count if count else None)


def _middle(answer: Answer) -> int:
    return (answer.first_frame + answer.last_frame) // 2


def _event(answer: Answer, first: int, last: int, probability: float | None) -> Event:
    """Return the event of windows of which `answer` is one."""
    return Event(
        file=answer.file,
        clip=answer.clip,
        label=answer.label or NOBODY,
        first_frame=first,
        last_frame=last,
        fps=answer.fps,
        probability=probability,
    )
