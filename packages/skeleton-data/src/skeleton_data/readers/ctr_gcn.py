"""Arrays as CTR-GCN and its many followers prepare them: an `.npz` with `x_train`, `y_train`, ..."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, Side, without_padding
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.arrays import (
    ArrayEntry,
    open_array,
    open_zip,
    read_array,
    reading,
    require_proportion,
)
from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names
from skeleton_data.ntu.facts import ntu_class_names
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.exported import exported_layout, exported_units
from skeleton_data.readers.listing import per_metre, positions
from skeleton_data.readers.own_split import DEFAULT_SPLIT
from skeleton_data.readers.recording import check_size
from skeleton_data.readers.timestamps import agreed_rate
from skeleton_data.store.confidence import SURE

FPS = 30.0
MOST_BODIES = 2
"""Bodies that are tried where the layout is not said."""

ONLY_2D = {"body25", "openpose18", "halpe26", "coco133"}
"""Layouts of detectors in pictures, which this form, of positions in metres, does not hold."""
SIDES: dict[str, Side] = {"train": "train", "val": "validation", "test": "test"}
"""Side of each part; `val` is the test side of a file without `test`."""
ABOUT = ("units", "fps", "layout", "class_names")
"""Entries of `export --to npz` that say something of all clips."""
ROWS = 256
"""Labels that are read at once."""


def open_ctr_gcn(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of `x_train` (N, T, M * V * 3) and `x_test`, with labels `y_...`.

    Labels are one-hot (N, K) or whole numbers (N,). `source_layout`, or else `layout`, says how many
    joints there are, and so how many bodies; without it, one layout must fit for two bodies, or for one.
    Read clip after clip, however large the arrays are. Padding is taken off: frames of zeros at the end, a
    second body of zeros or equal to the first. The file says neither names nor subjects: clips are called
    `train000000`, `test000000`, ... Its parts, also `x_val` if there is one, are the data set's own split.

    What `export --to npz` writes beside these arrays says the layout, the units, the frames per second, the
    class names and the confidence of each joint.

    Raises:
        DataError: No such file, no `.npz`, arrays are missing, pickled or do not fit each other.
    """
    parts = tuple(SIDES) if config.part is None else (config.part,)
    if not set(parts) <= set(SIDES):
        raise DataError.at(path, f"no part {config.part!r}: it has {', '.join(SIDES)}")
    with open_zip(path) as archive:
        entries = set(archive.namelist())
        there = [part for part in parts if f"x_{part}.npy" in entries]
        if not there:
            wanted = " or ".join(f"x_{part}" for part in parts)
            raise DataError.at(path, f"expected {wanted}; it has {', '.join(sorted(entries)) or 'nothing'}")
        shapes = {part: _shape(archive, part, path) for part in there}
        labels = {part: _labels(archive, part, shapes[part][0], path) for part in there}
        about = {name: read_array(archive, f"{name}.npy") for name in ABOUT if f"{name}.npy" in entries}
    widths = {shape[2] for shape in shapes.values()}
    if len(widths) > 1:
        raise DataError.at(path, f"clips of {widths} numbers a frame, expected as many in each part")
    skeleton = _layout(widths.pop(), config, about.get("layout"), path)
    classes = max(classes for _, classes in labels.values())
    is_ntu = "ntu" in path.name.lower() and skeleton.name == "ntu" and classes in (60, 120)
    names = ntu_class_names()[:classes] if is_ntu else ()
    units = exported_units(about["units"].tolist(), path) if "units" in about else "m"
    if units != "m" and config.units != "auto":
        raise DataError.at(path, "its positions are parts of a picture: leave the option units out")
    form = _Form(len(skeleton.joints), per_metre(config.units), f"confidence_{there[0]}.npy" in entries)
    sides = SIDES if "x_test.npy" in entries else SIDES | {"val": "test"}
    return ClipSource(
        kind="CTR-GCN",
        joints=skeleton.joints,
        layout=skeleton,
        units=units,
        fps=agreed_rate(config.fps, _fps(about.get("fps"), path), path) or FPS,
        class_names=tuple(map(str, about["class_names"].ravel())) if "class_names" in about else names,
        count=sum(shape[0] for shape in shapes.values()),
        filled=form.confidence,
        clips=(clip for part in there for clip in _read(path, part, labels[part][0], form, sides[part])),
    )


def _fps(said: NDArray[Any] | None, path: Path) -> float | None:
    """Return the frames per second that an export says."""
    if said is None:
        return None
    if said.size != 1 or said.dtype.kind not in "fiu":
        raise DataError.at(path, field="fps", expected="a number", found=f"{said.dtype}{said.shape}")
    return float(said.reshape(()))


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
    """Return the labels (N,) and the number of classes."""
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
    """Return the labels (N,) of rows (N, K), of which the first has the number `start`."""
    wrong = ((rows != 0).sum(axis=1) != 1) | (rows.sum(axis=1) != 1)
    if wrong.any():
        raise DataError.at(path, f"{name}: row {start + int(wrong.argmax())} is not one-hot")
    labels: NDArray[np.int64] = rows.argmax(axis=1).astype(np.int64)
    return labels


def _layout(width: int, config: ImportConfig, exported: NDArray[Any] | None, path: Path) -> SkeletonLayout:
    """Return the skeleton of `width` numbers a frame: the one that was said, or the only one that fits."""
    if exported is not None:
        skeleton = exported_layout(exported.tolist(), path)
        if config.source_layout:
            raise DataError.at(path, "it says its layout: leave the option source_layout out")
        if width % (3 * len(skeleton.joints)):
            raise DataError.at(path, f"{width} numbers a frame are not those of its layout {skeleton.name}")
        return skeleton
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


@dataclass(frozen=True)
class _Form:
    """What the numbers of a frame are: joints (M, V, 3), so many to a metre, maybe with a confidence each."""

    joints: int
    per_metre: np.float32
    confidence: bool


def _read(
    path: Path, part: str, labels: NDArray[np.int64], form: _Form, side: Side
) -> Iterator[Clip | DataError]:
    with open_zip(path) as archive, ExitStack() as entries:
        array = entries.enter_context(open_array(archive, f"x_{part}.npy"))
        sure = entries.enter_context(_confidence(archive, part, array, path)) if form.confidence else None
        for number, label in enumerate(labels.tolist()):
            name, where = f"{part}{number:06}", f"x_{part}[{number}]"
            try:
                with reading(path):
                    rows = array.rows(1)[0]
                    known = None if sure is None else sure.rows(1)[0]
            except DataError as error:
                yield error
                return
            try:
                joints, confidence = _clip(rows, known, form, path, name, where)
            except DataError as error:
                yield error
                continue
            yield Clip(name, joints, {"label": label}, path, confidence, sides={DEFAULT_SPLIT: side})


def _clip(
    rows: NDArray[Any], known: NDArray[Any] | None, form: _Form, path: Path, name: str, where: str
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return joints (T, M, V, 3) and confidence (T, M, V) of a clip without its padding."""
    clip = positions(rows, rows.shape, path, where, gaps=True)
    if not np.nan_to_num(clip).any():
        message = f"{where}: all zero, there is no body"
        raise NobodyError.of(path, message, frames=len(clip), clip=name)
    joints = clip.reshape(len(clip), -1, form.joints, 3)
    length, bodies = without_padding(joints)
    sure = None
    if known is not None:
        sure = known.reshape(joints.shape[:3])[:length, bodies].astype(np.float32) / np.float32(SURE)
    return joints[:length, bodies] / form.per_metre, sure


@contextmanager
def _confidence(archive: zipfile.ZipFile, part: str, clips: ArrayEntry, path: Path) -> Iterator[ArrayEntry]:
    """Open the confidence of the joints of `clips`, bytes (N, T, M * V)."""
    with open_array(archive, f"confidence_{part}.npy") as entry:
        count, frames, width = clips.shape
        expected = (count, frames, width // 3)
        if entry.dtype != np.uint8 or entry.shape != expected or entry.fortran:
            found = f"{entry.dtype}{entry.shape}"
            raise DataError.at(path, field=f"confidence_{part}", expected=f"uint8{expected}", found=found)
        yield entry
