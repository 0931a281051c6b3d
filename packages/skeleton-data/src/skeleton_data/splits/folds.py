"""Folds: each labelled clip is on the test side of one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton_data.splits.columns import known_column
from skeleton_data.splits.grammar import Folds, parse_protocol
from skeleton_data.store.store import ClipIndex
from skeleton_data.transforms.draws import Draw, hashed

MOST_NAMED = 8
"""Values of a column that the name of a fold lists."""


@dataclass(frozen=True)
class Fold:
    """One of the folds of a protocol.

    Attributes:
        number: From 1.
        name: What is tested in it, as `subject 3`.
        test: (k,) clips that are tested, sorted; all others train.
    """

    number: int
    name: str
    test: NDArray[np.int64]


def folds(index: ClipIndex, protocol: str, *, seed: int = 0) -> tuple[Fold, ...]:
    """Return the folds of a protocol.

    `leave-one-out(COLUMN)` has a fold for each value in the column, in their order. `folds(COLUMN, K)` keeps
    clips of one value together and fills K folds so that each has about the same fraction of every
    class: values with the most uneven classes first, each into the fold where the fractions are then the most
    even (as scikit-learn's `StratifiedGroupKFold`). `folds(K)` deals the clips of each class out in turn: the
    same subjects train and test. A value without a labelled clip has nothing to test: its clips train in
    every fold, for what learns without labels; where no clip at all has a label, every value is tested.

    Args:
        index: The clips.
        protocol: The protocol.
        seed: Order in which equal values, or the clips of a class, are dealt out.

    Raises:
        ValueError: A protocol without folds, a column that is not known, more folds than values or clips.

    Example:
        >>> clips = ClipIndex(*[np.array([1, 2, 1, 3])] * 7)
        >>> [(fold.number, fold.name, fold.test.tolist()) for fold in folds(clips, "leave-one-subject-out")]
        [(1, 'subject 1', [0, 2]), (2, 'subject 2', [1]), (3, 'subject 3', [3])]
    """
    wanted = parse_protocol(protocol)
    if not isinstance(wanted, Folds):
        raise ValueError(f"protocol {protocol!r} has no folds")
    if wanted.column is None:
        assert wanted.count is not None
        return _of_clips(index, wanted.count, protocol, seed)
    column = known_column(index, protocol, wanted.column)
    labelled = np.asarray(index.label) >= 0
    tested = np.flatnonzero(np.isin(column, column[labelled]) | ~labelled.any())
    values, unit = np.unique(column[tested], return_inverse=True)
    count = len(values) if wanted.count is None else wanted.count
    if len(values) < max(count, 2):
        there = _named(wanted.column, values) if len(values) else "there is no clip"
        raise ValueError(
            f"{protocol}: {max(count, 2)} folds need as many values of {wanted.column}, but the"
            f" {'labelled ' if labelled.any() else ''}clips have {len(values)}: {there}"
        )
    if wanted.count is None:
        place = np.arange(len(values))
    else:
        place = _even_folds(index.label[tested], unit, values, count, seed)
    return tuple(
        Fold(fold + 1, _named(wanted.column, values[place == fold]), tested[place[unit] == fold])
        for fold in range(count)
    )


def _of_clips(index: ClipIndex, count: int, protocol: str, seed: int) -> tuple[Fold, ...]:
    if len(index) < count:
        raise ValueError(f"{protocol}: {count} folds need as many clips, but there are only {len(index)}")
    order = np.lexsort((hashed(seed, Draw.FOLDS, np.arange(len(index))), index.label))
    place = np.empty(len(index), np.int64)
    place[order] = np.arange(len(index)) % count
    return tuple(Fold(fold + 1, f"fold {fold + 1}", np.flatnonzero(place == fold)) for fold in range(count))


def _even_folds(
    label: NDArray[np.integer], unit: NDArray[np.int64], values: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.int64]:
    """Return the fold (k,) of each of k values, so that folds have about the same fraction of each class."""
    classes, of = np.unique(label, return_inverse=True)
    clips = np.zeros((len(values), len(classes)))
    np.add.at(clips, (unit, of), 1)
    fraction = clips / clips.sum(axis=0)
    order = np.lexsort((hashed(seed, Draw.FOLDS, values), -fraction.std(axis=1), -clips.sum(axis=1)))
    filled, place = np.zeros((count, len(classes))), np.empty(len(values), np.int64)
    for turn, value in enumerate(order):
        empty = np.flatnonzero(~filled.any(axis=1))
        # As many values are left as folds are empty: each of them gets one.
        choices = empty if len(values) - turn <= len(empty) else np.arange(count)
        uneven = []
        for fold in choices:
            after = filled.copy()
            after[fold] += fraction[value]
            uneven.append((after.std(axis=0).mean(), after[fold].sum()))
        place[value] = choices[min(range(len(choices)), key=lambda choice: uneven[choice])]
        filled[place[value]] += fraction[value]
    return place


def _named(column: str, values: NDArray[np.int64]) -> str:
    """Return values of a column as text: `subject 3`, `subjects 1, 4`."""
    shown = ", ".join(map(str, values[:MOST_NAMED])) + ("" if len(values) <= MOST_NAMED else ", ...")
    plural = "bodies" if column == "bodies" else column.removesuffix("s") + "s"
    return f"{column} {shown}" if len(values) == 1 else f"{plural} {shown}"
