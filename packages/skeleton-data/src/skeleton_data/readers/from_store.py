"""A store, or a folder of stores, as the source of another: with other joints, or two devices together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from skeleton_data.clips import Clip, ClipSource, kind_of_joints
from skeleton_data.errors import DataError
from skeleton_data.files.arrays import read_rows
from skeleton_data.readers.config import ImportConfig
from skeleton_data.splits.own import sides_of_clips
from skeleton_data.store.files import FACTS, JOINTS, META
from skeleton_data.store.store import SkeletonStore


def open_store(path: Path, _: ImportConfig) -> ClipSource:
    """Return the clips of a store, or of all stores in a folder.

    Raises:
        DataError: It is no store, or damaged; the stores of a folder do not go together.
    """
    stores = stores_in(path)
    return _of_several(stores) if stores else _of_one(SkeletonStore.open(path))


def stores_in(path: Path) -> list[Path]:
    """Return the stores that lie in a folder, by name; none where it is a store itself."""
    if (path / META).is_file() or not path.is_dir():
        return []
    return sorted(each for each in path.iterdir() if each.name[0] != "." and (each / META).is_file())


def _of_several(paths: Sequence[Path]) -> ClipSource:
    """Return the clips of several stores, each clip called by its store first.

    Equal class names are one class, and equal numbers of subjects are one person.

    Raises:
        DataError: Layouts or units differ, or only some of the stores name their classes.
    """
    stores = [SkeletonStore.open(path) for path in paths]
    first = stores[0]
    for store in stores[1:]:
        if store.meta.units != first.meta.units:
            held, other = kind_of_joints(store.meta.units), kind_of_joints(first.meta.units)
            raise DataError.at(store.path, f"it holds {held}, but {first.path} holds {other}", field="units")
        if store.layout != first.layout:
            hint = f"first import each store with the option layout={first.layout.name} and the option derive"
            message = f"its layout is {store.layout.name}, but that of {first.path} is {first.layout.name}"
            raise DataError.at(store.path, f"{message}: {hint}", field="layout")
        if bool(store.class_names) != bool(first.class_names) and _labelled(store) and _labelled(first):
            unnamed = first if store.class_names else store
            raise DataError.at(unnamed.path, "its classes have no names, so they are not those of the others")
    names = tuple(dict.fromkeys(name for store in stores for name in store.class_names))
    cleanings = {store.cleaning for store in stores}
    notes = ", ".join(f"{len(store)} clips of {store.path}" for store in stores)
    return replace(
        _of_one(first),
        class_names=names,
        count=sum(map(len, stores)),
        clips=chain.from_iterable(_renamed(store, names) for store in stores),
        cleaning=cleanings.pop() if len(cleanings) == 1 else None,
        part=None,
        notes=(f"the stores are one data set, in which a subject's number is one person: {notes}",),
    )


def _labelled(store: SkeletonStore) -> bool:
    return bool((store.index.label >= 0).any())


def _renamed(store: SkeletonStore, names: Sequence[str]) -> Iterator[Clip | DataError]:
    """Return clips called by their store, with labels that are numbers among all class names."""
    numbers = [names.index(name) for name in store.class_names]
    for clip in _read(store):
        if isinstance(clip, DataError):
            yield clip
            continue
        label = clip.facts["label"]
        facts = {**clip.facts, "label": numbers[label] if numbers and label >= 0 else label}
        yield replace(clip, name=f"{store.path.name}/{clip.name}", facts=facts, fps=store.fps)


def _of_one(store: SkeletonStore) -> ClipSource:
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
