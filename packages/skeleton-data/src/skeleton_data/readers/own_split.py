"""The splits that a data set came with: names of its parts become sides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from skeleton_data.clips import Side
from skeleton_data.errors import DataError

DEFAULT_SPLIT = "default"
"""Name of the split of a data set that has one."""

_SIDES: dict[str, Side] = {"tr": "train", "te": "test", "va": "validation", "ev": "validation"}
_PART = re.compile(r"(.*?)[_.-]?(train|training|val|valid|validation|eval|test|testing)(\d*)", re.IGNORECASE)


def sides_of_parts(parts: Iterable[str]) -> dict[str, tuple[str, Side]]:
    """Return split and side of each part of a data set, by its name.

    `xsub_train` and `xsub_val` are the split `xsub`, `train1` and `test1` the split `1`, `train` and `val`
    the split `default`. A part called `val` is the test side where the split has no `test`, as is usual where
    a data set has two parts. Parts that are not two sides of a split are left out.

    Example:
        >>> sides_of_parts(["xsub_train", "xsub_val", "other"])
        {'xsub_train': ('xsub', 'train'), 'xsub_val': ('xsub', 'test')}
    """
    splits: dict[str, dict[Side, str]] = {}
    for part in parts:
        if found := _PART.fullmatch(part):
            before, word, number = found.groups()
            side = _SIDES[word[:2].lower()]
            name = "".join(filter(None, (before, number))) or DEFAULT_SPLIT
            splits.setdefault(name, {}).setdefault(side, part)
    return {
        part: (name, "test" if side == "validation" and "test" not in sides else side)
        for name, sides in splits.items()
        if "train" in sides and len(sides) > 1
        for side, part in sides.items()
    }


def sides_by_name(parts: Mapping[str, Iterable[str]], path: Path) -> dict[str, dict[str, Side]]:
    """Return the side of each clip in each split, by the clip's name.

    Args:
        parts: Names of clips in each part of the data set.
        path: The file that says it.

    Raises:
        DataError: A clip is on two sides of a split.
    """
    found: dict[str, dict[str, Side]] = {}
    for part, (split, side) in sides_of_parts(parts).items():
        for name in parts[part]:
            if found.setdefault(name, {}).setdefault(split, side) != side:
                raise DataError.at(path, f"split {split!r}: clip {name!r} is on two sides")
    return found
