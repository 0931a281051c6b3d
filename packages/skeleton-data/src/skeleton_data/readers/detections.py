"""2D detections of people as JSON: OpenPose (a file a frame), AlphaPose and MMPose (a file a video)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.json_file import entry, load_json
from skeleton_data.files.numbers import arrays_under
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below, numbers_or_nan, visible_files
from skeleton_data.readers.people import Frame, about_ids, about_nearest, join_by_id, join_nearest
from skeleton_data.readers.recording import Recording, open_recordings

MAX_FRAMES = 1_000_000
OPENPOSE_FILE = re.compile(r"(.*?)_?(\d+)_keypoints\.json")

_OPENPOSE = {25: "body25", 18: "openpose18"}
_COCO = {17: "coco17", 26: "halpe26", 136: "halpe26", 133: "coco17"}
# Of whole bodies (136 of Halpe, 133 of COCO) the joints of the body, which come first, are kept.


def open_openpose(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each video, all files `VIDEO_000000000012_keypoints.json` of a folder.

    Raises:
        DataError: There are no such files, or the first video is damaged.
    """
    videos: dict[Path, None] = {}
    for file in sorted(visible_files(path, "*_keypoints.json") if path.is_dir() else [path]):
        if found := OPENPOSE_FILE.fullmatch(file.name):
            videos[file.parent / found[1] if found[1] else file.parent] = None
    if not videos:
        raise DataError.at(path, "there is no file like VIDEO_000000000000_keypoints.json in it")
    names = [video.name for video in videos]
    if len(set(names)) < len(names):  # each folder has a video of that name: the folders tell them apart
        videos = dict.fromkeys(video if video.is_dir() else video.parent for video in videos)
    return open_recordings(list(videos), read_openpose, config, kind="OpenPose", workers=workers)


def read_openpose(path: Path) -> Recording:
    """Read all frames of a video: of a folder, or of a folder and the beginning of the files' names.

    A frame without a file has nobody in it. People are distinguished by `person_id` where the files have one,
    else by who is nearest from frame to frame.

    Raises:
        DataError: A file is damaged, or the numbers of the frames leave out most of them.
    """
    folder = path if path.is_dir() else path.parent
    files = {}
    for file in folder.glob("[!.]*_keypoints.json"):
        found = OPENPOSE_FILE.fullmatch(file.name)
        if found and (path.is_dir() or found[1] == path.name):
            files[int(found[2][:18])] = file
    if not files:
        raise DataError.at(path, "there is no file like VIDEO_000000000000_keypoints.json in it")
    first, count = min(files), max(files) - min(files) + 1
    if count > 1000 + 100 * len(files):
        raise DataError.at(path, f"there are only {len(files)} files for the frames {first} to {max(files)}")
    detected = _Detected(count)
    for number, file in files.items():
        for person, body in enumerate(entry(load_json(file), "people", list, file)):
            where = f"people[{person}]"
            key = "pose_keypoints_2d" if "pose_keypoints_2d" in body else "pose_keypoints"
            identity = body.get("person_id") if isinstance(body, dict) else None
            keypoints = numbers_or_nan(entry(body, key, list, file, where), (-1,), file, f"{where}.{key}")
            detected.add(number - first, _triples(keypoints, file, f"{where}.{key}"), _id(identity))
    return detected.recording(path, _OPENPOSE)


def open_alphapose(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.json` of AlphaPose, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    files = files_below(path, ".json")
    return open_recordings(files, read_alphapose, config, kind="AlphaPose", workers=workers)


def read_alphapose(path: Path) -> Recording:
    """Read `alphapose-results.json`, a list with an entry for each person in each image.

    The number in the image's name is that of the frame, from 0; an image without an entry has nobody in it.
    People are distinguished by `idx` where every entry has one, else by who is nearest.

    Raises:
        DataError: The file is damaged.
    """
    people = _listed(load_json(path, each=arrays_under("keypoints")), path)
    frames = [_image_number(item, path, f"[{number}]") for number, item in enumerate(people)]
    detected = _Detected(max(frames) + 1)
    for number, (frame, item) in enumerate(zip(frames, people, strict=True)):
        keypoints = entry(item, "keypoints", list, path, f"[{number}]")
        numbers = numbers_or_nan(keypoints, (-1,), path, f"[{number}].keypoints")
        detected.add(frame, _triples(numbers, path, f"[{number}].keypoints"), _id(item.get("idx")))
    return detected.recording(path, _COCO)


def open_mmpose(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each `.json` of MMPose, called by the file's name.

    Raises:
        DataError: There are no such files, or the first is damaged.
    """
    return open_recordings(files_below(path, ".json"), read_mmpose, config, kind="MMPose", workers=workers)


def read_mmpose(path: Path) -> Recording:
    """Read what MMPose 1.x writes for a video: a list of frames, or `instance_info` with that list.

    Frames count from that of the first entry. People are distinguished by `track_id` where every one has one,
    else by who is nearest.

    Raises:
        DataError: The file is damaged, or holds 3D keypoints.
    """
    table = load_json(path, each=arrays_under("keypoints", "keypoint_scores"))
    frames = _listed(table.get("instance_info") if isinstance(table, dict) else table, path)
    numbers = [entry(frame, "frame_id", int, path, f"[{place}]") for place, frame in enumerate(frames)]
    if not 0 <= min(numbers) <= max(numbers) <= MAX_FRAMES:
        raise DataError.at(path, f"frame_id: expected numbers from 0 to {MAX_FRAMES}")
    detected = _Detected(max(numbers) - min(numbers) + 1)
    for place, (number, frame) in enumerate(zip(numbers, frames, strict=True)):
        for person, body in enumerate(entry(frame, "instances", list, path, f"[{place}]")):
            where = f"[{place}].instances[{person}]"
            points = entry(body, "keypoints", list, path, where)
            pose = numbers_or_nan(points, (-1, 2), path, f"{where}.keypoints")
            score = numbers_or_nan(
                entry(body, "keypoint_scores", list, path, where),
                (len(pose),),
                path,
                f"{where}.keypoint_scores",
            )
            joints = np.concatenate([pose, score[:, None]], axis=1)
            detected.add(number - min(numbers), joints, _id(body.get("track_id")))
    return detected.recording(path, _COCO)


class _Detected:
    """Bodies (V, 3) of x, y and score, as they are found in the frames."""

    def __init__(self, frames: int) -> None:
        self.bodies: list[list[NDArray[np.float32]]] = [[] for _ in range(frames)]
        self.ids: list[list[int]] = [[] for _ in range(frames)]

    def add(self, frame: int, joints: NDArray[np.float32], identity: int) -> None:
        unseen = (joints[:, 2] <= 0) | ~joints[:, :2].any(axis=1)
        self.bodies[frame].append(np.where(unseen[:, None], np.nan, joints).astype(np.float32))
        self.ids[frame].append(identity)

    def recording(self, path: Path, layouts: dict[int, str]) -> Recording:
        counts = {len(body) for bodies in self.bodies for body in bodies}
        if not counts:
            raise NobodyError.of(path, "there is nobody in any frame", frames=len(self.bodies))
        if len(counts) > 1 or counts.isdisjoint(layouts):
            raise DataError.at(
                path,
                f"bodies of {', '.join(map(str, sorted(counts)))} joints, expected"
                f" {' or '.join(map(str, layouts))}",
            )
        shape = (counts.pop(), 3)
        frames: list[Frame] = [
            np.reshape(np.array(bodies, np.float32), (-1, *shape)) for bodies in self.bodies
        ]
        known = all(identity >= 0 for frame in self.ids for identity in frame) and _once(self.ids)
        joined = join_by_id(frames, self.ids, shape, path) if known else join_nearest(frames, shape, path)
        names = layout(layouts[shape[0]]).joints
        joined = joined[:, :, : len(names)]
        return Recording(
            names,
            joined[..., :2],
            "pixels",
            confidence=joined[..., 2],
            layout=layouts[shape[0]],
            notes=about_ids(joined, self.ids) if known else about_nearest(joined),
        )


def _once(ids: Sequence[Sequence[int]]) -> bool:
    return all(len(set(frame)) == len(frame) for frame in ids)


def _id(value: Any) -> int:
    """Return an id of a person, -1 where it is none: AlphaPose writes 1, 1.0, [1] or [[1.0]]."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**31 else -1


def _triples(numbers: NDArray[np.float32], path: Path, where: str) -> NDArray[np.float32]:
    if len(numbers) % 3:
        raise DataError.at(
            path, field=where, expected="x, y and score of each joint", found=f"{len(numbers)} numbers"
        )
    return numbers.reshape(-1, 3)


def _listed(value: Any, path: Path) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise DataError.at(path, "expected a list of objects, one at least")
    return value


def _image_number(item: dict[str, Any], path: Path, where: str) -> int:
    image = item.get("image_id")
    found = re.search(r"(\d+)(?:\.\w+)?$", str(image))
    if isinstance(image, bool) or found is None or int(found[1][:18]) > MAX_FRAMES:
        raise DataError.at(
            path, field=f"{where}.image_id", expected="a number of a frame", found=f"{image!r:.40}"
        )
    return int(found[1])
