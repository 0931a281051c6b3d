"""Which answers of two runs are to the same clip."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_lab.errors import InputError
from skeleton_lab.runs.answers import Answers

Order = NDArray[np.int64]

_NUMBERED = re.compile(r"(clip|train|val|validation|test)\d{6,}")
"""Names that `skeleton-data import` gives to clips that have none: they say a place in a file."""


def pair(
    first: Answers, second: Answers, folders: tuple[Path, Path], *, same_data: bool
) -> tuple[Order, Order]:
    """Return the orders of two runs' answers in which each stands beside the other's answer to the same clip.

    Clips of one store are paired by their number. Those of two stores, as of one data set that was imported
    twice, are paired by their name; a pair must have the same class and, if both are known, the same subject.

    Args:
        first: Answers.
        second: Answers to the same clips.
        folders: Where they are, for messages.
        same_data: Whether both are to clips of the same store.

    Raises:
        InputError: If they are to different clips, or names do not tell the clips of two stores apart.
    """
    if not same_data:
        _require_names(first, second, folders)
    keys = [answers.clip.tolist() if same_data else answers.name for answers in (first, second)]
    here, there = ({key: at for at, key in enumerate(each)} for each in keys)
    common = [key for key in here if key in there and _alike(first, here[key], second, there[key])]
    if not len(common) == len(first.clip) == len(second.clip):
        raise InputError(
            f"{folders[0]}, {folders[1]}: {len(first.clip)} and {len(second.clip)} test clips, of which"
            f" {len(common)} are the same (number, name, class and subject are equal): only answers to the"
            " same clips are compared"
        )
    common.sort()
    return np.array([here[key] for key in common]), np.array([there[key] for key in common])


def _alike(first: Answers, here: int, second: Answers, there: int) -> bool:
    """Return whether name, class and subject of two clips agree."""
    who = first.subject[here], second.subject[there]
    return (
        first.name[here] == second.name[there]
        and first.classes[first.label[here]] == second.classes[second.label[there]]
        and (min(who) < 0 or who[0] == who[1])
    )


def _require_names(first: Answers, second: Answers, folders: tuple[Path, Path]) -> None:
    """Refuse clips of two stores whose names do not tell which is which."""
    where = (
        f"{folders[0]}, {folders[1]}: they were tested on two different stores, so that clips are paired by"
    )
    for folder, answers in zip(folders, (first, second), strict=True):
        if numbered := next(filter(_NUMBERED.fullmatch, answers.name), None):
            raise InputError(
                f"{where} name; but clips such as {numbered!r} of {folder} have only a number: test both runs"
                " on one store, or give the clips names before you import them"
            )
        name, count = Counter(answers.name).most_common(1)[0]
        if count > 1:
            raise InputError(f"{where} name; but {count} clips of {folder} have the name {name!r}")
