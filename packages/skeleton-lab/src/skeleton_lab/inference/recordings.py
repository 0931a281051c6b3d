"""Recordings that a model is to recognise: found, read, and shown as the model knows clips."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data import (
    DataError,
    ImportConfig,
    JointError,
    JointMap,
    SkeletonLayout,
    clean,
    first_bodies,
    joint_map,
    layout,
    layout_names,
    open_clips,
    read_skeleton,
    turn_upright,
)
from skeleton_lab.data.preprocessing import KINDS, Preprocessing
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.inference.coordinates import training_coordinates

ENDINGS = (".skeleton", ".npz")
Joints = NDArray[np.float32]
FPS = 30.0
"""Where data do not say their rate: no model of these asks for it."""


@dataclass(frozen=True)
class Recording:
    """A clip of any length.

    Attributes:
        path: The file.
        name: Of the clip, where the file holds several.
        joints: (T, M, V, 3), metres, in the file's own layout and coordinates.
        shown: Brings consecutive frames of them into layout and coordinates of the model's training.
    """

    path: Path
    name: str
    joints: Joints
    shown: Callable[[Joints], Joints]

    def clip(self, start: int, end: int) -> Joints:
        """Return the frames from `start` to before `end` as the model knows clips, (T, M, V, 3)."""
        return self.shown(self.joints[start:end])


def read_recordings(
    paths: Iterable[Path], made_for: Preprocessing, config: ImportConfig, *, refused: list[str]
) -> Iterator[Recording]:
    """Read recordings one after the other; one that cannot be used does not keep the others from being read.

    Args:
        paths: Raw `.skeleton` files, files of own data (`.npz`), folders of them, or any other data set that
            `skeleton-data import` knows.
        made_for: Of the model. Joints are found by name, raw recordings cleaned as those of its training.
        config: How to understand data that are not raw recordings; its layout is that of data which do not
            say what their joints are called.
        refused: Gets a line, which names the file, for each recording that cannot be used, or whose joints
            are not those of the model.
    """
    for path in paths:
        if not path.exists():
            refused.append(f"{path}: no such file or folder")
            continue
        for file in _files(path):
            read = _read_raw if file.suffix == ".skeleton" else _read
            clips = read(file, made_for, config)
            while True:
                try:
                    with input_errors():
                        recording = next(clips, None)
                        if isinstance(recording, DataError):
                            raise recording
                except InputError as error:
                    refused.append(str(error))
                    continue  # a reader that failed has nothing more
                if recording is None:
                    break
                yield recording


def map_joints(names: Sequence[str], wanted: SkeletonLayout, *, derive: bool, source: str | Path) -> JointMap:
    """Find the joints of a layout among those of a source.

    Raises:
        InputError: If one is missing; names both layouts.
    """
    try:
        return joint_map(names, wanted.joints, derive=derive)
    except DataError as error:
        raise InputError(
            f"{source} has layout {_layout_of(names)}, but the model was made for {wanted.name}: {error}"
        ) from error


def _layout_of(names: Sequence[str]) -> str:
    """Return the name of the built-in layout that has these joints; else how many they are."""
    for name in layout_names():
        known = layout(name).joints
        if len(known) == len(names):
            try:
                joint_map(names, known)
            except DataError:
                continue
            return f"{name} ({len(names)} joints)"
    return f"of its own ({len(names)} joints)"


def _files(path: Path) -> list[Path]:
    found = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS) if path.is_dir() else []
    return found or [path]


def _read_raw(file: Path, made_for: Preprocessing, config: ImportConfig) -> Iterator[Recording]:
    ntu, cleaning = layout("ntu"), made_for.cleaning
    mapping = map_joints(ntu.joints, made_for.layout, derive=config.derive, source=file)
    try:
        raw = read_skeleton(file)
        raw = replace(raw, joints=turn_upright(raw.joints, "y" if config.up == "auto" else config.up))
        whole = clean(raw, cleaning or "reference")
    except DataError as error:
        raise error if str(file) in str(error) else DataError.at(file, str(error)) from error
    joints = first_bodies(raw) if cleaning == "contrast" else whole

    def shown(clip: Joints) -> Joints:
        # The whole is as cleaning left it, which may have put a lost body elsewhere than at zero.
        return mapping(whole if len(clip) == len(joints) else training_coordinates(clip, ntu, cleaning))

    yield Recording(file, file.stem, joints, shown)


def _says_no_rate(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return "fps.npy" not in archive.namelist()
    except (OSError, zipfile.BadZipFile):  # other formats, and what the reader will find wrong
        return False


def _read(file: Path, made_for: Preprocessing, config: ImportConfig) -> Iterator[Recording | DataError]:
    known = {"fps": config.fps or FPS} if _says_no_rate(file) else {}
    wanted = made_for.layout
    try:
        data = open_clips(file, config.model_copy(update=known), wanted=wanted)
    except JointError as error:
        raise InputError(
            f"{file} has layout {_layout_of(error.joints)}, but the model was made for {wanted.name}: {error}"
        ) from error
    if data.units != made_for.units:
        raise InputError(
            f"{file} holds {KINDS[data.units]}, but the model was made for {KINDS[made_for.units]}"
        )

    def shown(clip: Joints) -> Joints:
        return training_coordinates(clip, wanted, made_for.cleaning)

    for clip in data:
        data.report.check(file)
        yield clip if isinstance(clip, DataError) else Recording(file, clip.name, clip.joints, shown)
