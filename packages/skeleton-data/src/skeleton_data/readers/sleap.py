"""2D poses as SLEAP writes them: projects with predictions (`.slp`) and analysis files (`.h5`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError
from skeleton_data.files.json_file import parse_json
from skeleton_data.files.limits import require_memory, size_of
from skeleton_data.ntu.lines import MAX_METRES
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.hdf5_file import words
from skeleton_data.readers.hdf5_process import Hdf5Contents, read_hdf5
from skeleton_data.readers.listing import files_below
from skeleton_data.readers.people import Frame, about_ids, about_nearest, join_by_id, join_nearest
from skeleton_data.readers.recording import Recording, check_size, open_recordings

MAX_FRAMES = 10_000_000
_ANALYSIS, _PROJECT = (
    ("node_names", "tracks", "point_scores"),
    ("frames", "instances", "points", "pred_points"),
)
FRAME_BYTES = 256
"""What a frame takes while instances are put in their places, even if it has none."""


def open_sleap(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.slp`, or else each analysis `.h5`, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".slp", ".h5")
    return open_recordings(files, read_sleap, config, kind="SLEAP", workers=workers)


def read_sleap(path: Path) -> Recording:
    """Read the instances of a file, pixels with y down; a track is a person.

    In a `.slp`, what a person labelled stands before what was predicted in the same frame; instances without
    a track are distinguished by who is nearest. A project of several videos is refused. Frames count from 0.

    Raises:
        DataError: The file is damaged, or has several videos or skeletons.
    """
    file = read_hdf5(path, (*_ANALYSIS, *_PROJECT), ("metadata@json",))
    return _of_analysis(file, path) if "tracks" in file.keys else _of_project(file, path)


def _of_analysis(file: Hdf5Contents, path: Path) -> Recording:
    names = tuple(words(file.values("node_names")))
    tracks = file.values("tracks")
    scores = file.data.get("point_scores")
    if tracks.ndim == 4 and tracks.shape[1] == 2 and tracks.shape[2] == len(names):  # as MATLAB has it
        tracks = tracks.transpose(3, 0, 2, 1)
        scores = None if scores is None else scores.transpose(2, 0, 1)
    elif not (tracks.ndim == 4 and tracks.shape[2:] == (len(names), 2)):
        raise DataError.at(
            path, field="tracks", expected=f"(tracks, 2, {len(names)}, frames)", found=tracks.shape
        )
    if scores is not None and scores.shape != tracks.shape[:3]:
        raise DataError.at(path, field="point_scores", expected=f"{tracks.shape[:3]}", found=scores.shape)
    return _recording(names, tracks, scores, path)


def _of_project(file: Hdf5Contents, path: Path) -> Recording:
    try:
        table = parse_json("".join(words(file.attributes["metadata@json"])), path)
        skeletons = table["skeletons"]
        nodes = [table["nodes"][node["id"]]["name"] for node in skeletons[0]["nodes"]]
    except DataError:
        raise
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError.at(path, f"metadata: expected nodes and one skeleton: {error!r}") from None
    frames, instances = file.values("frames"), file.values("instances")
    if len(skeletons) > 1 or len(np.unique(frames["video"])) > 1:
        raise DataError.at(path, "it has several videos or skeletons: write an analysis file for each video")
    points = {0: file.values("points"), 1: file.values("pred_points")}
    numbers = frames["frame_idx"].astype(np.int64)
    if not len(frames) or not 0 <= numbers.min() <= numbers.max() <= MAX_FRAMES:
        raise DataError.at(path, f"frames: expected numbers from 0 to {MAX_FRAMES}")
    check_size(path, int(numbers.max()) + 1, 1, len(nodes))
    require_memory(path, FRAME_BYTES * int(numbers.max()), size_of(path), f"{numbers.max()} frames")
    named = frames["instance_id_end"].astype(np.float64) - frames["instance_id_start"]
    if (named < 0).any() or named.sum() > len(instances):
        raise DataError.at(
            path, f"frames: {named.sum():g} instances are named, but {len(instances)} are there"
        )
    bodies: list[list[NDArray[np.float32]]] = [[] for _ in range(int(numbers.max()) + 1)]
    ids: list[list[int]] = [[] for _ in bodies]
    for number, row in zip(numbers.tolist(), frames, strict=True):
        chosen = instances[int(row["instance_id_start"]) : int(row["instance_id_end"])]
        corrected = {int(one["from_predicted"]) for one in chosen if one["instance_type"] == 0}
        for one in chosen:
            if one["instance_type"] == 1 and int(one["instance_id"]) in corrected:
                continue  # a person corrected it: theirs is in the same frame
            bodies[number].append(_points(one, points, len(nodes), path))
            ids[number].append(int(one["track"]))
    shaped: list[Frame] = [np.reshape(np.array(body, np.float32), (-1, len(nodes), 3)) for body in bodies]
    shape = (len(nodes), 3)
    tracked = all(track >= 0 for frame in ids for track in frame)
    tracked = tracked and all(len(set(frame)) == len(frame) for frame in ids)
    joined = join_by_id(shaped, ids, shape, path) if tracked else join_nearest(shaped, shape, path)
    found = _recording(tuple(nodes), joined[..., :2], joined[..., 2], path)
    return replace(found, notes=about_ids(joined, ids) if tracked else about_nearest(joined))


def _points(one: Any, points: dict[int, NDArray[Any]], count: int, path: Path) -> NDArray[np.float32]:
    """Return x, y and score of an instance (V, 3); a point that is not visible is NaN."""
    table = points[int(one["instance_type"]) & 1]
    rows = table[int(one["point_id_start"]) : int(one["point_id_end"])]
    if len(rows) != count:
        raise DataError.at(path, f"instances: one has {len(rows)} points, but the skeleton has {count}")
    score = rows["score"] if "score" in (table.dtype.names or ()) else np.ones(count)
    joints = np.stack([rows["x"], rows["y"], score], axis=1).astype(np.float32)
    joints[~rows["visible"]] = np.nan
    return joints


def _recording(
    names: tuple[str, ...], points: NDArray[Any], scores: NDArray[Any] | None, path: Path
) -> Recording:
    if not names or len(set(names)) < len(names):
        raise DataError.at(path, "expected different names of nodes")
    positions = points.astype(np.float32)
    if (np.abs(positions) >= MAX_METRES).any():
        raise DataError.at(path, "a position is beyond a million pixels")
    confidence = None if scores is None else scores.astype(np.float32)
    return Recording(names, positions, "pixels", confidence=confidence)
