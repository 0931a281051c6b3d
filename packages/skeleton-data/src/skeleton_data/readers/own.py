"""Own data as a stream of clips: joint names, units to metres, columns to facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.errors import DataError
from skeleton_data.files.text import read_text
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.columns import not_used, number_column, words_are_numbered
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import other_units, per_metre, positions
from skeleton_data.readers.own_data import DataUnits, OwnData, load_own_data
from skeleton_data.readers.timestamps import agreed_rate

MAX_NAMES = 2**18
"""Bytes of the largest file of joint names."""
_FACTS = ("subject", "camera", "setup", "replication")
_OTHERS = {
    "offsets",
    "frames",
    "clip_names",
    "name",
    "class_names",
    "joint_names",
    "parents",
    "fps",
    "picture",
}
"""Entries that may have as many numbers or words as there are clips, but the facts."""


def open_own(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of an `.npz`, or of an `.npy` with a table of clips (`config.clips`).

    Raises:
        DataError: The data is damaged, lacks a named column, units, joint names or frames per second.
    """
    data = load_own_data(path, config.clips)
    units = _units(data, config)
    joints = _joint_names(data, config)
    labels, class_names, notes = _labels(data, config)
    facts = {"label": labels}
    for fact in _FACTS:
        facts[fact], words = _facts(data, getattr(config, fact), fact)
        if words:
            notes += (words_are_numbered(fact, words),)
    notes += not_used(_unused(data, config), data.table or path)
    if data.units not in ("auto", units):
        notes += (other_units(path, data.units, units),)
    return ClipSource(
        kind="own data",
        joints=joints,
        fps=_fps(data, config),
        units="pixels" if units == "px" else "m",
        class_names=class_names,
        count=len(data),
        clips=(_read(data, clip, name, units, facts) for clip, name in enumerate(_clip_names(data))),
        part=_part_of(data, units, facts) if len(data) == 1 else None,
        frames=len(data.positions),
        notes=notes,
    )


def read_joint_names(file: Path | None, names: tuple[str, ...], source: Path) -> tuple[str, ...]:
    """Return `names`, or those in a text file that are to take their place, one a line.

    Raises:
        DataError: The file cannot be read, or holds another number of names.
    """
    if file is None:
        return names
    lines = read_text(file, most=MAX_NAMES).split("\n")
    found = tuple(name.strip() for name in lines if name.strip())
    _check_count(found, len(names), source)
    return found


def _check_count(names: tuple[str, ...], joints: int, source: Path) -> None:
    if len(names) != joints:
        raise DataError.at(
            source, f"the positions have {joints} joints, but there are {len(names)} joint names"
        )


def _read(
    data: OwnData, clip: int, name: str, units: DataUnits, facts: Mapping[str, NDArray[np.int64]]
) -> Clip | DataError:
    try:
        rows = data.positions[int(data.offsets[clip]) : int(data.offsets[clip + 1])]
        joints = positions(rows, rows.shape, data.path, f"clip {name!r}", gaps=True)
    except DataError as error:
        return error
    values = {fact: int(column[clip]) for fact, column in facts.items()}
    score = data.columns.get("confidence")
    sure = None if score is None else score[data.offsets[clip] : data.offsets[clip + 1]]
    if units == "px":
        sure = joints[..., 2] if joints.shape[-1] == 3 else sure
        joints = np.concatenate([joints[..., :2], np.zeros_like(joints[..., :1])], axis=-1)
    else:
        joints = joints / per_metre(units)
    joints = joints if joints.ndim == 4 else joints[:, None]
    bodies = _bodies(joints)
    sure = None if sure is None else sure.reshape(joints.shape[:-1])[:, :bodies].astype(np.float32)
    return Clip(name, joints[:, :bodies], values, data.path, confidence=sure, picture=_picture(data))


def _part_of(
    data: OwnData, units: DataUnits, facts: Mapping[str, NDArray[np.int64]]
) -> Callable[[int, int], Clip] | None:
    """Return what reads frames of the only clip, in 3D and of which no confidence is known."""
    if units == "px" or "confidence" in data.columns:
        return None
    (name,) = _clip_names(data)
    values = {fact: int(column[0]) for fact, column in facts.items()}

    def part(start: int, end: int) -> Clip:
        rows = data.positions[start:end]
        joints = positions(rows, rows.shape, data.path, f"clip {name!r}", gaps=True) / per_metre(units)
        return Clip(name, joints if joints.ndim == 4 else joints[:, None], values, data.path)

    return part


def _picture(data: OwnData) -> tuple[int, int] | None:
    size = data.columns.get("picture")
    if size is None:
        return None
    if size.shape != (2,) or size.dtype.kind not in "iu" or size.min() < 1:
        raise DataError.at(data.path, f"'picture' is {size.tolist()!r:.40}, expected width and height")
    return int(size[0]), int(size[1])


def _bodies(joints: NDArray[np.float32]) -> int:
    """Return the number of bodies of joints (T, M, V, 3) without those at the end that never come."""
    there = np.nan_to_num(joints).any(axis=(0, 2, 3))
    return int(np.flatnonzero(there)[-1]) + 1 if there.any() else 1


def _clip_names(data: OwnData) -> list[str]:
    for key in ("clip_names", "name"):
        if (column := data.column(None, key)) is not None:
            return [str(name) for name in column.tolist()]
    return [f"clip{clip:06}" for clip in range(len(data))]


def _joint_names(data: OwnData, config: ImportConfig) -> tuple[str, ...]:
    count = data.positions.shape[-2]
    if "joint_names" in data.columns and config.source_layout is not None:
        raise DataError.at(data.path, "its joints have names: leave the option source_layout out")
    if config.joints is not None:
        return read_joint_names(config.joints, ("",) * count, data.path)
    if "joint_names" in data.columns:
        names = tuple(str(name) for name in np.atleast_1d(data.columns["joint_names"]))
    elif (given := config.source_layout or config.layout) is None:
        raise DataError.at(data.path, "it does not name its joints; give the option source_layout")
    else:
        names = layout(given).joints
    _check_count(names, count, data.path)
    return names


def _units(data: OwnData, config: ImportConfig) -> DataUnits:
    units = data.units if config.units == "auto" else config.units
    if "px" in (data.units, units) and data.units not in ("auto", units):
        raise DataError.at(
            data.path, f"its positions are in {data.units}, but the option units is {units}: leave it out"
        )
    if data.positions.shape[-1] == 2:
        if units not in ("auto", "px"):
            raise DataError.at(data.path, f"its positions have 2 coordinates, so they are px, not {units}")
        units = "px"
    if units == "auto":
        raise DataError.at(data.path, "it does not say its units; give the option units: m, cm, mm or px")
    sure = data.columns.get("confidence")
    if sure is not None and (sure.shape != data.positions.shape[:-1] or sure.dtype.kind not in "fiu"):
        raise DataError.at(
            data.path,
            f"'confidence' is {sure.dtype}{sure.shape}, expected numbers {data.positions.shape[:-1]}",
        )
    if sure is not None and units == "px" and data.positions.shape[-1] == 3:
        raise DataError.at(
            data.path, "it says the confidence twice: the third coordinate and 'confidence'; leave one out"
        )
    return units


def _fps(data: OwnData, config: ImportConfig) -> float:
    column = data.columns.get("fps")
    said = None
    if column is not None and column.size == 1 and column.dtype.kind in "fiu":
        said = float(column.reshape(()))
    fps = agreed_rate(config.fps, said, data.path)
    if fps is None:
        raise DataError.at(data.path, "it does not say its frames per second; give the option fps")
    return fps


def _unused(data: OwnData, config: ImportConfig) -> list[str]:
    """Return the columns with an entry for each clip of which nothing is read."""
    label = config.label or "label"
    used = _OTHERS | {label, f"{label}_names", config.class_names}
    used |= {getattr(config, fact) or fact for fact in _FACTS}
    return [
        name for name, column in data.columns.items() if column.shape == (len(data),) and name not in used
    ]


def _facts(
    data: OwnData, wanted: str | None, fact: str, *, names: tuple[str, ...] = (), first: int = 1
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return a column of facts (n,), and its words if it holds words, numbered from `first`."""
    values, column = data.column(wanted, fact), wanted or fact
    if values is None:
        return np.full(len(data), -1), ()
    path = data.table or data.path
    return number_column(values, path, column, names=names, first=first, lines=data.lines)


def _labels(
    data: OwnData, config: ImportConfig
) -> tuple[NDArray[np.int64], tuple[str, ...], tuple[str, ...]]:
    """Return labels (n,), class names, and what is to be said about them."""
    column = config.label or "label"
    key = config.class_names
    if key is None:
        usual = [f"{column}_names"] + ["class_names"] * (column == "label")
        key = next((key for key in usual if key in data.columns), None)
    elif key not in data.columns:
        raise DataError.at(data.path, f"no entry {key!r}; there are {', '.join(sorted(data.columns))}")
    names = () if key is None else tuple(str(name) for name in np.atleast_1d(data.columns[key]))
    labels, words = _facts(data, config.label, "label", names=names, first=0)
    if words:
        return labels, words, ()
    known = labels[labels >= 0]
    if names and len(known) and known.min() >= 1 and known.max() == len(names):
        note = f"labels count from 1: label 1 is {names[0]!r}, which the store calls class 0"
        return np.where(labels >= 1, labels - 1, labels), names, (note,)
    return labels, names, ()
