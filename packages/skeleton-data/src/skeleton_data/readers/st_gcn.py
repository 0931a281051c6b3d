"""Arrays as ST-GCN and 2s-AGCN prepare them: `train_data.npy` (N, C, T, V, M) and `train_label.pkl`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, present_bodies
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.arrays import map_array, reading
from skeleton_data.layouts.layout import SkeletonLayout, layout
from skeleton_data.ntu.facts import ntu_class_names
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.joints_by_count import layout_of
from skeleton_data.readers.listing import per_metre, positions
from skeleton_data.readers.own_split import sides_of_parts
from skeleton_data.readers.plain_pickle import PlainArray, load_plain
from skeleton_data.readers.pyskl import facts_of_name

FPS = 30.0
KINETICS_JOINTS = 18


def open_st_gcn(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of one `.npy`, or of all `*data*.npy` in a folder; `config.part` chooses of those.

    Names and labels stand in the `.pkl` beside it, `train_label.pkl` beside `train_data_joint.npy`; without
    it clips have numbers and no labels. Arrays of `train` and `val` in one folder are the data set's own
    split. No array is held in memory. Padding is taken off: zeros at the end, a second body of zeros or equal
    to the first; a joint at exactly 0, 0, 0 of a body that is there was not measured. 18 joints are those of
    Kinetics, x, y and score in parts of the picture.

    Raises:
        DataError: There is no such array, or its labels do not fit it.
    """
    files = [path] if path.is_file() else sorted(path.glob("[!.]*data*.npy"))
    if config.part is not None:
        files = [file for file in files if file.name.startswith(config.part)]
    if not files:
        raise DataError.at(path, "there is no file like train_data.npy in it, or none of that part")
    arrays = [_array(file) for file in files]
    if len({array.shape[3] for array in arrays}) > 1:
        raise DataError.at(path, "its arrays have different numbers of joints")
    tables = [_names_and_labels(file, len(array)) for file, array in zip(files, arrays, strict=True)]
    names = [name for table, _ in tables for name in table]
    known = [label for _, labels in tables for label in labels]
    is_ntu = all(facts_of_name(name) for name in names)
    skeleton = _layout(arrays[0].shape[3], is_ntu, config, files[0])
    in_picture = skeleton.name == "openpose18"
    highest = max(known, default=-1)
    return ClipSource(
        kind="ST-GCN",
        joints=skeleton.joints,
        layout=skeleton,
        units="picture" if in_picture else "m",
        fps=config.fps or FPS,
        class_names=ntu_class_names()[: 60 if highest < 60 else 120] if is_ntu and highest < 120 else (),
        count=len(names),
        clips=_read(files, arrays, tables, np.float32(1) if in_picture else per_metre(config.units)),
    )


def _array(path: Path) -> NDArray[Any]:
    array = map_array(path)
    if array.ndim != 5 or array.shape[1] != 3 or array.dtype.kind != "f" or 0 in array.shape:
        raise DataError.at(path, expected="(clips, 3, frames, joints, bodies)", found=array.shape)
    return array


def _layout(joints: int, is_ntu: bool, config: ImportConfig, path: Path) -> SkeletonLayout:
    if is_ntu and joints == 25 and config.source_layout is None:
        return layout("ntu")
    return layout_of(joints, config, path)


def label_file(path: Path) -> Path:
    """Return where the labels of `path` lie: `train_label.pkl` of `train_data_joint.npy`."""
    return path.with_name(re.sub(r"data.*$", "label", path.stem) + ".pkl")


def _names_and_labels(path: Path, count: int) -> tuple[list[str], list[int]]:
    file = label_file(path)
    if not file.is_file():
        return [f"{path.stem}{number:06}" for number in range(count)], []
    table = load_plain(file)
    if not isinstance(table, list | tuple) or len(table) < 2:
        raise DataError.at(file, "expected names and labels")
    names, labels = (_listed(column, file) for column in table[:2])
    if not len(names) == len(labels) == count:
        raise DataError.at(file, f"{len(names)} names and {len(labels)} labels for {count} clips")
    if not all(type(label) is int for label in labels) or not all(isinstance(name, str) for name in names):
        raise DataError.at(file, "expected names that are text and labels that are whole numbers")
    return [name.removesuffix(".skeleton") for name in names], labels


def _listed(column: Any, file: Path) -> list[Any]:
    if isinstance(column, PlainArray):
        with reading(file):
            return list(column.array().tolist())
    if not isinstance(column, list | tuple):
        raise DataError.at(file, expected="a list", found=f"{column!r:.40}")
    return list(column)


def _read(
    files: list[Path],
    arrays: list[NDArray[Any]],
    tables: list[tuple[list[str], list[int]]],
    divisor: np.float32,
) -> Iterator[Clip | DataError]:
    parts = {file: re.sub(r"_?data.*$", "", file.stem) for file in files}
    sides = sides_of_parts(parts.values())
    for file, array, (names, labels) in zip(files, arrays, tables, strict=True):
        here = dict([sides[parts[file]]]) if parts[file] in sides else {}
        for number, name in enumerate(names):
            try:
                clip = positions(array[number], array.shape[1:], file, f"[{number}]")
                joints = present_bodies(clip.transpose(1, 3, 2, 0))
                if not joints.any():
                    message = f"[{number}]: all zero, there is no body"
                    raise NobodyError.of(file, message, frames=len(joints), clip=name)
            except DataError as error:
                yield error
                continue
            label = {"label": labels[number]} if labels and labels[number] >= 0 else {}
            unseen = zeros_as_missing(joints) if joints.shape[2] != KINETICS_JOINTS else joints
            yield Clip(name, unseen / divisor, label | facts_of_name(name), file, sides=here)


def zeros_as_missing(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return joints (T, M, V, 3) with NaN for a joint at exactly 0, 0, 0 of a body that is there.

    Example:
        >>> frames = [[[[0, 0, 0], [1, 1, 1]]], [[[0, 0, 0], [0, 0, 0]]]]
        >>> zeros_as_missing(np.array(frames, np.float32)).tolist()
        [[[[nan, nan, nan], [1.0, 1.0, 1.0]]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]]
    """
    there = joints.any(axis=(2, 3), keepdims=True)
    return np.where(there & ~joints.any(axis=-1, keepdims=True), np.float32(np.nan), joints)
