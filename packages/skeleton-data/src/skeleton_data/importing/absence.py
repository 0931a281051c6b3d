"""How long clips show nobody, between frames with somebody."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip

NAMED = 3
"""Clips that a warning names."""


class AbsenceReport:
    """Measures the gaps of clips in which no body is there, as they are left after filling."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._clips = self._longest = 0
        self._fillable = False

    def add(self, clip: Clip, marked: NDArray[np.float32]) -> None:
        """Measure a clip.

        Args:
            clip: As it goes into the store; an absent body is all zero.
            marked: Its joints (T, M, V, 3) before gaps were filled; a body that was lost is NaN.
        """
        seen = np.flatnonzero(clip.joints.any(axis=(1, 2, 3)))
        gap = int(np.diff(seen).max(initial=1)) - 1
        if not gap:
            return
        self._clips += 1
        self._longest = max(self._longest, gap)
        missing: NDArray[np.bool_] = np.asarray(np.isnan(marked).any(axis=-1))
        self._fillable |= bool(missing.all(axis=2).any())
        if len(self._names) < NAMED:
            self._names.append(clip.name)

    def warnings(self, clips: int, fps: float) -> list[str]:
        """Return a sentence if there is a gap among so many clips, of so many frames per second."""
        if not self._clips:
            return []
        names = ", ".join(self._names) + (", ..." if self._clips > len(self._names) else "")
        advice = "cut the clips there" + (", or raise the option max_gap" if self._fillable else "")
        return [
            f"nobody is seen for up to {self._longest / fps:.2f} s within {self._clips} of {clips} clips"
            f" ({names}), where all joints stay at zero: {advice}"
        ]
