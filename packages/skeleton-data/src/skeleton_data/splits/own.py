"""The splits that a data set came with, as its store keeps them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import ValidationError

from skeleton_data.clips import Side
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_bytes
from skeleton_data.mistakes import first_mistake
from skeleton_data.splits.protocols import Split
from skeleton_data.splits.split_file import require_one_side
from skeleton_data.store.files import SPLITS, OwnSplits
from skeleton_data.store.store import SkeletonStore


def own_splits(store: SkeletonStore) -> dict[str, Split]:
    """Return the splits that the data set of a store came with, by name; none where it came with none.

    Raises:
        DataError: The file that holds them is damaged.
    """
    if SPLITS not in store.meta.files:
        return {}
    path = store.path / SPLITS
    try:
        content = OwnSplits.model_validate_json(read_bytes(path))
    except ValidationError as error:
        raise first_mistake(error, path, OwnSplits, note="damaged") from None
    found = {}
    for name, sides in content.splits.items():
        train, validation, test = (
            np.sort(np.array(sides.get(side, ()), np.int64)) for side in ("train", "validation", "test")
        )
        found[name] = Split(train=train, validation=validation, test=test)
        if (last := max(side.max(initial=0) for side in (train, validation, test))) >= len(store):
            raise DataError.at(
                path, f"damaged: split {name!r} has clip {last}, but the last is {len(store) - 1}"
            )
        try:
            require_one_side(found[name], store.name)
        except ValueError as error:
            raise DataError.at(path, f"damaged: split {name!r}: {error}") from None
    return found


def own_split(store: SkeletonStore, name: str | None) -> Split:
    """Return the split that the data set of a store came with.

    Args:
        store: The store.
        name: Which of several; None where there is one.

    Raises:
        ValueError: There is none, or none of that name; says which there are.
    """
    splits = own_splits(store)
    if not splits:
        raise ValueError(
            "own: the store keeps no split of its data set (formats that have one: ctr-gcn, pyskl, st-gcn,"
            " nw-ucla, kinetics, pku-mmd; stores of earlier versions must be imported again)"
        )
    if name is None and len(splits) == 1:
        return next(iter(splits.values()))
    if name not in splits:
        problem = "own: give the name of one, own:NAME" if name is None else f"own: no split {name!r}"
        raise ValueError(f"{problem}; there are {', '.join(f'own:{each}' for each in splits)}")
    return splits[name]


def sides_of_clips(store: SkeletonStore) -> Mapping[int, dict[str, Side]]:
    """Return the sides of each clip of a store that is in one of its own splits."""
    found: dict[int, dict[str, Side]] = {}
    for name, split in own_splits(store).items():
        sides: dict[Side, np.ndarray[tuple[int], np.dtype[np.int64]]] = {
            "train": split.train,
            "validation": split.validation,
            "test": split.test,
        }
        for side, clips in sides.items():
            for clip in clips.tolist():
                found.setdefault(clip, {})[name] = side
    return found
