"""Matching joints by name, whatever the spelling: `ElbowLeft` and `left_elbow` are one joint."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skeleton_data.errors import DataError

_SIDES = {"l": "left", "r": "right", "centre": "center"}
_GLUED = re.compile(r"(left|right|cent(?:er|re))", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def joint_key(name: str) -> tuple[str, ...]:
    """Return the words of a joint name, lower case and sorted, so that spellings of one joint are equal.

    Case, separators and word order do not count; `l` and `r` stand for left and right, `centre` for
    center.

    Example:
        >>> {joint_key(name) for name in ("ElbowLeft", "left_elbow", "elbow-left", "LElbow")}
        {('elbow', 'left')}
        >>> joint_key("ShoulderCenter")
        ('center', 'shoulder')
    """
    words = (word.lower() for word in _WORD.findall(_GLUED.sub(r" \1 ", name)))
    return tuple(sorted(_SIDES.get(word, word) for word in words))


def match_joints(names: Sequence[str], wanted: Sequence[str], *, source: str = "the data") -> tuple[int, ...]:
    """Return where each wanted joint stands in `names`; joints that nobody wants are left out.

    Args:
        names: Joint names of the data, in its order.
        wanted: Joint names of the layout, in its order.
        source: What `names` belong to, for the error.

    Returns:
        One position in `names` for each of `wanted`.

    Raises:
        DataError: A wanted joint is missing, or two names are spellings of the same joint.

    Example:
        >>> match_joints(["Head", "ElbowLeft", "Tail"], ["left_elbow", "head"])
        (1, 0)
    """
    positions: dict[tuple[str, ...], int] = {}
    for position, name in enumerate(names):
        first = positions.setdefault(joint_key(name), position)
        if first != position:
            raise DataError(f"{source}: joints {names[first]!r} and {name!r} have the same name")
    missing = [name for name in wanted if joint_key(name) not in positions]
    if missing:
        raise DataError(f"{source}: no joint named {', '.join(missing)}; it has {', '.join(map(str, names))}")
    return tuple(positions[joint_key(name)] for name in wanted)
