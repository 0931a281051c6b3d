"""Annotations of pyskl and MMAction2: a pickle of clips, alone or beside a `split`, 2D or 3D."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, Side, SourceUnits, present_bodies
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.layouts.layout import SkeletonLayout, layout
from skeleton_data.ntu.facts import ntu_class_names
from skeleton_data.ntu.name import NtuName
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.joints_by_count import layout_of
from skeleton_data.readers.listing import per_metre, positions
from skeleton_data.readers.own_split import sides_by_name
from skeleton_data.readers.people import about_nearest, join_nearest
from skeleton_data.readers.plain_pickle import PlainArray, load_plain
from skeleton_data.readers.recording import as_clip

FPS = 30.0
MAX_FRAMES = 1_000_000
_MAX_SIZE = 20.0
"""Metres: x and y beyond this, with a third number from 0 to 1, are pixels and a score."""
_USUAL = {17: "coco17", 20: "kinect_v1", 18: "openpose18"}


def open_pyskl(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of a file; nothing in the pickle is run, see `load_plain`.

    `keypoint` is (bodies, frames, joints, 2 or 3), or compressed, (bodies in all frames, joints, 3) with
    `frame_inds`. 3D positions are metres. Pixels have their score in `keypoint_score` or as third number; a
    joint of score 0 was not measured. Names like those of NTU RGB+D say subject, camera, setup and
    replication, and that 25 joints are NTU's. A label of -1, None or none at all is unlabelled. The
    `split` of the file is kept. The whole file is held in memory.

    Raises:
        DataError: No such file, anything but arrays and plain containers in it, no annotations, no such
            split.
    """
    table = load_plain(path)
    annotations = table.get("annotations") if isinstance(table, dict) else table
    if not isinstance(annotations, list) or not annotations:
        raise DataError.at(path, "expected a dictionary with a list of 'annotations', or such a list")
    chosen = list(enumerate(annotations))
    if config.part is not None:
        names = _split(table.get("split") if isinstance(table, dict) else None, config.part, path)
        chosen = [(number, item) for number, item in chosen if _is_of(_name(item), names)]
        if not chosen:
            raise DataError.at(path, f"split {config.part!r} names no clip that is there")
    sides = sides_by_name(_parts(table), path)
    number, first = chosen[0]
    keypoint = _array(first, path, f"annotations[{number}]")
    if keypoint.ndim not in (3, 4) or keypoint.shape[-1] not in (2, 3):
        raise DataError.at(
            path,
            f"annotations[{number}].keypoint: expected (bodies, frames, joints, 2 or 3), found"
            f" {keypoint.shape}",
        )
    flat = _is_flat(first, keypoint)
    is_ntu = any(facts_of_name(_name(item)) for _, item in chosen)
    skeleton = _layout(keypoint.shape[-2], is_ntu and not flat, config, path)
    highest = max((item["label"] for _, item in chosen if _is_labelled(item)), default=-1)
    units: SourceUnits = "pixels" if flat else "m"
    return ClipSource(
        kind="pyskl",
        joints=skeleton.joints,
        layout=skeleton,
        units=units,
        fps=config.fps or FPS,
        class_names=ntu_class_names()[: 60 if highest < 60 else 120] if is_ntu and highest < 120 else (),
        count=len(chosen),
        clips=_read(chosen, keypoint.shape[-2:], flat, sides, config, path),
    )


def facts_of_name(name: Any) -> dict[str, int]:
    """Return what the name of a clip of NTU RGB+D says; nothing of any other."""
    try:
        return NtuName.parse(str(name)).facts
    except DataError:
        return {}


def _layout(joints: int, is_ntu: bool, config: ImportConfig, path: Path) -> SkeletonLayout:
    if config.source_layout is None and is_ntu and joints == len(layout("ntu").joints):
        return layout("ntu")
    if (
        config.source_layout is None
        and joints in _USUAL
        and (config.layout is None or len(layout(config.layout).joints) != joints)
    ):
        return layout(_USUAL[joints])
    return layout_of(joints, config, path)


def _is_flat(item: dict[str, Any], keypoint: NDArray[Any]) -> bool:
    """Return whether positions are pixels: two coordinates, or three of which the last is a score."""
    if keypoint.shape[-1] == 2 or "frame_inds" in item:
        return True
    if keypoint.dtype.kind not in "iuf":
        return False
    with np.errstate(invalid="ignore"):
        score, largest = keypoint[..., 2], np.abs(keypoint[..., :2]).max(initial=0)
        return bool(largest > _MAX_SIZE and (score >= 0).all() and (score <= 1.5).all())


def _split(split: Any, part: str, path: Path) -> frozenset[str]:
    if not isinstance(split, dict) or part not in split:
        known = ", ".join(map(str, split)) if isinstance(split, dict) else "none"
        raise DataError.at(path, f"no split {part!r}; there are {known}")
    names = split[part]
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise DataError.at(path, f"split.{part}: expected a list of names")
    return frozenset(names)


def _parts(table: Any) -> dict[str, list[str]]:
    """Return the names in each part of the split, if there is one."""
    split = table.get("split") if isinstance(table, dict) else None
    parts = split.items() if isinstance(split, dict) else ()
    return {
        part: [name for name in names if isinstance(name, str)]
        for part, names in parts
        if isinstance(part, str) and isinstance(names, list | tuple)
    }


def _name(item: Any) -> Any:
    return item.get("frame_dir", item.get("filename")) if isinstance(item, dict) else None


def _is_of(name: Any, names: frozenset[str]) -> bool:
    """Return whether a part names it; what is no name stays, to be refused as a clip."""
    return not isinstance(name, str) or name in names


def _is_labelled(item: Any) -> bool:
    return isinstance(item, dict) and type(item.get("label")) is int


def _array(item: Any, path: Path, where: str, key: str = "keypoint") -> NDArray[Any]:
    value = item.get(key) if isinstance(item, dict) else None
    if not isinstance(value, PlainArray):
        raise DataError.at(path, f"{where}.{key}: missing, expected an array")
    try:
        return value.array()
    except ValueError as error:
        raise DataError.at(path, f"{where}.{key}: {error}") from None


def _read(
    chosen: list[tuple[int, Any]],
    last: tuple[int, ...],
    flat: bool,
    sides: Mapping[str, Mapping[str, Side]],
    config: ImportConfig,
    path: Path,
) -> Iterator[Clip | DataError]:
    for number, item in chosen:
        try:
            clip = _clip(item, last, flat, config, path, f"annotations[{number}]")
            compressed = "frame_inds" in item
            notes = about_nearest(clip.joints) if compressed else ()
            yield replace(clip, sides=sides.get(clip.name, {}), notes=notes)
        except DataError as error:
            yield error


def _clip(item: Any, last: tuple[int, ...], flat: bool, config: ImportConfig, path: Path, where: str) -> Clip:
    array = _array(item, path, where)
    keypoint = positions(array, (*(-1,) * (array.ndim - 2), *last), path, f"{where}.keypoint")
    name, label, frames = _name(item), item.get("label"), item.get("total_frames")
    if not isinstance(name, str) or not name:
        raise DataError.at(path, field=f"{where}.frame_dir", expected="a name", found=f"{name!r:.40}")
    if label is not None and (type(label) is not int or label < -1):
        raise DataError.at(
            path, field=f"{where}.label", expected="a number from 0, or -1", found=f"{label!r:.40}"
        )
    facts = ({} if label in (None, -1) else {"label": label}) | facts_of_name(name)
    if keypoint.ndim == 3:
        keypoint = _decompressed(item, keypoint, path, where)
    elif frames is not None and frames != keypoint.shape[1]:
        raise DataError.at(
            path, f"{where}.total_frames: {frames!r:.40}, but keypoint has {keypoint.shape[1]} frames"
        )
    if not keypoint.any():
        message = f"{where}.keypoint: all zero, there is no body"
        raise NobodyError.of(path, message, frames=keypoint.shape[1], clip=name)
    if not flat:
        joints = np.asarray(keypoint.transpose(1, 0, 2, 3))
        bodies = present_bodies(joints).shape[1]
        metres = np.asarray(joints[:, :bodies] / per_metre(config.units), dtype=np.float32)
        return Clip(name, metres, facts, path)
    score = keypoint[..., 2] if last[1] == 3 else _score(item, keypoint, path, where)
    return _flat_clip(name, keypoint[..., :2], score, facts, _size(item, path, where), path)


def _score(item: Any, keypoint: NDArray[np.float32], path: Path, where: str) -> NDArray[np.float32]:
    """Return the scores (bodies, frames, joints); a file without any is sure of all that is not at 0, 0."""
    if item.get("keypoint_score") is None:
        return np.asarray(keypoint.any(axis=-1), dtype=np.float32)
    score = _array(item, path, where, "keypoint_score")
    return positions(score, keypoint.shape[:3], path, f"{where}.keypoint_score")


def _flat_clip(
    name: str,
    pixels: NDArray[np.float32],
    score: NDArray[np.float32],
    facts: dict[str, int],
    size: tuple[int, int] | None,
    path: Path,
) -> Clip:
    unseen = (score <= 0)[..., None]
    if unseen.all():
        message = f"clip {name!r}: every score is 0, there is no body"
        raise NobodyError.of(path, message, frames=pixels.shape[1], clip=name)
    points = np.where(unseen, np.float32(np.nan), pixels).transpose(1, 0, 2, 3)
    joints, there = as_clip(points)
    sure = score.transpose(1, 0, 2)[:, there]
    return Clip(name, joints, facts, path, confidence=sure, picture=size)


def _decompressed(item: Any, keypoint: NDArray[np.float32], path: Path, where: str) -> NDArray[np.float32]:
    """Return bodies in all frames (B, V, 3), whose frames `frame_inds` says, as (bodies, frames, V, 3)."""
    numbers = _array(item, path, where, "frame_inds")
    if numbers.dtype.kind not in "iu" or numbers.shape != keypoint.shape[:1]:
        raise DataError.at(path, f"{where}.frame_inds: expected {len(keypoint)} whole numbers")
    frames = item.get("total_frames")
    count = frames if type(frames) is int else int(numbers.max()) + 1
    if not 0 <= numbers.min() <= numbers.max() < count <= MAX_FRAMES:
        raise DataError.at(path, f"{where}.frame_inds: expected numbers from 0 to {count - 1}")
    bodies = [keypoint[numbers == frame] for frame in range(count)]
    joined = join_nearest(bodies, keypoint.shape[1:], path)
    return np.nan_to_num(joined).transpose(1, 0, 2, 3)


def _size(item: Any, path: Path, where: str) -> tuple[int, int] | None:
    """Return width and height of the picture, where the clip says them."""
    match item.get("img_shape"):
        case None:
            return None
        case (int(height), int(width)) if height > 0 and width > 0:
            return width, height
    shape = item["img_shape"]
    raise DataError.at(path, field=f"{where}.img_shape", expected="(height, width)", found=f"{shape!r:.40}")
