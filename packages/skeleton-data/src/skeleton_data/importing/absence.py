"""How long clips show nobody: between frames with somebody, and before and after them."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip

NAMED = 3
"""Clips that a warning names."""

LATE = 0.5
"""Seconds before the first person comes, or after the last one leaves, beyond which a clip is named."""


class AbsenceReport:
    """Measures the frames of clips in which no body is there, as they are left after filling."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._clips = self._longest = 0
        self._fillable = False
        self._ends = array("l")  # frames without anybody at one end, of each clip that has any
        self._longest_ends: list[tuple[int, str]] = []  # the most of them, and their clips

    def add(self, clip: Clip, marked: NDArray[np.float32]) -> None:
        """Measure a clip.

        Args:
            clip: As it goes into the store; an absent body is all zero.
            marked: Its joints (T, M, V, 3) before gaps were filled; a body that was lost is NaN.
        """
        seen = np.flatnonzero(clip.joints.any(axis=(1, 2, 3)))
        if end := max(int(seen[0]), len(clip.joints) - 1 - int(seen[-1])) if len(seen) else 0:
            self._ends.append(end)
            self._longest_ends = sorted([(end, clip.name), *self._longest_ends], reverse=True)[:NAMED]
        gap = int(np.diff(seen).max(initial=1)) - 1
        if not gap:
            return
        self._clips += 1
        self._longest = max(self._longest, gap)
        missing: NDArray[np.bool_] = np.asarray(np.isnan(marked).any(axis=-1))
        self._fillable |= bool(missing.all(axis=2).any())
        if len(self._names) < NAMED:
            self._names.append(clip.name)

    def late(self, clips: int, fps: float) -> list[str]:
        """Return a sentence if nobody is there at one end of some of so many clips."""
        late = sum(frames > LATE * fps for frames in self._ends)
        if not late:
            return []
        names = ", ".join(name for frames, name in self._longest_ends if frames > LATE * fps)
        names += ", ..." if late > NAMED else ""
        return [
            f"nobody is there for up to {max(self._ends) / fps:.2f} s at the beginning or the end of"
            f" {late} of {clips} clips ({names}), where all joints stay at zero: cut these frames off"
        ]

    def warnings(self, clips: int, fps: float) -> list[str]:
        """Return what is missing in so many clips, of so many frames per second, a sentence each."""
        found = self.late(clips, fps)
        if not self._clips:
            return found
        names = ", ".join(self._names) + (", ..." if self._clips > len(self._names) else "")
        advice = "cut the clips there" + (", or raise the option max_gap" if self._fillable else "")
        return [
            *found,
            f"nobody is seen for up to {self._longest / fps:.2f} s within {self._clips} of {clips} clips"
            f" ({names}), where all joints stay at zero: {advice}",
        ]
