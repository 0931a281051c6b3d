"""Recordings that a model is to recognise: found, read, and with the joints that the model knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError, input_errors
from skeleton_data import (
    DataError,
    ImportConfig,
    JointMap,
    SkeletonLayout,
    clean,
    joint_map,
    layout_names,
    read_skeleton,
)
from skeleton_data.layout import layout
from skeleton_data.readers.formats import open_clips

ENDINGS = (".skeleton", ".npz")
FPS = 30.0
"""Where data do not say their rate: no model of these asks for it."""


@dataclass(frozen=True)
class Recording:
    """A clip of any length.

    Attributes:
        path: The file.
        name: Of the clip, where the file holds several.
        joints: (T, M, V, 3), metres, in the layout of the model.
    """

    path: Path
    name: str
    joints: NDArray[np.float32]


def read_recordings(
    paths: Iterable[Path], wanted: SkeletonLayout, config: ImportConfig
) -> Iterator[Recording]:
    """Read recordings one after the other.

    Args:
        paths: Raw `.skeleton` files, files of own data (`.npz`), folders of them, or any other data set that
            `skeleton-data import` knows.
        wanted: Layout of the model; joints are found by name.
        config: How to understand data that are not raw recordings; its layout is that of data which do not
            say what their joints are called.

    Raises:
        InputError: If a recording cannot be used, or its joints are not those of the layout; names the file.
    """
    for path in paths:
        for file in _files(path):
            clips = (
                _read_raw(file, wanted, config) if file.suffix == ".skeleton" else _read(file, wanted, config)
            )
            while True:
                with input_errors():
                    recording = next(clips, None)
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
    """Name of the built-in layout that has these joints; else how many they are."""
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
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    found = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS) if path.is_dir() else []
    return found or [path]


def _read_raw(file: Path, wanted: SkeletonLayout, config: ImportConfig) -> Iterator[Recording]:
    mapping = map_joints(layout("ntu").joints, wanted, derive=config.derive, source=file)
    try:
        joints = clean(read_skeleton(file))
    except DataError as error:
        raise error if str(file) in str(error) else DataError.at(file, str(error)) from error
    yield Recording(file, file.stem, mapping(joints))


def _read(file: Path, wanted: SkeletonLayout, config: ImportConfig) -> Iterator[Recording]:
    known = {"fps": config.fps or FPS} if file.suffix == ".npz" else {}
    data = open_clips(file, config.model_copy(update=known))
    mapping = map_joints(data.joints, wanted, derive=config.derive, source=file)
    for clip in data.clips:
        if isinstance(clip, DataError):
            raise clip
        yield Recording(file, clip.name, mapping(clip.joints))
