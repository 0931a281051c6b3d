"""Annotations of pyskl: a pickle with `split` and `annotations`, 2D or 3D."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, present_bodies
from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.facts import ntu_class_names
from skeleton_data.ntu.name import NtuName
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.kinetics import upright
from skeleton_data.readers.listing import per_metre, positions
from skeleton_data.readers.plain_pickle import PlainArray, load_plain

FPS = 30.0
_LAYOUTS = {17: "coco17", 18: "openpose18", 20: "kinect_v1", 25: "ntu"}


def open_pyskl(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of a pyskl file; nothing in the pickle is run, see `load_plain`.

    `keypoint` is (bodies, frames, joints, 2 or 3); the number of joints tells the layout. 3D positions are
    metres. 2D ones, pixels with y down and `keypoint_score`, become parts of the picture's longer side,
    from its middle, y up; z is the score. Names like those of NTU RGB+D say subject, camera, setup and
    replication. The whole file is held in memory.

    Raises:
        DataError: No such file, anything but arrays and plain containers in it, no annotations, no such
            split.
    """
    table = load_plain(path)
    annotations = table.get("annotations") if isinstance(table, dict) else None
    if not isinstance(annotations, list) or not annotations:
        raise DataError.at(path, "expected a dictionary with a list of 'annotations'")
    chosen = list(enumerate(annotations))
    if config.part is not None:
        names = _split(table.get("split"), config.part, path)
        chosen = [
            (number, item)
            for number, item in chosen
            if isinstance(item, dict) and item.get("frame_dir") in names
        ]
        if not chosen:
            raise DataError.at(path, f"split {config.part!r} names no clip that is there")
    number, first = chosen[0]
    shape = _keypoint(first, path, f"annotations[{number}]").shape
    if len(shape) != 4 or shape[2] not in _LAYOUTS or shape[3] not in (2, 3):
        raise DataError.at(
            path,
            f"annotations[{number}].keypoint: expected (bodies, frames, joints, 2 or 3) with"
            f" {', '.join(map(str, _LAYOUTS))} joints, found {shape}",
        )
    skeleton = _LAYOUTS[shape[2]]
    highest = max((item.get("label", -1) for _, item in chosen if _has_label(item)), default=-1)
    is_ntu = skeleton == "ntu" or _facts(first.get("frame_dir"))
    return ClipSource(
        kind="pyskl",
        joints=layout(skeleton).joints,
        layout=layout(skeleton),
        units="m" if shape[3] == 3 else "picture",
        fps=config.fps or FPS,
        class_names=ntu_class_names()[: 60 if highest < 60 else 120] if is_ntu and highest < 120 else (),
        count=len(chosen),
        clips=_read(chosen, shape[2:], per_metre(config.units), path),
    )


def _split(split: Any, part: str, path: Path) -> frozenset[str]:
    if not isinstance(split, dict) or part not in split:
        known = ", ".join(map(str, split)) if isinstance(split, dict) else "none"
        raise DataError.at(path, f"no split {part!r}; there are {known}")
    names = split[part]
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise DataError.at(path, f"split.{part}: expected a list of names")
    return frozenset(names)


def _has_label(item: Any) -> bool:
    return isinstance(item, dict) and type(item.get("label")) is int


def _facts(name: Any) -> dict[str, int]:
    """Return what the name of a clip of NTU RGB+D says; nothing of any other."""
    try:
        return NtuName.parse(str(name)).facts
    except DataError:
        return {}


def _keypoint(item: Any, path: Path, where: str, key: str = "keypoint") -> NDArray[Any]:
    value = item.get(key) if isinstance(item, dict) else None
    if not isinstance(value, PlainArray):
        raise DataError.at(path, f"{where}.{key}: missing, expected an array")
    try:
        return value.array()
    except ValueError as error:
        raise DataError.at(path, f"{where}.{key}: {error}") from None


def _read(
    chosen: list[tuple[int, Any]], last: tuple[int, ...], divisor: np.float32, path: Path
) -> Iterator[Clip | DataError]:
    for number, item in chosen:
        try:
            yield _clip(item, last, divisor, path, f"annotations[{number}]")
        except DataError as error:
            yield error


def _clip(item: Any, last: tuple[int, ...], divisor: np.float32, path: Path, where: str) -> Clip:
    keypoint = positions(_keypoint(item, path, where), (-1, -1, *last), path, f"{where}.keypoint")
    name, label, frames = item.get("frame_dir"), item.get("label"), item.get("total_frames")
    if not isinstance(name, str) or not name:
        raise DataError.at(path, f"{where}.frame_dir: expected a name, found {name!r:.40}")
    if type(label) is not int or label < 0:
        raise DataError.at(path, f"{where}.label: expected a number from 0, found {label!r:.40}")
    if frames is not None and frames != keypoint.shape[1]:
        raise DataError.at(
            path, f"{where}.total_frames: {frames!r:.40}, but keypoint has {keypoint.shape[1]} frames"
        )
    if last[1] == 2:
        score = positions(
            _keypoint(item, path, where, "keypoint_score"),
            keypoint.shape[:3],
            path,
            f"{where}.keypoint_score",
        )
        keypoint = upright(_of_picture(keypoint, item.get("img_shape"), path, where), score)
    else:
        keypoint = keypoint / divisor
    if not keypoint.any():
        raise DataError.at(path, f"{where}.keypoint: all zero, there is no body")
    joints = keypoint.transpose(1, 0, 2, 3)
    bodies = present_bodies(joints).shape[1]
    return Clip(name, joints[:, :bodies], {"label": label, **_facts(name)}, path)


def _of_picture(keypoint: NDArray[np.float32], shape: Any, path: Path, where: str) -> NDArray[np.float32]:
    """Return pixels as parts of the longer side, such that the middle of the picture is at 0.5, 0.5."""
    match shape:
        case (int(height), int(width)) if height > 0 and width > 0:
            sides = np.array([width, height], dtype=np.float32)
            return np.asarray((keypoint - sides / 2) / sides.max() + np.float32(0.5), dtype=np.float32)
    raise DataError.at(path, f"{where}.img_shape: expected (height, width), found {shape!r:.40}")
