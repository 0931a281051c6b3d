"""Joints that are so far from their body that they cannot be a part of it."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from skeleton_data.layouts.layout import SkeletonLayout

NAMED = 3
"""Joints that a warning names."""


class FarJoints:
    """Counts bodies of which a joint lies far away, as where -999 stands for what was not measured.

    Args:
        layout: Skeleton of the bodies.
        limit: Metres: the extent that no body has.
    """

    def __init__(self, layout: SkeletonLayout, limit: float) -> None:
        self._layout, self._limit = layout, limit
        self._frames: Counter[str] = Counter()  # by the joint that is farthest away
        self._clips = 0

    def add(self, bodies: NDArray[np.float32], extents: NDArray[np.float32]) -> None:
        """Measure the bodies (B, V, 3) of a clip, of these extents (B,)."""
        bodies = bodies[extents > self._limit]
        if not len(bodies):
            return
        away = np.linalg.norm(bodies - np.median(bodies, axis=1, keepdims=True), axis=-1).argmax(axis=1)
        self._clips += 1
        self._frames.update(self._layout.joints[joint] for joint in away)

    def warnings(self, clips: int) -> list[str]:
        """Return a sentence if there are such joints in some of so many clips."""
        if not self._frames:
            return []
        names = ", ".join(name for name, _ in self._frames.most_common(NAMED))
        return [
            f"in {self._frames.total():,} frames of {self._clips} of {clips} clips a joint ({names}) is more"
            f" than {self._limit:g} m away from its body: if a number such as -999 stands for what was not"
            " measured, leave such cells empty"
        ]
