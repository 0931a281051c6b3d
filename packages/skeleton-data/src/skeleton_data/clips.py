"""Clips on their way from any data set into a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.ordered_map import ordered_map

Units = Literal["m", "picture"]
"""Unit of the positions in a store. `m`: metres. `picture`: x to the right and y up, from the middle of the
picture, in parts of its longer side (of Kinetics-Skeleton x in parts of the width and y of the height); z is
how sure the detector was, from 0 to 1."""


def kind_of_joints(units: Units) -> str:
    """Say what joints in these units are.

    Example:
        >>> kind_of_joints("picture")
        '2D joints in pictures'
    """
    return "3D joints in metres" if units == "m" else "2D joints in pictures"


SourceUnits = Literal["m", "picture", "pixels"]
"""Unit of the positions that a reader gives; the importer turns pixels (y down) into units of the picture."""

Up = Literal["y", "-y", "z", "-z", "x", "-x"]
"""Which axis of a file points up: "y", or "-y" where y points down."""

Cleaning = Literal["reference", "true_frames", "contrast"]
"""How raw recordings are cleaned, see `skeleton_data.ntu.cleaning.clean`."""

Side = Literal["train", "validation", "test"]
"""Part of a split: the clips that train, those that select the weights, or those that test."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Clip:
    """A clip and what is known of it.

    A reader gives positions in the axes of the file; the importer turns them upright and fills gaps.

    Attributes:
        name: What to call it.
        joints: Shape (T, M, V, 3) float32. A joint that was not measured is NaN; an absent body is all zero.
            In pixels, y points down and z is 0.
        facts: Of `label`, `subject`, `camera`, `setup`, `replication` those that are known.
        path: The file it comes from, for messages.
        confidence: Shape (T, M, V) float32, from 0 to 1: how sure the detector was of each joint, where the
            file says it; NaN where it does not say it of a joint. In the units "picture" z is the confidence.
        picture: Width and height of the picture, where positions are pixels and the file says it.
        fps: Frames per second of this clip, where they may differ from those of the others.
        sides: Side of the clip in each split that the data set came with, by the split's name.
        notes: What the reader decided about it and whoever imports should know, a sentence each.
    """

    name: str
    joints: NDArray[np.float32]
    facts: Mapping[str, int]
    path: Path
    confidence: NDArray[np.float32] | None = None
    picture: tuple[int, int] | None = None
    fps: float | None = None
    sides: Mapping[str, Side] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClipSource:
    """A data set that is read clip after clip.

    Attributes:
        kind: Format of the data, for the metadata of the store.
        joints: Joint names in the order of the data.
        fps: Frames per second.
        count: Number of items of `clips`, where known, or an estimate: for a progress bar.
        clips: The clips; in the place of one that cannot be used, the error that says why.
        layout: The skeleton whose joints these are, where the data say more of it than their names.
        class_names: Name of each label, where known.
        units: Of the positions.
        up: Axis of the positions that points up; None: what `FORMATS` in `readers.formats` says.
        left_out: Number of clips that the data set itself lists as without a skeleton.
        min_confidence: Confidence below which a joint counts as missing, by the convention of the format.
        notes: What the reader decided and whoever imports should know, a sentence each.
        cleaning: How the recordings were cleaned, where that is known.
        filled: Whether gaps were filled before: a joint of confidence 0 has a place all the same.
        frames: Number of frames of the only clip, where `part` reads some of them.
        format: Name of the format, as the option format has it.
        part: Reads the frames from the first number to before the second of the only clip, of which nothing
            but their joints is known.
    """

    kind: str
    joints: tuple[str, ...]
    fps: float
    count: int
    clips: Iterable[Clip | DataError] = field(repr=False)
    layout: SkeletonLayout | None = None
    class_names: tuple[str, ...] = ()
    units: SourceUnits = "m"
    up: Up | None = None
    left_out: int = 0
    min_confidence: float = 0.0
    notes: tuple[str, ...] = ()
    cleaning: Cleaning | None = None
    filled: bool = False
    frames: int = 0
    format: str = ""
    part: Callable[[int, int], Clip] | None = field(default=None, repr=False)


_AXES: dict[Up, tuple[tuple[int, int], ...]] = {
    "y": ((0, 1), (1, 1), (2, 1)),
    "-y": ((0, 1), (1, -1), (2, -1)),
    "z": ((0, 1), (2, 1), (1, -1)),
    "-z": ((0, 1), (2, -1), (1, 1)),
    "x": ((1, -1), (0, 1), (2, 1)),
    "-x": ((1, 1), (0, -1), (2, 1)),
}
# For each axis of the store the axis of the file that it is, and its sign: all are proper rotations, because
# a lone sign would make a left hand of a right one.


def turn_upright(joints: NDArray[np.float32], up: Up) -> NDArray[np.float32]:
    """Turn joints (..., 3), in whose axes `up` points up, so that y points up.

    Example:
        >>> turn_upright(np.array([1.0, 2.0, 3.0], np.float32), "z").tolist()
        [1.0, 3.0, -2.0]
    """
    if up == "y":
        return joints
    axes, signs = zip(*_AXES[up], strict=True)
    return joints[..., list(axes)] * np.array(signs, dtype=np.float32)


def axis_in_file(direction: NDArray[np.float64], up: Up) -> Up:
    """Return the axis of a file that `turn_upright` with `up` turned into a direction along an axis.

    Args:
        direction: (3,), in the axes of the store.
        up: What was said to point up in the file.

    Example:
        >>> axis_in_file(np.array([0, 0, -1]), "z")
        'y'
    """
    axes, signs = zip(*_AXES[up], strict=True)
    found = int(np.abs(direction).argmax())
    names: dict[tuple[int, bool], Up] = {
        (number, negative): axis  # type: ignore[misc]
        for number, name in enumerate("xyz")
        for negative, axis in ((False, name), (True, f"-{name}"))
    }
    return names[axes[found], bool(direction[found] * signs[found] < 0)]


def read_files(
    read: Callable[[Item], Sequence[Clip | DataError]], files: Sequence[Item], *, workers: int
) -> Iterator[Clip | DataError]:
    """Return the clips of `files` in order, by `workers` processes; in the place of a bad file, its error."""
    for clips in ordered_map(partial(_attempt, read), files, workers=workers):
        yield from clips


def _attempt(read: Callable[[Item], Sequence[Clip | DataError]], file: Item) -> Sequence[Clip | DataError]:
    try:
        return read(file)
    except DataError as error:
        return [error]


def present_bodies(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut off padding of `joints` (T, M, V, 3): frames at the end, and bodies that are never there.

    Published arrays pad with zeros to a fixed length and number of bodies, or repeat the first body as the
    second. At least one frame and one body are left.

    Example:
        >>> clip = np.zeros((300, 2, 25, 3), np.float32)
        >>> clip[:80, 0] = 1
        >>> present_bodies(clip).shape
        (80, 1, 25, 3)
    """
    length, bodies = without_padding(joints)
    return joints[:length, bodies]


def without_padding(joints: NDArray[np.float32]) -> tuple[int, list[int]]:
    """Return what `present_bodies` keeps of joints (T, M, V, 3): the number of frames, and which bodies."""
    frames = np.flatnonzero(joints.any(axis=(1, 2, 3)))
    length = int(frames[-1]) + 1 if len(frames) else 1
    joints = joints[:length]
    bodies = [0]
    for body in range(1, joints.shape[1]):
        if joints[:, body].any() and not (joints[:, body] == joints[:, 0]).all():
            bodies.append(body)
    return length, bodies
