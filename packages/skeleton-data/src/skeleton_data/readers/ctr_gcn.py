"""Arrays as CTR-GCN and its many followers prepare them: an `.npz` with `x_train`, `y_train`, ..."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, Side, present_bodies
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.arrays import open_array, open_zip, read_array, reading, require_proportion
from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names
from skeleton_data.ntu.facts import ntu_class_names
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import per_metre, positions
from skeleton_data.readers.own_split import DEFAULT_SPLIT
from skeleton_data.readers.recording import check_size

FPS = 30.0
MOST_BODIES = 2
"""Bodies that are tried where the layout is not said."""

ONLY_2D = {"body25", "openpose18", "halpe26", "coco133"}
"""Layouts of detectors in pictures, which this form, of positions in metres, does not hold."""
PARTS = ("train", "test")
ROWS = 4096
"""Labels that are read at once."""


def open_ctr_gcn(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of `x_train` (n, T, bodies x joints x 3) and `x_test`, with labels `y_...`.

    Labels are one-hot (n, classes) or whole numbers (n,). `source_layout`, or else `layout`, says how many
    joints there are, and so how many bodies; without it, one layout must fit for two bodies, or for one.
    Read clip after clip, however large the arrays are. Padding is taken off: frames of zeros at the end, a
    second body of zeros or equal to the first. The file says neither names nor subjects: clips are called
    `train000000`, `test000000`, ... The two arrays are the data set's own split.

    Raises:
        DataError: No such file, no `.npz`, arrays are missing, pickled or do not fit each other.
    """
    parts = PARTS if config.part is None else (config.part,)
    if not set(parts) <= set(PARTS):
        raise DataError.at(path, f"no part {config.part!r}: it has {', '.join(PARTS)}")
    with open_zip(path) as archive:
        entries = set(archive.namelist())
        there = [part for part in parts if f"x_{part}.npy" in entries]
        if not there:
            wanted = " or ".join(f"x_{part}" for part in parts)
            raise DataError.at(path, f"expected {wanted}; it has {', '.join(sorted(entries)) or 'nothing'}")
        shapes = {part: _shape(archive, part, path) for part in there}
        labels = {part: _labels(archive, part, shapes[part][0], path) for part in there}
    widths = {shape[2] for shape in shapes.values()}
    if len(widths) > 1:
        raise DataError.at(path, f"clips of {widths} numbers a frame, expected as many in each part")
    skeleton = _layout(widths.pop(), config, path)
    joints = len(skeleton.joints)
    classes = max(classes for _, classes in labels.values())
    is_ntu = "ntu" in path.name.lower() and skeleton.name == "ntu" and classes in (60, 120)
    divisor = per_metre(config.units)
    return ClipSource(
        kind="CTR-GCN",
        joints=skeleton.joints,
        layout=skeleton,
        fps=config.fps or FPS,
        class_names=ntu_class_names()[:classes] if is_ntu else (),
        count=sum(shape[0] for shape in shapes.values()),
        clips=(clip for part in there for clip in _read(path, part, labels[part][0], joints, divisor)),
    )


def _shape(archive: zipfile.ZipFile, part: str, path: Path) -> tuple[int, ...]:
    with open_array(archive, f"x_{part}.npy") as array:
        shape, dtype = array.shape, array.dtype
    if len(shape) != 3 or 0 in shape or dtype.kind != "f":
        raise DataError.at(
            path, field=f"x_{part}", expected="numbers (clips, frames, 150)", found=f"{dtype}{shape}"
        )
    if array.fortran:
        raise DataError.at(path, f"x_{part}: its numbers are in Fortran order")
    check_size(path, shape[1], 1, shape[2] // 3)
    return shape


def _labels(archive: zipfile.ZipFile, part: str, clips: int, path: Path) -> tuple[NDArray[np.int64], int]:
    """Return the labels (n,) and the number of classes."""
    name = f"y_{part}"
    if f"{name}.npy" not in archive.namelist():
        raise DataError.at(path, f"{name}: missing, expected the one-hot labels of x_{part}")
    require_proportion(archive, f"{name}.npy")
    with open_array(archive, f"{name}.npy") as entry:
        numbers = entry.dtype.kind in "iu" and entry.shape == (clips,)
        one_hot = len(entry.shape) == 2 and entry.dtype.kind in "iufb"
        if not clips or entry.shape[:1] != (clips,) or 0 in entry.shape or not (numbers or one_hot):
            found = f"{entry.dtype}{entry.shape}"
            raise DataError.at(path, field=name, expected=f"({clips}, classes)", found=found)
        whole = read_array(archive, f"{name}.npy") if entry.fortran else None
        labels = np.empty(clips, np.int64)
        for start in range(0, clips, ROWS):
            end = min(start + ROWS, clips)
            rows = entry.rows(end - start) if whole is None else whole[start:end]
            labels[start:end] = rows if numbers else _of_one_hot(rows, start, name, path)
        entry.file.read()  # compares the checksum
    return labels, int(labels.max()) + 1 if numbers else entry.shape[1]


def _of_one_hot(rows: NDArray[np.generic], start: int, name: str, path: Path) -> NDArray[np.int64]:
    """Return the labels (n,) of rows (n, classes), of which the first has the number `start`."""
    wrong = ((rows != 0).sum(axis=1) != 1) | (rows.sum(axis=1) != 1)
    if wrong.any():
        raise DataError.at(path, f"{name}: row {start + int(wrong.argmax())} is not one-hot")
    labels: NDArray[np.int64] = rows.argmax(axis=1).astype(np.int64)
    return labels


def _layout(width: int, config: ImportConfig, path: Path) -> SkeletonLayout:
    """Return the skeleton of `width` numbers a frame: the one that was said, or the only one that fits."""
    said = [layout(name) for name in (config.source_layout, config.layout) if name is not None]
    for skeleton in said[: 1 if config.source_layout else 2]:
        if width % (3 * len(skeleton.joints)) == 0:
            return skeleton
    for bodies in range(MOST_BODIES, 0, -1):
        fit = [name for name in layout_names() if width == bodies * 3 * len(layout(name).joints)]
        fit = [name for name in fit if name not in ONLY_2D]
        if len(fit) == 1 and not config.source_layout:
            return layout(fit[0])
        if fit:
            raise DataError.at(
                path,
                f"{width} numbers a frame may be {' or '.join(fit)}; name one as the option source_layout",
            )
    raise DataError.at(
        path,
        f"it has {width} numbers a frame, expected 150 (2 x 25 x 3), 120 (2 x 20 x 3) or those of layout",
    )


def _read(
    path: Path, part: str, labels: NDArray[np.int64], joints: int, divisor: np.float32
) -> Iterator[Clip | DataError]:
    with open_zip(path) as archive, open_array(archive, f"x_{part}.npy") as array:
        _, frames, width = array.shape
        for number, label in enumerate(labels.tolist()):
            where = f"x_{part}[{number}]"
            try:
                with reading(path):
                    rows = array.rows(1)[0]
            except DataError as error:
                yield error
                return
            try:
                clip = positions(rows, (frames, width), path, where, gaps=True)
                if not np.nan_to_num(clip).any():
                    message = f"{where}: all zero, there is no body"
                    raise NobodyError.of(path, message, frames=frames, clip=f"{part}{number:06}")
            except DataError as error:
                yield error
                continue
            bodies = present_bodies(clip.reshape(frames, -1, joints, 3)) / divisor
            side: Side = "train" if part == "train" else "test"
            yield Clip(f"{part}{number:06}", bodies, {"label": label}, path, sides={DEFAULT_SPLIT: side})
