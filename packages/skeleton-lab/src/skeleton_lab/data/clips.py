"""Chosen clips of stores."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from skeleton_data import SkeletonStore
from skeleton_lab.errors import InputError

Clips = list[tuple[SkeletonStore, NDArray[np.int64]]]
"""Stores, each with the clips that are used."""


def require_bodies(clips: Clips) -> None:
    """Refuse stores in all of whose clips the joints of each body lie in one point.

    Raises:
        InputError: Names the stores.
    """
    for store, chosen in clips:
        for clip in chosen.tolist():
            if np.ptp(store.read(clip), axis=2).any():
                return
    where = ", ".join(str(store.path) for store, _ in clips)
    raise InputError(
        f"{where}: all joints of a body lie in one point in every clip, so nothing can be learnt"
    )


def most_bodies(clips: Clips) -> int:
    """Return the largest number of bodies in a clip."""
    return max(int(store.index.bodies[chosen].max(initial=1)) for store, chosen in clips)


def count(clips: Clips) -> int:
    """Return the number of clips."""
    return sum(len(chosen) for _, chosen in clips)


def clip_names(clips: Clips, positions: Iterable[int]) -> list[str]:
    """Return the names of clips at positions counted through all stores, each with its store's."""
    known = [(store, int(clip)) for store, chosen in clips for clip in chosen]
    return [f"{known[at][0].path.name}/{known[at][0].name(known[at][1])}" for at in positions]
