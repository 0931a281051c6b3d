"""Motion capture as BVH files: joint positions through forward kinematics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, read_files
from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_names import indices_of
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.readers.bvh_file import Bvh, BvhJoint, read_bvh
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.file_facts import FileFacts
from skeleton_data.readers.listing import files_below, per_metre
from skeleton_data.readers.own import read_joint_names

_BLOCK = 4096
"""Frames that are turned at once."""


def open_bvh(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each file, called by the file's name, of one `.bvh` file or a folder of them.

    All files must have the joints of the first, the ends of limbs among them (`NAME_end`), in any order and
    spelling. Their layout is the hierarchy of the first file. The format does not say its units:
    `config.units` must. Facts of the clips come from `config.labels` and `config.name`.

    Raises:
        DataError: There are no such files, the first is damaged, units are not said.
    """
    files = files_below(path, ".bvh")
    if config.units == "auto":
        raise DataError.at(path, "a BVH file does not say its units; give the option units: m, cm or mm")
    first = read_bvh(files[0])
    names = tuple(joint.name for joint in first.joints)
    joints = read_joint_names(config.joints, names, path)
    facts = FileFacts.of(files, config)
    read = partial(_read, names=names, divisor=per_metre(config.units), facts=facts)
    return ClipSource(
        kind="BVH",
        joints=joints,
        layout=_own_layout(joints, [joint.parent for joint in first.joints]),
        fps=first.fps,
        notes=facts.notes,
        class_names=facts.class_names,
        count=len(files),
        clips=read_files(read, files, workers=workers),
    )


def _own_layout(names: Sequence[str], parents: Sequence[int]) -> SkeletonLayout | None:
    """Return the skeleton of the hierarchy of a file; none where two of its names are one joint."""
    try:
        return SkeletonLayout.of_hierarchy("bvh", names, parents)
    except ValueError:
        return None


def _read(path: Path, *, names: tuple[str, ...], divisor: np.float32, facts: FileFacts) -> Sequence[Clip]:
    bvh = read_bvh(path)
    found = tuple(joint.name for joint in bvh.joints)
    indices = indices_of(names, found)
    if missing := [name for name in names if name not in indices]:
        raise DataError.at(
            path, f"expected the {len(names)} joints of the first file; there is no {', '.join(missing)}"
        )
    joints = np.empty((len(bvh.motion), len(bvh.joints), 3), dtype=np.float32)
    for start in range(0, len(joints), _BLOCK):  # turns of all frames take more memory than the file
        part = replace(bvh, motion=bvh.motion[start : start + _BLOCK])
        joints[start : start + _BLOCK] = world_positions(part) / divisor
    if found != names:
        joints = joints[:, [indices[name] for name in names]]
    return [Clip(path.stem, joints[:, None], facts[path], path, fps=bvh.fps)]


def world_positions(bvh: Bvh) -> NDArray[np.float64]:
    """Return all joints (frames, joints, 3), by forward kinematics, in the units of the file.

    A joint turns what is below it by the product of its rotations in the order of its channels, the first
    outermost. Position channels take the place of the offset.

    Example:
        >>> arm = (BvhJoint("a", -1, (0, 0, 0), ("Zrotation",)), BvhJoint("a_end", 0, (2, 0, 0)))
        >>> world_positions(Bvh(arm, 30.0, np.array([[0.0], [90.0]]))).round(6)[:, 1].tolist()
        [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """
    frames = len(bvh.motion)
    positions = np.empty((frames, len(bvh.joints), 3))
    turns = np.empty((frames, len(bvh.joints), 3, 3))
    column = 0
    for number, joint in enumerate(bvh.joints):
        values = bvh.motion[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        position, turn = _local(joint, values)
        if joint.parent < 0:
            positions[:, number], turns[:, number] = position, turn
        else:
            above = turns[:, joint.parent]
            positions[:, number] = positions[:, joint.parent] + np.einsum("tij,tj->ti", above, position)
            turns[:, number] = above @ turn
    return positions


def _local(joint: BvhJoint, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the position (T, 3) and turn (T, 3, 3) of a joint with respect to its parent."""
    position = np.tile(np.array(joint.offset), (len(values), 1))
    turn = np.broadcast_to(np.eye(3), (len(values), 3, 3))
    for channel, value in zip(joint.channels, values.T, strict=True):
        axis = "XYZ".index(channel[0])
        if channel.endswith("position"):
            position[:, axis] = value
        else:
            turn = turn @ _turn(axis, np.deg2rad(value))
    return position, turn


def _turn(axis: int, angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return right-handed rotations (T, 3, 3) about an axis."""
    matrix = np.zeros((len(angle), 3, 3))
    one, two = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1
    matrix[:, one, one] = matrix[:, two, two] = np.cos(angle)
    matrix[:, two, one] = np.sin(angle)
    matrix[:, one, two] = -np.sin(angle)
    return matrix
