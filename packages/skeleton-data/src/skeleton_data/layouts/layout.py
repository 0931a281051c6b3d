"""What a skeleton is: its joints, their parents, the two sides, the centre and the body parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skeleton_data.errors import DataError
from skeleton_data.files.toml_file import parse_toml, read_toml
from skeleton_data.layouts.joint_names import JointKey, joint_key, joint_keys, other_side
from skeleton_data.mistakes import first_mistake
from skeleton_data.printable import Name

Pair = tuple[int, int]
Joint = TypeVar("Joint", str, int)
"""A joint by its name or number."""
MAX_JOINTS = 1024
"""Most joints of a skeleton: markers of faces and both hands are some hundreds."""


class SkeletonLayout(BaseModel):
    """A skeleton: everything that bones, mirroring, centring, masking by part and drawing need to know.

    Joints are numbered from 0 in the order of `joints`. The vertical axis of the data is y, pointing up.

    Raises:
        ValueError: A joint number out of range, parents that form a cycle, parts that do not hold each joint
            once.

    Example:
        >>> ntu = layout("ntu")
        >>> len(ntu.joints), ntu.joints[ntu.centre], ntu.joints[ntu.parents[3]]
        (25, 'spine_mid', 'neck')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(min_length=1, description="name of the layout")
    joints: tuple[Name, ...] = Field(
        min_length=1, max_length=MAX_JOINTS, description="joint names in the order of the data"
    )
    parents: tuple[int, ...] = Field(max_length=MAX_JOINTS, description="parent of each joint, -1 for a root")
    pairs: tuple[Pair, ...] = Field(
        max_length=MAX_JOINTS, description="(left, right) joints that mirror each other"
    )
    centre: int = Field(description="joint that is moved to the origin")
    shoulders: Pair | None = Field(
        default=None, description="(left, right) shoulder: which way the body faces; a hand has none"
    )
    hips: Pair | None = Field(
        default=None, description="(left, right) hip: which way the body faces; a hand has none"
    )
    parts: dict[Name, tuple[int, ...]] = Field(
        default={}, max_length=MAX_JOINTS, description="body parts; together they hold each joint once"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        count = len(self.joints)
        if len({joint_key(name) for name in self.joints}) != count:
            raise ValueError(f"joints of layout {self.name!r} are not {count} different names: {self.joints}")
        if len(self.parents) != count:
            raise ValueError(f"layout {self.name!r} has {count} joints but {len(self.parents)} parents")
        sides = [*self.pairs, *(pair for pair in (self.shoulders, self.hips) if pair is not None)]
        for joint in (self.centre, *(joint for pair in sides for joint in pair)):
            if not 0 <= joint < count:
                raise ValueError(f"layout {self.name!r} names joint {joint}, but has joints 0 to {count - 1}")
        self._check_tree()
        in_parts = sorted(joint for part in self.parts.values() for joint in part)
        if self.parts and in_parts != list(range(count)):
            raise ValueError(
                f"parts of layout {self.name!r} must hold each of its {count} joints exactly once"
            )
        return self

    def _check_tree(self) -> None:
        for joint, parent in zip(self.joints, self.parents, strict=True):
            if not -1 <= parent < len(self.joints):
                raise ValueError(f"layout {self.name!r}: parent {parent} of {joint!r} is not a joint")
        rooted: set[int] = set()
        for number in range(len(self.joints)):
            way: list[int] = []
            ancestor = number
            while ancestor >= 0 and ancestor not in rooted:
                if len(way) == len(self.joints):
                    joint = self.joints[number]
                    raise ValueError(f"layout {self.name!r}: the parents of {joint!r} form a cycle")
                way.append(ancestor)
                ancestor = self.parents[ancestor]
            rooted.update(way)

    @property
    def bones(self) -> tuple[Pair, ...]:
        """(joint, parent) of every joint that has a parent."""
        return tuple((joint, parent) for joint, parent in enumerate(self.parents) if parent >= 0)

    @property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the joint of the other side (itself in the middle): `x[..., layout.mirror, :]`."""
        other = dict(self.pairs) | {right: left for left, right in self.pairs}
        return tuple(other.get(joint, joint) for joint in range(len(self.joints)))

    def facing(self) -> tuple[Pair, Pair]:
        """Return (left, right) shoulders and hips, whose lines tell which way a body faces.

        Raises:
            DataError: The layout has none, as that of a hand.
        """
        if self.shoulders is None or self.hips is None:
            raise DataError(
                f"layout {self.name!r} has no shoulders and hips, from which its direction is computed:"
                " clips of it cannot be turned to face forward"
            )
        return self.shoulders, self.hips

    @classmethod
    def of_hierarchy(cls, name: str, joints: Sequence[str], parents: Sequence[int]) -> SkeletonLayout:
        """Return the skeleton of joints and their parents, as motion capture has them.

        Its centre is the first root; pairs, shoulders and hips come from the names.

        Raises:
            ValueError: Two joints have the same name, or the parents form no tree.

        Example:
            >>> arms = SkeletonLayout.of_hierarchy("arms", ["Chest", "LeftArm", "RightArm"], [-1, 0, 0])
            >>> arms.pairs
            ((1, 2),)
        """
        keys = joint_keys(joints)
        numbers = {key: number for number, key in enumerate(keys)}
        return cls(
            name=name,
            joints=tuple(joints),
            parents=tuple(parents),
            pairs=tuple(_sides(numbers)),
            centre=parents.index(-1),
            **{field: _line(numbers, word) for field, word in (("shoulders", "shoulder"), ("hips", "hip"))},
        )

    @classmethod
    def from_toml(cls, path: str | Path) -> SkeletonLayout:
        """Read a layout from a TOML file, in which joints are called by name.

        The file has `name`, `centre` and `joints`, a list of `[joint, parent]` with the parent `""`
        for a root; optionally `shoulders` and `hips` (two joints each; else `left_shoulder`, ..., in any
        spelling, if they are there), `pairs` (else every left joint with its right one) and a table
        `[parts]`. The files of the
        built-in layouts are examples.

        Raises:
            DataError: The file is missing or no such layout; names the file and the field.
        """
        try:
            return _from_table(read_toml(Path(path)))
        except ValidationError as error:
            raise first_mistake(error, path, SkeletonLayout) from None
        except DataError as error:
            raise error.within(path) from None


@cache
def layout_names() -> tuple[str, ...]:
    """Return the names of the built-in layouts.

    Example:
        >>> layout_names()  # doctest: +NORMALIZE_WHITESPACE
        ('azure32', 'body25', 'coco133', 'coco17', 'h36m17', 'halpe26', 'hand21', 'hik',
         'kinect_v1', 'mediapipe33', 'ntu', 'openpose18', 'smpl22', 'vicon39', 'zed34', 'zed38')
    """
    return tuple(sorted(Path(entry.name).stem for entry in _definitions().iterdir()))


def layout(name: str) -> SkeletonLayout:
    """Return the built-in layout of that name, or the one in a TOML file if `name` ends in `.toml`.

    Raises:
        DataError: No such layout.

    Example:
        >>> layout("kinect_v1").joints[:3]
        ('hip_center', 'spine', 'shoulder_center')
    """
    if name.endswith(".toml"):
        return SkeletonLayout.from_toml(name)
    name = _ALIASES.get(name, name)
    if name not in layout_names():
        raise DataError(f"no layout {name!r}: choose from {', '.join(layout_names())} or give a .toml file")
    return _built_in(name)


_ALIASES = {"openpose25": "body25", "mixamo": "hik", "kinect_v2": "ntu"}
"""Other names of built-in layouts."""


def _definitions() -> Traversable:
    """Return the folder of the built-in layouts, a TOML file each."""
    return files("skeleton_data.layouts") / "definitions"


@cache
def _built_in(name: str) -> SkeletonLayout:
    file = files("skeleton_data.layouts") / "definitions" / f"{name}.toml"
    return _from_table(parse_toml(file.read_text(encoding="utf-8"), name))


def _from_table(table: dict[str, Any]) -> SkeletonLayout:
    bones = _pairs(table, "joints")
    joints = [joint for joint, _ in bones]
    if len(joints) > MAX_JOINTS:
        raise DataError(f"'joints' are {len(joints)}, expected at most {MAX_JOINTS}")

    def number(name: object) -> int:
        if name not in joints:
            raise DataError(f"{name!r} is not one of the joints {', '.join(joints)}")
        return joints.index(str(name))

    by_key = dict(zip(joint_keys(joints), joints, strict=True))
    pairs = _sides(by_key)
    lines = {field: _line(by_key, word) for field, word in (("shoulders", "shoulder"), ("hips", "hip"))}
    named: dict[str, Any] = {"pairs": pairs, "parts": {}} | lines | table
    parts = named["parts"]
    if not isinstance(parts, dict) or not all(isinstance(part, list) for part in parts.values()):
        raise DataError("'parts' must be a table of lists of joints")
    numbers = {
        "joints": tuple(joints),
        "parents": tuple(-1 if parent == "" else number(parent) for _, parent in bones),
        "pairs": tuple(tuple(map(number, pair)) for pair in _pairs(named, "pairs")),
        "centre": number(named.get("centre")),
        **{
            field: None if named[field] is None else tuple(map(number, _pair(named, field)))
            for field in lines
        },
        "parts": {part: tuple(map(number, members)) for part, members in parts.items()},
    }
    return SkeletonLayout.model_validate(named | numbers)


def _sides(by_key: dict[JointKey, Joint]) -> list[tuple[Joint, Joint]]:
    """Return every joint of the left with that of the right."""
    return [
        (joint, by_key[other_side(key)])
        for key, joint in by_key.items()
        if "left" in key and other_side(key) in by_key
    ]


def _line(by_key: dict[JointKey, Joint], word: str) -> tuple[Joint, Joint] | None:
    """Return the (left, right) joints that are called so, if there are both."""
    left, right = (by_key.get(joint_key(f"{side}_{word}")) for side in ("left", "right"))
    return None if left is None or right is None else (left, right)


def _pairs(table: dict[str, Any], field: str) -> list[tuple[str, str]]:
    rows = table.get(field)
    if not isinstance(rows, list):
        raise DataError(f"{field!r} must be a list of pairs of names")
    return [_pair({field: row}, field) for row in rows]


def _pair(table: dict[str, Any], field: str) -> tuple[str, str]:
    match table[field]:
        case [str(first), str(second)]:
            return first, second
    raise DataError(f"{field!r} must hold pairs of names, not {table[field]!r}")
