"""The clips of an epoch in which all classes are equally frequent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.transforms.draws import Draw, permutation

AGAIN = 1 << 32
"""Added to the epoch of a clip that comes again in it, so that it is augmented differently."""


def balanced_keys(labels: NDArray[np.integer], seed: int, epoch: int) -> list[tuple[int, int]]:
    """Return the keys of an epoch in which all classes are equally frequent, as many keys as there are clips.

    Args:
        labels: (N,) class of each clip.
        seed: Of the order.
        epoch: Which.

    Example:
        >>> labels = np.array([0, 0, 0, 0, 0, 1])
        >>> sorted(int(labels[clip]) for _, clip in balanced_keys(labels, seed=0, epoch=3))
        [0, 0, 0, 1, 1, 1]
    """
    classes = np.unique(labels)
    each, rest = divmod(len(labels), len(classes))
    keys: list[tuple[int, int]] = []
    for number, label in enumerate(classes.tolist()):
        members = np.flatnonzero(labels == label)
        wanted = each + ((number - epoch) % len(classes) < rest)
        for turn in range(-(-wanted // len(members))):
            order = members[permutation(len(members), seed, Draw.ORDER, epoch, label, turn)]
            left = wanted - turn * len(members)
            keys += [(epoch + turn * AGAIN, int(position)) for position in order[:left]]
    return [keys[place] for place in permutation(len(keys), seed, Draw.ORDER, epoch)]
