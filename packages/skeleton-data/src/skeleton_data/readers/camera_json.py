"""3D joints of one camera as JSON: MediaPipe's pose landmarker and Microsoft's Azure Kinect recorder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.json_file import entry, load_json
from skeleton_data.files.numbers import arrays_under, as_numbers
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below, numbers_or_nan
from skeleton_data.readers.people import about_ids, about_nearest, join_by_id, join_nearest
from skeleton_data.readers.recording import Recording, open_recordings
from skeleton_data.readers.timestamps import frames_per_second

LANDMARKS = 33
_POINT = itemgetter("x", "y", "z", "visibility")
_IN_IMAGE = itemgetter("x", "y")
MIN_VISIBILITY = 0.5
"""A landmark that MediaPipe sees less is a guess of its model, and taken as not measured."""


def open_mediapipe(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.json` of MediaPipe's pose landmarker, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".json")
    return open_recordings(files, read_mediapipe, config, kind="MediaPipe", workers=workers)


def read_mediapipe(path: Path) -> Recording:
    """Read a list of results, a frame each, with `pose_world_landmarks` and perhaps `timestamp_ms`.

    World landmarks are metres from the middle of the hips, y down and z away from the camera. People are
    distinguished by who is nearest from frame to frame, in the image where its landmarks are there too,
    because the hips of all people are at the origin of the world.

    Raises:
        DataError: The file is damaged, or holds no world landmarks.
    """
    results = load_json(path, each=_compact)
    if not isinstance(results, list) or not results:
        raise DataError.at(path, "expected a list of results, one for each frame")
    people = [
        entry(result, "pose_world_landmarks", list, path, f"[{number}]")
        for number, result in enumerate(results)
    ]
    frames = _frames_of(people, path)
    if any(len(frame) > 1 for frame in frames) and (places := _in_image(results, frames)) is not None:
        frames = [np.concatenate(both, axis=-1) for both in zip(places, frames, strict=True)]
    joined = join_nearest(frames, (LANDMARKS, frames[0].shape[-1]), path)[..., -4:]
    if not joined.shape[1]:
        raise NobodyError.of(path, "there is nobody in any frame", frames=len(results))
    stamps = [result.get("timestamp_ms") for result in results]
    return Recording(
        layout("mediapipe33").joints,
        joined[..., :3],
        "m",
        fps=frames_per_second(stamps, 1e-3, path),
        confidence=joined[..., 3],
        layout="mediapipe33",
        min_confidence=MIN_VISIBILITY,
        notes=about_nearest(joined),
    )


def _in_image(
    results: Sequence[Any], frames: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]] | None:
    """Return where the landmarks of bodies are in the image, (bodies, 33, 2) a frame; None if not all are."""
    try:
        return [
            np.array(_places(result), np.float32).reshape(len(frame), LANDMARKS, 2)
            for result, frame in zip(results, frames, strict=True)
        ]
    except (KeyError, TypeError, ValueError):
        return None


def _places(result: dict[str, Any]) -> Sequence[Any]:
    """Return x and y of the landmarks of each body in the image."""
    bodies = result["pose_landmarks"]
    if all(isinstance(body, np.ndarray) for body in bodies):  # `_compact` has made them
        return list(bodies)
    return [list(map(_IN_IMAGE, body)) for body in bodies]


def _compact(found: dict[str, Any]) -> dict[str, Any]:
    """Make arrays (33, 4) of the world landmarks in a result, and drop what is not read."""
    bodies = found.get("pose_world_landmarks")
    if not isinstance(bodies, list):
        return found
    landmarks = [_as_array(body) for body in bodies]
    kept = {"pose_world_landmarks": landmarks, "timestamp_ms": found.get("timestamp_ms")}
    try:
        return kept | {"pose_landmarks": [np.array(body, np.float32) for body in _places(found)]}
    except (KeyError, TypeError, ValueError):
        return kept


def _as_array(body: Any) -> Any:
    """Return the landmarks of a body as an array, or as they are where something is amiss."""
    try:
        array = as_numbers(list(map(_POINT, body)), gaps=True)
    except (KeyError, TypeError):
        return body
    return array if array.dtype != object else body


def _frames_of(people: Sequence[list[Any]], path: Path) -> list[NDArray[np.float32]]:
    """Return the landmarks of the bodies of each frame (bodies, 33, 4)."""
    bodies = [body for frame in people for body in frame]
    try:  # all numbers of the file at once
        if not all(isinstance(body, list) and len(body) == LANDMARKS for body in bodies):
            raise TypeError
        numbers = list(chain.from_iterable(map(_POINT, chain.from_iterable(bodies))))
        joints = numbers_or_nan(numbers, (-1,), path, "pose_world_landmarks").reshape(-1, LANDMARKS, 4)
    except (DataError, KeyError, TypeError):  # one by one, arrays too, or to name what is wrong
        one_by_one = [
            _landmarks(body, path, f"[{number}].pose_world_landmarks[{person}]")
            for number, frame in enumerate(people)
            for person, body in enumerate(frame)
        ]
        joints = np.reshape(np.array(one_by_one, np.float32), (-1, LANDMARKS, 4))
    ends = np.cumsum([len(frame) for frame in people])
    return [joints[end - len(frame) : end] for end, frame in zip(ends, people, strict=True)]


def _landmarks(body: Any, path: Path, where: str) -> NDArray[np.float32]:
    """Return x, y, z and visibility of the landmarks of a body (33, 4)."""
    if isinstance(body, np.ndarray):
        return numbers_or_nan(body, (LANDMARKS, 4), path, where)
    if not isinstance(body, list) or not all(isinstance(point, dict) for point in body):
        raise DataError.at(path, field=where, expected="a list of landmarks", found=f"{body!r:.40}")
    try:
        table: list[Any] = list(map(_POINT, body))
    except KeyError:  # what is not there was not measured
        table = [[point.get(key) for key in ("x", "y", "z", "visibility")] for point in body]
    return numbers_or_nan(table, (LANDMARKS, 4), path, where)


def open_azure(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.json` of an Azure Kinect, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".json")
    return open_recordings(files, read_azure, config, kind="Azure Kinect", workers=workers)


def read_azure(path: Path) -> Recording:
    """Read what Microsoft's offline_processor writes: joints of every body in every frame, in millimetres.

    y points down, z away from the camera. People are distinguished by `body_id`. A joint at exactly 0, 0, 0
    is taken as not measured.

    Raises:
        DataError: The file is damaged.
    """
    table = load_json(path, each=arrays_under("joint_positions", "joint_orientations"))
    names = entry(table, "joint_names", list, path)
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise DataError.at(path, "joint_names: expected a list of different names")
    frames, ids, numbers, stamps = [], [], [], []
    for number, frame in enumerate(entry(table, "frames", list, path)):
        where = f"frames[{number}]"
        numbers.append(entry(frame, "frame_id", int, path, where))
        stamps.append(frame.get("timestamp_usec"))
        bodies = entry(frame, "bodies", list, path, where)
        ids.append([entry(body, "body_id", int, path, f"{where}.bodies") for body in bodies])
        if len(set(ids[-1])) < len(bodies):
            raise DataError.at(path, f"{where}.bodies: two have the same body_id")
        values = [
            numbers_or_nan(
                body.get("joint_positions"), (len(names), 3), path, f"{where}.bodies[{place}].joint_positions"
            )
            for place, body in enumerate(bodies)
        ]
        frames.append(np.reshape(np.array(values, np.float32), (-1, len(names), 3)))
    if not any(ids):
        raise NobodyError.of(path, "frames: there is nobody in any", frames=len(ids))
    joined = join_by_id(frames, ids, (len(names), 3), path)
    joined[~joined.any(axis=-1)] = np.nan
    positions = _at_frames(joined, numbers, path)
    fps = frames_per_second(stamps, 1e-6, path, numbers)
    return Recording(tuple(names), positions, "mm", fps=fps, notes=about_ids(joined, ids))


def _at_frames(joined: NDArray[np.float32], numbers: list[int], path: Path) -> NDArray[np.float32]:
    """Return frames at their numbers, from the first; one that the file leaves out has no body."""
    first, count = numbers[0], numbers[-1] - numbers[0] + 1
    if any(two <= one for one, two in pairwise(numbers)):
        raise DataError.at(path, "frames: frame_id does not rise from frame to frame")
    if count > 1000 + 10 * len(numbers):
        raise DataError.at(
            path, f"frames: there are only {len(numbers)} frames for the numbers {first} to {numbers[-1]}"
        )
    if count == len(numbers):
        return joined
    spread = np.full((count, *joined.shape[1:]), np.nan, dtype=np.float32)
    spread[np.array(numbers) - first] = joined
    return spread
