"""Columns of an index by which clips are divided: known, and with the values that a protocol names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.splits.grammar import COLUMNS, Condition
from skeleton_data.store.store import ClipIndex


def known_column(
    index: ClipIndex, protocol: str, name: str, *, highest: int | None = None
) -> NDArray[np.int64]:
    """Return a column (n,) of which every clip has a value.

    Args:
        index: The clips.
        protocol: What needs the column, for messages.
        name: The column.
        highest: The largest value that the protocol knows; the smallest is then 1.

    Raises:
        ValueError: The column is unknown (-1) in some clip, or out of its range; says which are known.
    """
    column = np.asarray(getattr(index, name), dtype=np.int64)
    if (column < 0).any():
        unknown = int((column < 0).sum())
        there = [each for each in COLUMNS if (np.asarray(getattr(index, each)) >= 0).all()]
        raise ValueError(
            f"{protocol}: the {name} is unknown (-1) in {unknown} of {len(column)} clips; known in all clips:"
            f" {', '.join(there) or 'nothing'}"
            + ("; folds(K), such as folds(5), needs no subject" if name == "subject" else "")
        )
    if highest is not None and len(column) and not (column.min() >= 1 and column.max() <= highest):
        raise ValueError(
            f"{protocol} has {name}s 1 to {highest}, but the clips have {column.min()} to {column.max()}"
        )
    return column


def meets(index: ClipIndex, protocol: str, conditions: tuple[Condition, ...]) -> NDArray[np.bool_]:
    """Return which clips (n,) meet all conditions.

    Raises:
        ValueError: A column is not known, or no clip has a value that a condition names; says which
            there are.
    """
    chosen = np.ones(len(index), dtype=bool)
    for condition in conditions:
        column = known_column(index, protocol, condition.column)
        found = np.zeros(len(index), dtype=bool)
        for first, last in condition.ranges:
            here = (column >= first) & (column <= last)
            if not here.any():
                named = str(first) if first == last else f"{first}-{last}"
                there = ", ".join(map(str, np.unique(column)[:40]))
                raise ValueError(f"{protocol}: no clip has {condition.column} {named}; there are {there}")
            found |= here
        chosen &= found
    return chosen
