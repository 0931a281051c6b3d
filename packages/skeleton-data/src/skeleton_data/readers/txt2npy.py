"""NTU recordings as `txt2npy.py` of NTU's authors writes them: `NAME.skeleton.npy`, a pickled dictionary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, read_files
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.facts import ntu_class_names
from skeleton_data.ntu.name import NtuName
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import files_below, positions
from skeleton_data.readers.plain_pickle import PlainArray, load_plain_npy
from skeleton_data.readers.pyskl import facts_of_name
from skeleton_data.readers.st_gcn import zeros_as_missing

FPS = 30.0
JOINTS = 25
_BODY = re.compile(r"skel_body(\d)")


def open_txt2npy(path: Path, config: ImportConfig, *, workers: int) -> ClipSource:
    """Return a clip for each file; names like those of NTU RGB+D say label, subject and camera.

    Other names say nothing. Frames are those of the arrays: the list `nbodys` in the file leaves out frames
    in which nobody was seen. A joint at exactly 0, 0, 0 of a body that is there was not measured.

    Raises:
        DataError: There are no such files.
    """
    files = files_below(path, ".npy")
    return ClipSource(
        kind="txt2npy",
        joints=layout("ntu").joints,
        layout=layout("ntu"),
        fps=config.fps or FPS,
        class_names=ntu_class_names(),
        count=len(files),
        clips=read_files(_read, files, workers=workers),
    )


def _read(path: Path) -> Sequence[Clip]:
    name = path.name.split(".")[0]
    facts = facts_of_name(name)
    label = {"label": NtuName.parse(name).label} if facts else {}
    return [Clip(name, read_txt2npy(path), label | facts, path)]


def read_txt2npy(path: Path) -> NDArray[np.float32]:
    """Return the joints of a file (T, M, 25, 3), metres, y up; NaN was not measured, zeros are nobody.

    Raises:
        DataError: The file is cut, holds anything but arrays and plain containers, or no bodies.
    """
    table = load_plain_npy(path)
    if not isinstance(table, dict):
        raise DataError.at(path, expected="a dictionary", found=type(table).__name__)
    found = {
        int(number[1]): key for key in table if isinstance(key, str) and (number := _BODY.fullmatch(key))
    }
    if not found:
        raise DataError.at(path, "there is no skel_body0 in it")
    bodies = []
    for _, key in sorted(found.items()):
        array = table[key]
        if not isinstance(array, PlainArray):
            raise DataError.at(path, f"{key}: expected an array")
        try:
            numbers = array.array()
        except ValueError as error:
            raise DataError.at(path, f"{key}: {error}") from None
        bodies.append(positions(numbers, (-1, JOINTS, 3), path, key))
    if len({len(body) for body in bodies}) > 1:
        raise DataError.at(path, "its bodies have different numbers of frames")
    joints = np.stack(bodies, axis=1)
    if not joints.any():
        raise NobodyError.of(path, "all zero, there is no body", frames=len(joints))
    kept = [body for body in range(joints.shape[1]) if joints[:, body].any()]
    return zeros_as_missing(joints[:, kept])
