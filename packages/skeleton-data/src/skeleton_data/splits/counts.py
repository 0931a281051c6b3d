"""How many clips a split has: against the published numbers, and of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skeleton_data.splits.protocols import Split

OFFICIAL_COUNTS: dict[str, tuple[int, int]] = {
    "ntu60-xsub": (40_091, 16_487),
    "ntu60-xview": (37_646, 18_932),
    "ntu120-xsub": (63_026, 50_919),
    "ntu120-xset": (54_468, 59_477),
}
"""Training and test clips, without the samples that have no usable skeleton (302 and 535)."""


def check_counts(split: Split, protocol: str) -> str | None:
    """Compare the number of clips with the published one.

    Returns:
        None if they are equal or nothing is published for the protocol; else one line that names both.

    Example:
        >>> import numpy as np
        >>> clips = np.arange(3)
        >>> check_counts(Split(train=clips, validation=clips[:0], test=clips), "ntu60-xsub")
        'ntu60-xsub: 3 training and 3 test clips, the published counts are 40091 and 16487'
    """
    found = (len(split.train) + len(split.validation), len(split.test))
    official = OFFICIAL_COUNTS.get(protocol, found)
    if found == official:
        return None
    return (
        f"{protocol}: {found[0]} training and {found[1]} test clips, "
        f"the published counts are {official[0]} and {official[1]}"
    )


def class_counts(label: NDArray[np.integer], split: Split, classes: int) -> NDArray[np.int64]:
    """Return the labelled clips of each class on each side, (classes, 3): train, validation, test.

    Example:
        >>> label, clips = np.array([0, 1, 1, 0]), np.arange(4)
        >>> class_counts(label, Split(train=clips[:2], validation=clips[:0], test=clips[2:]), 2).tolist()
        [[1, 0, 1], [1, 0, 1]]
    """
    sides = (np.asarray(label)[side] for side in (split.train, split.validation, split.test))
    return np.stack([np.bincount(side[side >= 0], minlength=classes) for side in sides], axis=1)


def class_table(counts: NDArray[np.int64], names: Sequence[str]) -> str:
    """Return clips of each class (classes, 3) on each side as a table.

    Example:
        >>> print(class_table(np.array([[12, 3, 5]]), ["wave"]))
        class  training  validation  test
        wave         12           3     5
    """
    heading = ("class", "training", "validation", "test")
    rows = [(name, *map(str, row)) for name, row in zip(names, counts.tolist(), strict=True)]
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(4)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in (heading, *rows)
    )


def missing_classes(counts: NDArray[np.int64], names: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence on classes without a clip, and one for each side that has none of some others.

    One says that all training clips are of one class, where they are.

    Example:
        >>> missing_classes(np.array([[2, 0, 2], [3, 0, 0], [0, 0, 0]]), ["wave", "kick", "bow"])
        ('There is no clip of bow on any side.', 'There is no test clip of kick.')
    """
    there = np.asarray(counts.any(axis=1))
    found = [f"There is no clip of {listed_names(names, ~there)} on any side."] if not there.all() else []
    for side, column in (("training", 0), ("test", 2)):
        lack = there & (counts[:, column] == 0)
        if lack.any() and counts[:, column].any():
            found.append(f"There is no {side} clip of {listed_names(names, lack)}.")
    if (trained := counts[:, 0] > 0).sum() == 1:
        found.append(f"All training clips are of {listed_names(names, trained)}: every answer will be that.")
    return tuple(found)


def require_trained_classes(
    label: NDArray[np.integer], split: Split, names: Sequence[str], where: str, *, every: bool = False
) -> None:
    """Refuse a split that tests classes of which it has no training clip: nobody could learn them.

    Clips that are held out from the training side count as training clips, those without a label (-1) not at
    all.

    Args:
        label: (n,) class of each clip.
        split: The sides.
        names: Names of the classes.
        where: What divides the clips, for messages.
        every: Whether each class that is tested needs a training clip; else one of them is enough, as where
            one person alone shows a class and that person is tested. `missing_classes` names the others.

    Raises:
        ValueError: Names the classes.

    Example:
        >>> clips = np.arange(3)
        >>> sides = Split(train=clips[:1], validation=clips[:0], test=clips[1:])
        >>> require_trained_classes(np.array([0, 0, 1]), sides, ["wave", "kick"], "mine.csv", every=True)
        Traceback (most recent call last):
        ValueError: mine.csv: there is no training clip of kick, so that its test clips cannot be recognised
    """
    counts = class_counts(label, split, len(names))
    tested, trained = counts[:, 2] > 0, counts[:, :2].any(axis=1)
    unknown = tested & ~trained
    if not trained.any() or not unknown.any() or (not every and (tested & trained).any()):
        return  # that a side is empty, others say
    raise ValueError(
        f"{where}: there is no training clip of {listed_names(names, unknown)}, so that its test clips cannot"
        " be recognised"
    )


def listed_names(names: Sequence[str], chosen: NDArray[np.bool_]) -> str:
    """Return the names of the chosen classes in a row; of many, the first.

    Example:
        >>> listed_names(["wave", "kick", "bow"], np.array([True, False, True]))
        'wave, bow'
    """
    found = [names[number] for number in np.flatnonzero(chosen).tolist()]
    more = f" and {len(found) - MOST_NAMED} other classes" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


MOST_NAMED = 20
"""Classes that a sentence lists."""
