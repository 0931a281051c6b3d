"""What a model answers for a window of frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_runtime.ranges import whole_number

UNKNOWN, NOBODY = "unknown", "nobody"
"""Answers that are no class."""


@dataclass(frozen=True)
class Answer:
    """The classes of a window of frames.

    Attributes:
        file: Where the frames are from; empty for a stream.
        clip: Name of the clip in the file.
        first_frame: Number of the first frame, from 0.
        last_frame: Number of the last frame.
        fps: Frames per second, where they are known.
        bodies: People in the window; more than the model looks at, or in few frames, are counted, too.
        names: Names of the classes.
        probabilities: (K,), or None where nobody is in the window, or in less than a quarter of its frames.
        threshold: Probability of the best class below which the answer is "unknown".

    Example:
        >>> answer = Answer("a.npz", "a", 0, 59, 30.0, 1, ("wave", "clap"), np.array([0.25, 0.75]))
        >>> answer.label, answer.best(1), answer.seconds
        ('clap', {'clap': 0.75}, (0.0, 2.0))
    """

    file: str
    clip: str
    first_frame: int
    last_frame: int
    fps: float | None
    bodies: int
    names: tuple[str, ...]
    probabilities: NDArray[np.float32] | None
    threshold: float | None = None

    @property
    def label(self) -> str | None:
        """The most probable class; None where nobody is there, `UNKNOWN` where it is too improbable."""
        for name, probability in self.best(1).items():
            return UNKNOWN if probability < (self.threshold or 0) else name
        return None

    @property
    def seconds(self) -> tuple[float, float] | None:
        """Begin and end of the window, where the rate is known."""
        return None if self.fps is None else (self.first_frame / self.fps, (self.last_frame + 1) / self.fps)

    def best(self, count: int) -> dict[str, float]:
        """Return the most probable classes, with their probabilities, the first one first.

        Raises:
            DataError: If `count` is no whole number from 0.
        """
        whole_number(count, "count", 0)
        if self.probabilities is None:
            return {}
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return {self.names[k]: float(self.probabilities[k]) for k in order.tolist()}

    def as_dict(self, top: int) -> dict[str, Any]:
        """Return what is printed as JSON; `answer` is `label`, or "nobody" where that is None."""
        start, end = self.seconds or (None, None)
        place = {"file": self.file, "clip": self.clip} if self.file else {}
        return place | {
            "first_frame": self.first_frame,
            "last_frame": self.last_frame,
            "start": start,
            "end": end,
            "bodies": self.bodies,
            "label": self.label,
            "answer": self.label or NOBODY,
            "classes": self.best(top),
        }
