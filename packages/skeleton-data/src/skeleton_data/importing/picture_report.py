"""What an import measures of bodies in pictures: their size, where they are, and what points up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.importing.anatomy import Trunk
from skeleton_data.layouts.layout import SkeletonLayout

SMALLEST = 0.004
"""Fraction of the picture's longer side: smaller bodies are refused. It is one pixel in 250, the size of
bodies whose positions are fractions of the picture, and were taken for pixels."""

LARGEST = 5.0
"""Pictures: larger bodies are refused. Their positions are in another unit than was said."""

OUTSIDE, UPSIDE_DOWN = 0.1, 0.9
"""Fractions of points outside of the picture, and of heads below hips, from which on there is a warning."""


class PictureReport:
    """Measures bodies in the units of pictures.

    Args:
        layout: Skeleton of the bodies.
    """

    def __init__(self, layout: SkeletonLayout) -> None:
        self._trunk = Trunk.of(layout)
        self._extents: list[float] = []
        self._points = self._outside = self._heads = self._below = 0

    def add(self, bodies: NDArray[np.float32]) -> None:
        """Measure bodies (B, V, 3) of a clip: x, y and confidence, 0 where a joint was not measured."""
        measured = bodies[..., 2] > 0
        places = bodies[measured][:, :2]
        if not len(places):
            return
        shown = np.where(measured[..., None], bodies[..., :2], np.float32(np.nan))
        shown = shown[measured.any(axis=1)]
        extents = np.sort((np.nanmax(shown, axis=1) - np.nanmin(shown, axis=1)).max(axis=-1))
        self._extents.append(float(extents[len(extents) // 2]))
        self._points += len(places)
        self._outside += int((np.abs(places) > 0.5).any(axis=1).sum())
        if self._trunk is not None:
            shown = bodies[measured[:, [*self._trunk.upper, *self._trunk.lower]].all(axis=1)]
            heads = self._trunk.directions(shown * np.array([1, 1, 0], np.float32))
            self._heads += len(heads)
            self._below += int((heads[:, 1] < 0).sum())

    @property
    def size(self) -> float | None:
        """Usual extent of a body, as a fraction of the picture's longer side."""
        return sorted(self._extents)[len(self._extents) // 2] if self._extents else None

    def check(self, source: str | Path) -> None:
        """Refuse bodies of `source` of about one pixel, or of several pictures.

        Raises:
            DataError: Names what was measured, and what may be wrong.
        """
        if self.size is not None and self.size < SMALLEST:
            raise DataError.at(
                source,
                f"a body measures {self.size:.2g} of the picture's longer side, expected {SMALLEST:g} or"
                " more: are its positions fractions of the picture? Multiply them by its width and height,"
                " or give the option insist if this is right",
            )

        if self.size is not None and self.size > LARGEST:
            raise DataError.at(
                source,
                f"a body measures {self.size:.3g} of the picture's longer side, expected at most {LARGEST:g}:"
                " are its positions pixels, and is the option picture its size? If this is right, give the"
                " option insist",
            )

    def warnings(self) -> list[str]:
        """Return what may be wrong, a sentence each."""
        found = []
        if self._points and self._outside > OUTSIDE * self._points:
            share = self._outside / self._points
            found.append(
                f"{share:.0%} of the points lie outside of the picture: is the option picture its size?"
            )
        if self._trunk is not None and self._heads and self._below > UPSIDE_DOWN * self._heads:
            parts, share = f"{self._trunk.above} are below {self._trunk.below}", self._below / self._heads
            found.append(f"{parts} in {share:.0%} of frames: in pixels, y must point down")
        return found
