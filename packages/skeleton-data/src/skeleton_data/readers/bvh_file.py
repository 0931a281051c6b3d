"""Reading the text of BVH files: a hierarchy of joints with offsets and channels, and a table of motion."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.limits import require_memory
from skeleton_data.files.text import read_words
from skeleton_data.readers.listing import parse_floats

_JOINT_BYTES = 160
"""Memory for a joint of a frame: its position and its turn, in float64, and what they are made of."""
CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ")


@dataclass
class BvhJoint:
    """A joint, or the end of a limb.

    Attributes:
        name: As in the file; the end of a limb is called after its joint, `NAME_end`.
        parent: Number of the parent, -1 for a root.
        offset: From the parent, in the units of the file.
        channels: Names of its columns of the motion, in their order, like `Zrotation`.
    """

    name: str
    parent: int
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Bvh:
    """A BVH file.

    Attributes:
        joints: Parents before their children.
        fps: Frames per second.
        motion: Shape (frames, channels): the channels of all joints, one after the other; degrees.
    """

    joints: tuple[BvhJoint, ...]
    fps: float
    motion: NDArray[np.float64]


def read_bvh(path: Path) -> Bvh:
    """Read a BVH file.

    Raises:
        DataError: The file is missing, empty, cut, has wrong counts, text or NaN where a number belongs;
            names the line and what was expected there.
    """
    lines = _Lines(path)
    lines.expect("HIERARCHY")
    joints: list[BvhJoint] = []
    word, name = lines.take(), ""
    while word and word[0].upper() == "ROOT":
        _read_joint(lines, joints, word, -1)
        word = lines.take()
    if not joints:
        lines.fail(expected="ROOT", found=f"{' '.join(word)!r:.40}")
    if len({joint.name for joint in joints}) < len(joints):
        name = next(name for name in (joint.name for joint in joints) if _count(joints, name) > 1)
        raise DataError.at(path, f"there are {_count(joints, name)} joints called {name}")
    if [each.upper() for each in word] != ["MOTION"]:
        lines.fail(expected="MOTION", found=f"{' '.join(word)!r:.40}")
    frames = lines.number("Frames:")
    seconds = lines.number("Frame Time:")
    if frames < 1 or frames != int(frames) or not 0 < seconds < 60:
        lines.fail(
            expected="at least one frame, of a time above 0", found=f"{frames:g} frames of {seconds:g} s"
        )
    columns = sum(len(joint.channels) for joint in joints)
    size = f"{frames:.0f} frames of {len(joints)} joints"
    require_memory(path, int(frames) * len(joints) * _JOINT_BYTES, path.stat().st_size, size)
    rows = array("d")
    for number in range(int(frames)):
        words = lines.take(f"the numbers of frame {number} of {frames:.0f}")
        if len(words) != columns:
            lines.fail(expected=f"{columns} numbers, one for each channel", found=len(words))
        rows.extend(parse_floats(words, path, lines.line))
    if words := lines.take():
        lines.fail(
            expected=f"the end of the file after {frames:.0f} frames", found=f"{' '.join(words)!r:.40}"
        )
    rate, whole = 1 / seconds, round(1 / seconds)
    if abs(rate - whole) < 1e-4 * rate:  # the time is rounded, as 0.016667 is
        rate = float(whole)
    return Bvh(tuple(joints), rate, np.frombuffer(rows, dtype=np.float64).reshape(int(frames), columns))


def _count(joints: list[BvhJoint], name: str) -> int:
    return sum(joint.name == name for joint in joints)


def _read_joint(lines: _Lines, joints: list[BvhJoint], head: list[str], parent: int) -> None:
    """Read a joint and all below it; not recursive, since a file may nest as deep as it likes."""
    open_joints = [_named(lines, joints, head, parent)]
    while open_joints:
        words = lines.take("the closing brace of a joint")
        joint = joints[open_joints[-1]]
        match words[0].upper():
            case "OFFSET" if len(words) == 4:
                joint.offset = tuple(parse_floats(words[1:], lines.path, lines.line))
            case "CHANNELS":
                joint.channels = _channels(lines, words)
            case "JOINT" | "END":
                open_joints.append(_named(lines, joints, words, open_joints[-1]))
            case "}":
                open_joints.pop()
            case _:
                lines.fail(
                    expected="OFFSET x y z, CHANNELS, JOINT, End Site or }", found=f"{' '.join(words)!r:.40}"
                )


def _named(lines: _Lines, joints: list[BvhJoint], words: list[str], parent: int) -> int:
    if len(words) < 2:
        lines.fail(expected=f"a name after {words[0]}", found="the end of the line")
    name = " ".join(words[1:])
    if words[0].upper() == "END":
        ends = sum(joint.parent == parent and not joint.channels for joint in joints)
        name = f"{joints[parent].name}_end{ends + 1 if ends else ''}"
    joints.append(BvhJoint(name, parent))
    lines.expect("{")
    return len(joints) - 1


def _channels(lines: _Lines, words: list[str]) -> tuple[str, ...]:
    names = tuple(words[2:])
    known = {channel.lower(): channel for channel in CHANNELS}
    found = tuple(known.get(name.lower(), "") for name in names)
    if len(words) < 2 or words[1] != str(len(names)) or "" in found or len(set(found)) < len(found):
        lines.fail(
            expected=f"a count and as many of {', '.join(CHANNELS)}", found=f"{' '.join(words[1:])!r:.80}"
        )
    return found


class _Lines:
    """The lines of a file that are not blank, as words; braces stand alone."""

    def __init__(self, path: Path) -> None:
        self.path, self.line = path, 0
        self._words = self._split(read_words(path))

    def _split(self, text: str) -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(text.split("\n"), start=1):
            for part in line.replace("{", "\n{\n").replace("}", "\n}\n").split("\n"):
                if words := part.split():
                    yield number, words

    def fail(self, *, expected: str, found: object) -> NoReturn:
        raise DataError.at(self.path, line=self.line, expected=expected, found=found)

    def take(self, what: str = "") -> list[str]:
        """Return the words of the next line; at the end of the file none, or an error that names `what`."""
        self.line, words = next(self._words, (self.line, []))
        if what and not words:
            self.fail(expected=what, found="the end of the file")
        return words

    def expect(self, word: str) -> None:
        words = self.take(word)
        if [each.upper() for each in words] != [word]:
            self.fail(expected=word, found=f"{' '.join(words)!r:.40}")

    def number(self, name: str) -> float:
        found = " ".join(self.take(name))
        rest = found[len(name) :].split()
        if found[: len(name)].lower() != name.lower() or len(rest) != 1:
            self.fail(expected=f"{name} and a number", found=f"{found!r:.40}")
        return parse_floats(rest, self.path, self.line)[0]
