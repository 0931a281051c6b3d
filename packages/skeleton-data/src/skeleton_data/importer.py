"""From own data to a store: joints by name to a layout, units to metres, columns to facts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from skeleton_data.errors import DataError
from skeleton_data.import_config import ImportConfig
from skeleton_data.joint_names import match_joints
from skeleton_data.layout import SkeletonLayout, layout
from skeleton_data.own_data import OwnData, load_own_data, whole_numbers
from skeleton_data.problems import OnError, Problems
from skeleton_data.store_writer import StoreWriter


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        clips: number of clips written.
        unused_joints: joints of the data that the layout does not have.
        problems: what was skipped and why, one line each.
    """

    clips: int
    unused_joints: tuple[str, ...]
    problems: tuple[str, ...]


def import_clips(
    source: str | Path,
    store: str | Path,
    config: ImportConfig,
    *,
    on_error: OnError = "stop",
    report: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Imported:
    """Writes own data as a store.

    Args:
        source: an ``.npz``, or an ``.npy`` with a table of clips (``config.clips``); `load_own_data` has the
            format.
        store: folder of the new store.
        config: how to understand the data.
        on_error: what to do about a clip that cannot be used, one with NaN: "stop", or "skip" and list it.
        report: the list of skipped clips; by default ``STORE.skipped.txt``, written if there are any.
        overwrite: replace a store that is already there.
        progress: shows a bar on the standard error stream.

    Raises:
        DataError: the data is damaged, lacks a joint, a named column, units or frames per second; a clip
            cannot be used.

    Example:
        >>> import numpy as np, tempfile
        >>> from skeleton_data import SkeletonStore
        >>> joints = ["HipCenter", "Spine", "ShoulderCenter", "Head"] + [
        ...     part + side for side in ("Left", "Right")
        ...     for part in ("Shoulder", "Elbow", "Wrist", "Hand", "Hip", "Knee", "Ankle", "Foot")
        ... ]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(
        ...         f"{folder}/mine.npz", positions_mm=np.ones((70, 20, 3), np.int16), offsets=[0, 30, 70],
        ...         label=[1, 0], subject=[4, 5], class_names=["wave", "kick"], joint_names=joints, fps=30.0,
        ...     )
        ...     config = ImportConfig(layout="kinect_v1")
        ...     done = import_clips(f"{folder}/mine.npz", f"{folder}/mine.store", config)
        ...     store = SkeletonStore.open(f"{folder}/mine.store")
        ...     store.class_names[store.index.label[0]], store.read(1).shape, float(store.read(1).max())
        ('kick', (40, 1, 20, 3), 0.0010000000474974513)
    """
    data = load_own_data(source, config.clips)
    target = layout(config.layout)
    order, unused = _joint_order(data, config, target)
    divisor = _divisor(data, config)
    labels, class_names = _labels(data, config)
    facts = {
        fact: _facts(data, getattr(config, fact), fact)
        for fact in ("subject", "camera", "setup", "replication")
    }
    names = next((data.columns[key] for key in ("clip_names", "name") if key in data.columns), None)
    problems = Problems(on_error, Path(report or f"{store}.skipped.txt"))
    with StoreWriter(
        store,
        layout=target,
        class_names=class_names,
        fps=_fps(data, config),
        source={"kind": "own data", "file": str(source), "config": config.model_dump(mode="json")},
        overwrite=overwrite,
    ) as writer:
        for clip in tqdm(range(len(data)), unit="clip", disable=not progress):
            joints = _joints(data.positions[data.offsets[clip] : data.offsets[clip + 1]], order, divisor)
            name = f"clip{clip:06}" if names is None else str(names[clip])
            try:
                writer.add(
                    joints,
                    name=name,
                    label=int(labels[clip]),
                    **{fact: int(values[clip]) for fact, values in facts.items()},
                )
            except DataError as error:
                problems.add(str(DataError.at(source, str(error))))
        problems.write()
    return Imported(writer.clips, unused, tuple(problems.found))


def _joints(positions: NDArray[Any], order: list[int], divisor: np.float32) -> NDArray[np.float32]:
    """Positions (T, [M,] V, 3) of one clip as (T, M, V, 3) metres in the joint order of the layout."""
    joints = positions[..., order, :].astype(np.float32) / divisor
    if joints.ndim == 3:
        return joints[:, None]
    present = np.flatnonzero(joints.any(axis=(0, 2, 3)))
    return joints[:, : present[-1] + 1] if len(present) else joints[:, :1]


def _joint_order(
    data: OwnData, config: ImportConfig, target: SkeletonLayout
) -> tuple[list[int], tuple[str, ...]]:
    count = data.positions.shape[-2]
    if config.joints is not None:
        try:
            names = config.joints.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError.at(config.joints, f"cannot be read: {error}") from None
        names = [name.strip() for name in names if name.strip()]
    elif "joint_names" in data.columns:
        names = [str(name) for name in data.columns["joint_names"]]
    else:
        names = list(target.joints)
    if len(names) != count:
        raise DataError.at(
            data.path, f"the positions have {count} joints, but there are {len(names)} joint names"
        )
    order = match_joints(names, target.joints, source=str(data.path))
    return list(order), tuple(name for joint, name in enumerate(names) if joint not in order)


def _divisor(data: OwnData, config: ImportConfig) -> np.float32:
    if config.units != "auto" and data.units not in ("auto", config.units):
        raise DataError.at(
            data.path, f"its positions are in {data.units}, but the units were said to be {config.units}"
        )
    match config.units if data.units == "auto" else data.units:
        case "m":
            return np.float32(1)
        case "mm":
            return np.float32(1000)
    raise DataError.at(data.path, "it does not say in which units its positions are: say units m or mm")


def _fps(data: OwnData, config: ImportConfig) -> float:
    if config.fps is not None:
        return config.fps
    if "fps" not in data.columns or data.columns["fps"].size != 1:
        raise DataError.at(data.path, "it does not say how many frames per second it has: say fps")
    return float(data.columns["fps"].reshape(()))


def _facts(data: OwnData, wanted: str | None, fact: str) -> NDArray[np.int64]:
    values = data.column(wanted, fact)
    return np.full(len(data), -1) if values is None else whole_numbers(values, data.path, wanted or fact)


def _labels(data: OwnData, config: ImportConfig) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels (n,) and class names; labels that are words are numbered in alphabetical order."""
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
