"""Northwestern-UCLA Multiview Action 3D, as the authors of CTR-GCN hand it on: a JSON file a clip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from skeleton_data.clips import Clip, ClipSource, Side, read_files
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.json_file import entry, load_object
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below, per_metre, positions
from skeleton_data.readers.own_split import DEFAULT_SPLIT

NAME = re.compile(r"a(\d\d)_s(\d\d)_e(\d\d)_v(\d\d)")
FPS = 30.0
TRAINING_CAMERAS = (1, 2)
CLASS_NAMES = (
    "pick up with one hand",
    "pick up with two hands",
    "drop trash",
    "walk around",
    "sit down",
    "stand up",
    "donning",
    "doffing",
    "throw",
    "carry",
)


def open_nw_ucla(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return the clips in a folder of files like `a01_s02_e03_v01.json`: action, subject, execution, view.

    `label` in a file counts from 1 and leaves no gaps, unlike the action in its name. The published
    protocol, which the store keeps as its own split, trains on cameras 1 and 2 and tests on camera 3.

    Raises:
        DataError: There are no such files.
    """
    files = files_below(path, ".json")
    joints = layout("kinect_v1").joints
    read = partial(_read, divisor=per_metre(config.units), joints=len(joints))
    return ClipSource(
        kind="NW-UCLA",
        joints=joints,
        layout=layout("kinect_v1"),
        fps=config.fps or FPS,
        class_names=CLASS_NAMES,
        count=len(files),
        clips=read_files(read, files, workers=workers),
    )


def _read(path: Path, *, divisor: np.float32, joints: int) -> Sequence[Clip]:
    name = NAME.fullmatch(path.stem)
    if name is None:
        raise DataError.at(path, "expected a name like a01_s02_e03_v01")
    table = load_object(path)
    label = entry(table, "label", int, path) if table.get("label") not in (None, -1) else -1
    if label != -1 and not 1 <= label <= len(CLASS_NAMES):
        raise DataError.at(path, field="label", expected=f"1 to {len(CLASS_NAMES)}", found=label)
    frames = positions(entry(table, "skeletons", list, path), (-1, joints, 3), path, "skeletons")
    if not frames.any():
        raise NobodyError.of(path, "skeletons: all zero, there is no body", frames=len(frames))
    _, subject, execution, view = map(int, name.groups())
    facts = {"label": max(label - 1, -1), "subject": subject, "replication": execution, "camera": view}
    side: Side = "train" if view in TRAINING_CAMERAS else "test"
    return [Clip(path.stem, (frames / divisor)[:, None], facts, path, sides={DEFAULT_SPLIT: side})]
