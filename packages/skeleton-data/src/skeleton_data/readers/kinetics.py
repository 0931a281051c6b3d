"""Kinetics-Skeleton: the joints that OpenPose found in the videos of Kinetics-400, a JSON file a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, Side, read_files
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.json_file import entry, load_object
from skeleton_data.files.numbers import arrays_under
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below, positions
from skeleton_data.readers.own_split import sides_of_parts

FPS = 30.0
BODIES = 2
"""Bodies kept in a frame, those that the detector was surest of, as usual for this data."""
JOINTS = 18
MAX_FRAMES = 100_000


def open_kinetics(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return the clips in a folder of files, a video each, called by its id.

    Positions are parts of the picture's width and height, from its middle, y up; z is the confidence, and a
    joint that was not found is zero. Frames keep their numbers: one that the file leaves out has no body.
    The file `FOLDER_label.json`, beside the folder or named by `config.labels`, gives the class names and
    the videos in which no one was found, which are left out. A label of -1, or none, is unlabelled. A folder
    that holds `kinetics_train` and `kinetics_val` is read with both, and they are the data set's own split.

    Raises:
        DataError: There are no such files, the file with the labels is damaged.
    """
    parts = _parts(path)
    files = [file for part in parts for file in files_below(part, ".json")]
    tables = [_labels(table) for table in _tables(parts, config.labels)]
    class_names: tuple[str, ...] = max((names for names, _ in tables), key=len, default=())
    empty = frozenset[str]().union(*(videos for _, videos in tables))
    listed = [file for file in files if file.stem not in empty]
    sides = sides_of_parts(part.name for part in parts)
    return ClipSource(
        kind="Kinetics-Skeleton",
        joints=layout("openpose18").joints,
        layout=layout("openpose18"),
        units="picture",
        fps=config.fps or FPS,
        class_names=class_names,
        count=len(listed),
        clips=read_files(partial(_read, sides=sides), listed, workers=workers),
        left_out=len(files) - len(listed),
    )


def _parts(path: Path) -> list[Path]:
    """Return the folders of a data set's parts in `path`, or `path` itself."""
    inside = {each.name: each for each in sorted(path.iterdir()) if each.is_dir()} if path.is_dir() else {}
    return [inside[part] for part in sides_of_parts(inside)] or [path]


def _tables(parts: Sequence[Path], named: Path | None) -> list[Path]:
    """Return the files with the labels of some parts."""
    if named:
        return [named]
    beside = [part.with_name(f"{part.name}_label.json") for part in parts]
    return [table for table in beside if table.is_file()]


def _labels(path: Path) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return class names, and the videos without a skeleton."""
    names: dict[int, str] = {}
    empty = set()
    for video, facts in load_object(path).items():
        if not isinstance(facts, dict):
            raise DataError.at(path, field=video, expected="an object", found=f"{facts!r:.40}")
        if facts.get("has_skeleton") is False:
            empty.add(video)
            continue
        if facts.get("label_index") in (None, -1):
            continue
        label, name = entry(facts, "label_index", int, path, video), entry(facts, "label", str, path, video)
        if names.setdefault(label, name) != name:
            raise DataError.at(path, f"{video}: label {label} is {name!r}, elsewhere {names[label]!r}")
    count = max(names, default=-1) + 1
    if min(names, default=0) < 0 or count > 10 * len(names) + 1000:
        raise DataError.at(path, f"labels from {min(names)} to {count - 1}, expected numbers from 0")
    return tuple(names.get(label, f"class {label}") for label in range(count)), frozenset(empty)


def _read(path: Path, *, sides: Mapping[str, tuple[str, Side]]) -> Sequence[Clip]:
    table = load_object(path, each=arrays_under("pose", "score"))
    label = entry(table, "label_index", int, path) if table.get("label_index") is not None else -1
    if label < -1:
        raise DataError.at(path, field="label_index", expected="a number from 0, or -1", found=label)
    seen: list[tuple[int, NDArray[np.float32]]] = []
    last = -1
    for number, frame in enumerate(entry(table, "data", list, path)):
        where = f"data[{number}]"
        if not isinstance(frame, dict):
            raise DataError.at(path, field=where, expected="an object", found=f"{frame!r:.40}")
        index = entry(frame, "frame_index", int, path, where)
        if not last < index <= MAX_FRAMES:
            raise DataError.at(
                path, field=f"{where}.frame_index", expected=f"{last + 1} to {MAX_FRAMES}", found=index
            )
        last = index
        bodies = entry(frame, "skeleton", list, path, where)
        if bodies:
            seen.append((index, _surest(bodies, path, where)))
    if not seen:
        raise NobodyError.of(path, "data: there is no body in any frame", frames=last + 1)
    first, count = seen[0][0], max(len(bodies) for _, bodies in seen)
    joints = np.zeros((seen[-1][0] - first + 1, count, JOINTS, 3), dtype=np.float32)
    for index, bodies in seen:
        joints[index - first, : len(bodies)] = bodies
    here = dict([sides[path.parent.name]]) if path.parent.name in sides else {}
    return [Clip(path.stem, joints, {"label": label}, path, sides=here)]


def _surest(bodies: list[Any], path: Path, where: str) -> NDArray[np.float32]:
    """Return the bodies in a frame (up to 2, 18, 3), the surest first."""
    found = []
    for number, body in enumerate(bodies):
        place = f"{where}.skeleton[{number}]"
        if not isinstance(body, dict):
            raise DataError.at(path, field=place, expected="an object", found=f"{body!r:.40}")
        pose = positions(body.get("pose"), (2 * JOINTS,), path, f"{place}.pose").reshape(JOINTS, 2)
        score = positions(body.get("score"), (JOINTS,), path, f"{place}.score")
        found.append(upright(pose, score))
    found.sort(key=lambda joints: -float(joints[:, 2].sum()))
    return np.stack(found[:BODIES])


def upright(pose: NDArray[np.float32], score: NDArray[np.float32]) -> NDArray[np.float32]:
    """Join positions in a picture (..., 2), from 0 to 1, y down, and confidences (...) to (..., 3), y up."""
    joints = np.stack([pose[..., 0] - 0.5, 0.5 - pose[..., 1], score], axis=-1).astype(np.float32)
    joints[score == 0] = 0
    return joints
