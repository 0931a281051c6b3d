"""Own data as a stream of clips: joint names, units to metres, columns to facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.listing import per_metre, positions
from skeleton_data.readers.own_data import OwnData, load_own_data, whole_numbers

_FACTS = ("subject", "camera", "setup", "replication")


def open_own(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of an `.npz`, or of an `.npy` with a table of clips (`config.clips`).

    Raises:
        DataError: The data is damaged, lacks a named column, units, joint names or frames per second.
    """
    data = load_own_data(path, config.clips)
    joints = _joint_names(data, config)
    divisor = _divisor(data, config)
    labels, class_names = _labels(data, config)
    facts = {"label": labels} | {fact: _facts(data, getattr(config, fact), fact) for fact in _FACTS}
    return ClipSource(
        kind="own data",
        joints=joints,
        fps=_fps(data, config),
        class_names=class_names,
        count=len(data),
        clips=_read(data, _clip_names(data), divisor, facts),
    )


def read_joint_names(file: Path | None, names: tuple[str, ...], source: Path) -> tuple[str, ...]:
    """Return `names`, or those in a text file that are to take their place, one a line.

    Raises:
        DataError: The file cannot be read, or holds another number of names.
    """
    if file is None:
        return names
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError.at(file, f"cannot be read: {error}") from None
    found = tuple(name.strip() for name in lines if name.strip())
    _check_count(found, len(names), source)
    return found


def _check_count(names: tuple[str, ...], joints: int, source: Path) -> None:
    if len(names) != joints:
        raise DataError.at(
            source, f"the positions have {joints} joints, but there are {len(names)} joint names"
        )


def _read(
    data: OwnData, names: list[str], divisor: np.float32, facts: Mapping[str, NDArray[np.int64]]
) -> Iterator[Clip | DataError]:
    for clip, name in enumerate(names):
        rows = data.positions[data.offsets[clip] : data.offsets[clip + 1]]
        try:
            joints = positions(rows, rows.shape, data.path, f"clip {name!r}") / divisor
            if not joints.any():
                raise DataError.at(data.path, f"clip {name!r}: all zero, there is no body")
        except DataError as error:
            yield error
            continue
        values = {fact: int(column[clip]) for fact, column in facts.items()}
        yield Clip(name, _bodies(joints), values, data.path)


def _bodies(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return joints (T, [M,] V, 3) as (T, M, V, 3), without bodies at the end that never come."""
    if joints.ndim == 3:
        return joints[:, None]
    present = np.flatnonzero(joints.any(axis=(0, 2, 3)))
    return joints[:, : present[-1] + 1]


def _clip_names(data: OwnData) -> list[str]:
    for key in ("clip_names", "name"):
        if (column := data.column(None, key)) is not None:
            return [str(name) for name in column.tolist()]
    return [f"clip{clip:06}" for clip in range(len(data))]


def _joint_names(data: OwnData, config: ImportConfig) -> tuple[str, ...]:
    count = data.positions.shape[-2]
    if config.joints is not None:
        return read_joint_names(config.joints, ("",) * count, data.path)
    if "joint_names" in data.columns:
        names = tuple(str(name) for name in np.atleast_1d(data.columns["joint_names"]))
    elif config.layout is None:
        raise DataError.at(data.path, "it does not say what its joints are called: say layout")
    else:
        names = layout(config.layout).joints
    _check_count(names, count, data.path)
    return names


def _divisor(data: OwnData, config: ImportConfig) -> np.float32:
    if config.units != "auto" and data.units not in ("auto", config.units):
        raise DataError.at(
            data.path, f"its positions are in {data.units}, but the units were said to be {config.units}"
        )
    units = config.units if data.units == "auto" else data.units
    if units == "auto":
        raise DataError.at(
            data.path, "it does not say in which units its positions are: say units m, cm or mm"
        )
    return per_metre(units)


def _fps(data: OwnData, config: ImportConfig) -> float:
    if config.fps is not None:
        return config.fps
    fps = data.columns.get("fps")
    if fps is None or fps.size != 1 or fps.dtype.kind not in "fiu":
        raise DataError.at(data.path, "it does not say how many frames per second it has: say fps")
    return float(fps.reshape(()))


def _facts(data: OwnData, wanted: str | None, fact: str) -> NDArray[np.int64]:
    values = data.column(wanted, fact)
    return np.full(len(data), -1) if values is None else whole_numbers(values, data.path, wanted or fact)


def _labels(data: OwnData, config: ImportConfig) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return labels (n,) and class names; labels that are words are numbered in alphabetical order."""
    column = config.label or "label"
    values = data.column(config.label, "label")
    key = config.class_names
    if key is None:
        usual = [f"{column}_names"] + ["class_names"] * (column == "label")
        key = next((key for key in usual if key in data.columns), None)
    elif key not in data.columns:
        raise DataError.at(data.path, f"no entry {key!r}; there are {', '.join(sorted(data.columns))}")
    if (
        values is not None
        and values.dtype.kind == "U"
        and not all(word.lstrip("-").isdecimal() for word in values)
    ):
        words, numbers = np.unique(values, return_inverse=True)
        return numbers.astype(np.int64), tuple(words.tolist())
    names = () if key is None else tuple(str(name) for name in np.atleast_1d(data.columns[key]))
    return _facts(data, config.label, "label"), names
