"""A store as the source of another one: with other joints, say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.errors import DataError
from skeleton_data.files.arrays import read_rows
from skeleton_data.readers.config import ImportConfig
from skeleton_data.splits.own import sides_of_clips
from skeleton_data.store.files import FACTS, JOINTS
from skeleton_data.store.store import SkeletonStore


def open_store(path: Path, _: ImportConfig) -> ClipSource:
    """Return the clips of a store.

    Raises:
        DataError: It is no store, or damaged.
    """
    store = SkeletonStore.open(path)
    return ClipSource(
        kind="store",
        joints=store.layout.joints,
        layout=store.layout,
        fps=store.fps,
        class_names=store.class_names,
        units=store.meta.units,
        count=len(store),
        clips=_read(store),
        cleaning=store.cleaning,
        filled=True,
        part=_part_of(store) if len(store) == 1 and store.confidence is None else None,
        frames=int(store.index.frames[0]),
    )


def _read(store: SkeletonStore) -> Iterator[Clip | DataError]:
    sides = sides_of_clips(store)
    for number in range(len(store)):
        try:
            facts = _facts(store, number)
            joints = np.array(store.read(number))
            yield Clip(
                store.name(number),
                joints,
                facts,
                store.path,
                confidence=store.read_confidence(number),
                sides=sides.get(number, {}),
            )
        except DataError as error:
            yield error


def _facts(store: SkeletonStore, number: int) -> dict[str, int]:
    return {fact: int(getattr(store.index, fact)[number]) for fact in FACTS}


def _part_of(store: SkeletonStore) -> Callable[[int, int], Clip]:
    """Return what reads frames of the only clip."""

    def part(start: int, end: int) -> Clip:
        _, bodies, *shape = store.read(0).shape  # refuses an index that points elsewhere
        first = int(store.first_row[0])
        rows = read_rows(store.path / JOINTS, first + start * bodies, first + end * bodies)
        return Clip(store.name(0), rows.reshape(-1, bodies, *shape), _facts(store, 0), store.path)

    return part
