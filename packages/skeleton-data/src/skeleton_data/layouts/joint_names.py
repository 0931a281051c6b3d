"""Matching joints by name, whatever the spelling: `ElbowLeft` and `left_elbow` are one joint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from skeleton_data.errors import DataError

JointKey = tuple[str, ...]
"""The words of a joint's name, sorted."""

_WORDS = {"l": "left", "r": "right", "c": "center", "centre": "center", "naval": "navel"}
_GLUED = re.compile(r"(left|right|cent(?:er|re))", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_COMPOUND = re.compile(
    r"(hand|big|small|fore|up|toe|spine)(tip|toe|arm|leg|base|navel|naval|chest|mid|shoulder)"
)
_SIDED = re.compile(
    r"([lr])(shoulder|elbow|wrist|hand|thumb|hip|knee|ankle|foot|heel|toe|eye|ear|clavicle|collar"
    r"|fhd|bhd|sho|upa|elb|frm|wra|wrb|fin|asi|psi|thi|kne|tib|ank|hee)"
)
_HUMAN_IK = {
    ("shoulder",): ("collar",),
    ("arm",): ("shoulder",),
    ("arm", "fore"): ("elbow",),
    ("hand",): ("wrist",),
    ("leg", "up"): ("hip",),
    ("leg",): ("knee",),
    ("foot",): ("ankle",),
    ("base", "toe"): ("foot",),
}
"""What HumanIK and Mixamo call limbs, and the joints at which these begin."""

_LEAST = 5
"""Joints that a skeleton must have for a word in all of their names to be a prefix."""


@lru_cache(maxsize=4096)
def joint_key(name: str) -> JointKey:
    """Return the words of a joint name, lower case and sorted, so that spellings of one joint are equal.

    Case, separators and word order do not count, nor what stands before a colon; `l` and `r` stand for left
    and right, `c` and `centre` for center.

    Example:
        >>> {joint_key(name) for name in ("ElbowLeft", "left_elbow", "elbow-left", "LElbow", "Anna:lelbow")}
        {('elbow', 'left')}
        >>> joint_key("ShoulderCenter")
        ('center', 'shoulder')
    """
    words: list[str] = []
    for word in _WORD.findall(_GLUED.sub(r" \1 ", name.rpartition(":")[2])):
        word = word.lower()
        if glued := _SIDED.fullmatch(word) or _COMPOUND.fullmatch(word):
            words += glued.groups()
        else:
            words.append(word)
    return tuple(sorted(_WORDS.get(word, word) for word in words))


def joint_keys(names: Sequence[str]) -> tuple[JointKey, ...]:
    """Return the key of each joint of a skeleton, without what only all of its names tell.

    A word that is in every name (`JOINT_HEAD`, `JOINT_NECK`, ...) does not count. In a skeleton that calls
    joints by the limb that begins there, as HumanIK and Mixamo do, `LeftArm` is the left shoulder, and
    `LeftShoulder` the collarbone.

    Example:
        >>> joint_keys(["LeftShoulder", "LeftArm", "LeftForeArm"])
        (('collar', 'left'), ('left', 'shoulder'), ('elbow', 'left'))
    """
    keys = [joint_key(name) for name in names]
    if len(keys) >= _LEAST:
        common = set.intersection(*map(set, keys))
        short = [tuple(word for word in key if word not in common) for key in keys]
        if all(short) and len(set(short)) == len(set(keys)):
            keys = short
    if {("arm", "left"), ("arm", "fore", "left")} <= set(keys):
        keys = [_of_limb(key) for key in keys]
    return tuple(keys)


def _of_limb(key: JointKey) -> JointKey:
    side = [word for word in key if word in ("left", "right")]
    rest = tuple(word for word in key if word not in side)
    return tuple(sorted([*side, *_HUMAN_IK[rest]])) if side and rest in _HUMAN_IK else key


def other_side(key: JointKey) -> JointKey:
    """Return the key of the joint on the right, of one on the left.

    Example:
        >>> other_side(("elbow", "left"))
        ('elbow', 'right')
    """
    return tuple(sorted("right" if word == "left" else word for word in key))


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
    positions: dict[JointKey, int] = {}
    for position, key in enumerate(joint_keys(names)):
        first = positions.setdefault(key, position)
        if first != position:
            raise DataError(f"{source}: joints {names[first]!r} and {names[position]!r} have the same name")
    keys = joint_keys(wanted)
    missing = [name for name, key in zip(wanted, keys, strict=True) if key not in positions]
    if missing:
        raise DataError(f"{source}: no joint named {', '.join(missing)}; it has {', '.join(map(str, names))}")
    return tuple(positions[key] for key in keys)
