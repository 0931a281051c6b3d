"""PKU-MMD, phase I and II: long recordings as text, and files that say which frames are which action."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, Side, present_bodies, read_files
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_words
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below, parse_floats, per_metre, visible_files
from skeleton_data.splits.side_file import read_sides

FPS = 30.0
CLASSES = 51
BODIES, JOINTS = 2, 25
_VIEWS = {"L": 1, "M": 2, "R": 3}
_NAME = re.compile(r"(?:\d{4}|A(?P<setup>\d\d)N(?P<subject>\d\d))-(?P<view>[LMR])")
_INTERVAL = re.compile(r"\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})\s*(?:,.*)?")


def open_pku_mmd(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return the labelled intervals of a folder of recordings like `0002-L.txt` (I) or `A01N02-M.txt` (II).

    A line of a recording is a frame: x y z of 25 joints of two bodies, zeros where there is none. The file of
    the same name in `config.labels` has a line for each action: class from 1, first and last frame from 1,
    confidence. An interval becomes the clip `0002-L_001`, numbered by the line. The camera is 1, 2, 3 for
    L, M, R; phase II names the subject (after N), phase I does not. Files of a folder `Split` beside the
    recordings (`cross-subject.txt`, `cross-view.txt`) are the data set's own splits; what they call
    validation is the test side.

    Raises:
        DataError: No recordings, no folder of labels, or other files among the recordings.
    """
    _require_recordings(path)
    files = files_below(path, ".txt")
    if config.labels is None:
        raise DataError.at(path, "give the folder of its label files as the option labels")
    if not config.labels.is_dir():
        raise DataError.at(config.labels, "there is no such folder of label files (option labels)")
    sides = _sides(path, config.labels)
    read = partial(_read, labels=config.labels, divisor=per_metre(config.units), sides=sides)
    return ClipSource(
        kind="PKU-MMD",
        joints=layout("ntu").joints,
        layout=layout("ntu"),
        fps=config.fps or FPS,
        class_names=_class_names(),
        count=20 * len(files),  # actions in a recording, about
        clips=read_files(read, files, workers=workers),
    )


def _require_recordings(path: Path) -> None:
    """Refuse a folder that holds label files or splits, too; the first file of each folder tells.

    Raises:
        DataError: Names the folders to give.
    """
    first: dict[Path, bytes] = {}
    for file in sorted(visible_files(path, "*.txt")):
        if file.parent not in first and file.is_file():
            with file.open("rb") as text:
                first[file.parent] = text.readline(2**16).strip()
    labels = [
        folder for folder, line in first.items() if _INTERVAL.fullmatch(line.decode("ascii", "replace"))
    ]
    others = [folder for folder, line in first.items() if len(line.split()) < JOINTS]
    recordings = [folder for folder in first if folder not in others]
    if others and (recordings or labels):
        which = recordings[0] if recordings else "the folder of the recordings"
        where = labels[0] if labels else "FOLDER"
        raise DataError.at(path, f"not only recordings are in it: import {which}, with the labels {where}")


def _sides(path: Path, labels: Path) -> dict[str, dict[str, Side]]:
    """Return the side of each recording in each split of a folder `Split` beside recordings or labels."""
    above = {path.absolute().parent, labels.absolute().parent}
    beside = [each for folder in above for each in folder.iterdir()]
    files = {
        file.stem: file
        for folder in beside
        if folder.name.lower() == "split" and folder.is_dir()
        for file in sorted(folder.glob("[!.]*.txt"))
    }
    found: dict[str, dict[str, Side]] = {}
    for split, file in files.items():
        for recording, side in read_sides(file).items():
            found.setdefault(recording, {})[split] = "train" if side == "train" else "test"
    return found


def _read(
    path: Path, *, labels: Path, divisor: np.float32, sides: Mapping[str, Mapping[str, Side]]
) -> Sequence[Clip | DataError]:
    name = _NAME.fullmatch(path.stem)
    if name is None:
        raise DataError.at(path, "expected a name like 0002-L or A01N02-M")
    facts = {"camera": _VIEWS[name["view"]]}
    if name["subject"] is not None:
        facts |= {"subject": int(name["subject"]), "setup": int(name["setup"])}
    joints = _frames(path) / divisor
    table = labels / path.name
    clips: list[Clip | DataError] = []
    for line, text in enumerate(read_words(table).splitlines(), start=1):
        if not text.strip():
            continue
        try:
            label, first, last = _interval(text, len(joints), table, line)
            clip = joints[first - 1 : last]
            if not clip.any():
                raise DataError.at(
                    path, f"there is no body in frames {first} to {last}, which {table.name} names"
                )
        except DataError as error:
            clips.append(error)
        else:
            name_of_clip = f"{path.stem}_{line:03}"
            known = facts | {"label": label - 1}
            clips.append(Clip(name_of_clip, _bodies(clip), known, path, sides=sides.get(path.stem, {})))
    return clips


def _bodies(clip: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `clip` without a second body that never comes, but with all its frames."""
    return clip[:, : present_bodies(clip).shape[1]]


def _frames(path: Path) -> NDArray[np.float32]:
    numbers = BODIES * JOINTS * 3
    rows = []
    for line, text in enumerate(read_words(path).rstrip().split("\n"), start=1):
        words = text.split()
        if len(words) != numbers:
            raise DataError.at(
                path, expected=f"{numbers} numbers, {BODIES} x {JOINTS} x 3", found=len(words), line=line
            )
        rows.append(np.array(parse_floats(words, path, line), dtype=np.float32))
    return np.stack(rows).reshape(-1, BODIES, JOINTS, 3)


def _interval(text: str, frames: int, path: Path, line: int) -> tuple[int, int, int]:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise DataError.at(path, expected="class, first frame, last frame", found=f"{text[:40]!r}", line=line)
    label, first, last = (int(number) for number in found.groups())
    if not 1 <= label <= CLASSES:
        raise DataError.at(path, expected=f"a class from 1 to {CLASSES}", found=label, line=line)
    if not 1 <= first <= last <= frames:
        raise DataError.at(
            path,
            expected=f"frames within 1 to {frames}, first before last",
            found=f"{first} to {last}",
            line=line,
        )
    return label, first, last


def _class_names() -> tuple[str, ...]:
    from importlib.resources import files

    text = (files("skeleton_data.readers") / "pku_mmd_classes.txt").read_text(encoding="ascii")
    return tuple(text.splitlines())
