"""Answers that do not jump: the mean over the last windows."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skeleton_runtime.answers import Answer
from skeleton_runtime.ranges import whole_number

MOST_WINDOWS = 10_000
"""Windows of a mean at most: they are held in memory."""


class Smoothing:
    """Gives each answer the mean probabilities of the last windows of its recording.

    Where nobody is in view, or another recording begins, the mean begins anew.

    Args:
        windows: Number of windows, the last one among them.

    Raises:
        DataError: If there is none, or there are more than `MOST_WINDOWS`.

    Example:
        >>> smooth = Smoothing(2)
        >>> for wave in (1.0, 0.0):
        ...     row = np.array([wave, 1 - wave], np.float32)
        ...     print(smooth(Answer("", "", 0, 9, 30.0, 1, ("wave", "clap"), row)).best(1))
        {'wave': 1.0}
        {'wave': 0.5}
    """

    def __init__(self, windows: int = 1) -> None:
        most = whole_number(windows, "smooth", 1, MOST_WINDOWS)
        self._last: deque[NDArray[np.float32]] = deque(maxlen=most)
        self._recording = ("", "")

    def __call__(self, answer: Answer) -> Answer:
        """Return the answer to the next window."""
        recording = (answer.file, answer.clip)
        if answer.probabilities is None or recording != self._recording:
            self._last.clear()
        self._recording = recording
        if answer.probabilities is None:
            return answer
        self._last.append(answer.probabilities)
        return replace(answer, probabilities=np.mean(self._last, axis=0))
