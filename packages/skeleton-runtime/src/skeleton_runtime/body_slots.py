"""Which person of a stream the model sees in which place, while people come and go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Joints = NDArray[np.float32]
FAR = 1.0
"""Metres that a person is taken to move at most while others come or go."""


class BodySlots:
    """Which of the body slots (M) of a model's input each person of a stream has."""

    def __init__(self, slots: int) -> None:
        self._whose: list[int | None] = [None] * slots  # number of the body in the last frame
        self._before: list[int] = []
        self._seen: dict[int, Joints] = {}  # body (V, 3) that a slot had last

    def put(self, bodies: Joints, last: Joints) -> Joints:
        """Return bodies (B, V, 3) in their slots (M, V, 3), zero in those that are free.

        The last measured joints (M, V, 3) of a slot that changes hands are forgotten: they become NaN.
        """
        measured = (bodies != 0) & ~np.isnan(bodies)
        there = np.flatnonzero(measured.any(axis=(1, 2))).tolist()
        if there != self._before:  # somebody came or went
            self._match({body: _centre(bodies[body]) for body in there}, last)
            self._before = there
        placed = np.zeros((len(self._whose), *bodies.shape[1:]), np.float32)
        for slot, body in enumerate(self._whose):
            if body is not None:
                placed[slot] = self._seen[slot] = bodies[body]
        return placed

    def _match(self, centres: dict[int, Joints], last: Joints) -> None:
        """Leave everybody the slot that is nearest, the nearest first; newcomers get a free one."""
        taken = [slot for slot, body in enumerate(self._whose) if body is not None]
        pairs = sorted(
            (float(np.linalg.norm(centre - before)), slot, body)
            for slot in taken
            for before in [_centre(self._seen[slot])]
            for body, centre in centres.items()
        )
        whose: list[int | None] = [None] * len(self._whose)
        for distance, slot, body in pairs:
            if distance <= FAR and whose[slot] is None and body not in whose:
                whose[slot] = body
        for body in centres:
            if body not in whose and None in whose:
                own_free = body < len(whose) and whose[body] is None
                slot = body if own_free else whose.index(None)
                whose[slot], last[slot] = body, np.nan
        self._whose = whose


def _centre(body: Joints) -> Joints:
    """Return the mean (3,) of the joints (V, 3) that were measured."""
    centre: Joints = np.nanmean(body, axis=0)
    return centre
