"""UTKinect-Action3D: a text file of joints a recording, and a file that says which frames are what action."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, read_files
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_words
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below, parse_floats, per_metre

NAME = re.compile(r"joints_(s(\d\d)_e(\d\d))")
LABELS = "actionLabel.txt"
FPS = 15.0
JOINTS = 20
CLASS_NAMES = (
    *("walk", "sitDown", "standUp", "pickUp", "carry"),
    *("throw", "push", "pull", "waveHands", "clapHands"),
)
_ACTION = re.compile(r"(\w+)\s*:\s*(\d{1,9}|NaN)\s+(\d{1,9}|NaN)")

Action = tuple[int, int, int]
"""Class, first and last frame."""


def open_ut_kinect(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return the actions in a folder of recordings like `joints_s01_e02.txt`: subject, repetition.

    A line of a recording is a frame: its number, then x y z of 20 joints in the order of Kinect v1. Numbers
    repeat, and some are left out; of a frame that is there twice the first line is taken. `actionLabel.txt`,
    in the folder, above it, or where `config.labels` says, has the first and the last frame of each action.
    An action becomes the clip `s01_e02_walk`; one whose frames are `NaN` was not recorded.

    Raises:
        DataError: No recordings, or no file of labels; or it has a line that cannot be read.
    """
    files = [file for file in files_below(path, ".txt") if NAME.fullmatch(file.stem)]
    if not files:
        raise DataError.at(path, "there is no file like joints_s01_e02.txt in it")
    actions = _actions(_labels(path, config.labels))
    return ClipSource(
        kind="UTKinect",
        joints=layout("kinect_v1").joints,
        layout=layout("kinect_v1"),
        fps=config.fps or FPS,
        class_names=CLASS_NAMES,
        count=sum(map(len, actions.values())),
        clips=read_files(
            partial(_read, actions=actions, divisor=per_metre(config.units)), files, workers=workers
        ),
    )


def _labels(path: Path, given: Path | None) -> Path:
    folder = path if path.is_dir() else path.absolute().parent
    candidates = (given,) if given else (folder / LABELS, folder.absolute().parent / LABELS)
    found = next((place for place in candidates if place.is_file()), None)
    if found is None:
        raise DataError.at(
            path, f"there are no labels at {candidates[0]}; give the file {LABELS} as the option labels"
        )
    return found


def _actions(path: Path) -> dict[str, list[Action]]:
    """Return the actions of each recording, by its name as in `s01_e02`."""
    found: dict[str, list[Action]] = {}
    recording: list[Action] | None = None
    for line, text in enumerate(map(str.strip, read_words(path).splitlines()), start=1):
        if re.fullmatch(r"s\d\d_e\d\d", text):
            recording = found.setdefault(text, [])
        elif text:
            action = _ACTION.fullmatch(text)
            if recording is None or action is None or action[1] not in CLASS_NAMES:
                raise DataError.at(path, f"expected s01_e02, or one of its actions: {text[:40]!r}", line=line)
            if "NaN" not in action.groups():
                recording.append((CLASS_NAMES.index(action[1]), int(action[2]), int(action[3])))
    return found


def _read(
    path: Path, *, actions: Mapping[str, Sequence[Action]], divisor: np.float32
) -> Sequence[Clip | DataError]:
    name = NAME.fullmatch(path.stem)
    assert name is not None
    recording, subject, repetition = name.groups()
    if recording not in actions:
        raise DataError.at(path, f"the labels have no {recording}")
    numbers, joints = _frames(path)
    clips: list[Clip | DataError] = []
    for label, first, last in actions[recording]:
        clip = joints[(first <= numbers) & (numbers <= last)] / divisor
        if clip.any():
            facts = {"label": label, "subject": int(subject), "replication": int(repetition)}
            clips.append(Clip(f"{recording}_{CLASS_NAMES[label]}", clip[:, None], facts, path))
        else:
            clips.append(
                DataError.at(path, f"{CLASS_NAMES[label]}: there is no body in frames {first} to {last}")
            )
    return clips


def _frames(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the rising numbers of the frames (T,), and their joints (T, V, 3)."""
    rows = []
    for line, text in enumerate(read_words(path).rstrip().split("\n"), start=1):
        words = text.split()
        if len(words) != 1 + 3 * JOINTS:
            raise DataError.at(
                path, expected=f"the frame and {JOINTS} x 3 numbers", found=f"{len(words)} numbers", line=line
            )
        rows.append(parse_floats(words, path, line))
    table = np.array(rows, dtype=np.float64)
    numbers, first = np.unique(table[:, 0].astype(np.int64), return_index=True)
    return numbers, table[first, 1:].reshape(-1, JOINTS, 3).astype(np.float32)
