"""Clips as a program gives them, arrays and files in any order, as recordings."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from pydantic import ValidationError

from skeleton_data import DataError, ImportConfig, Preprocessing, first_mistake
from skeleton_runtime.arrays import array_recordings
from skeleton_runtime.recorded_files import read_recordings
from skeleton_runtime.recordings import Recording

if TYPE_CHECKING:
    from skeleton_data import SkeletonStore

    Clip = ArrayLike | SkeletonStore | str | Path
    Clips = Clip | Iterable[Clip]
    """An array, a store, a file or folder that import reads, or several of them, read one by one."""


def recordings_of(clips: Clips, preprocessing: Preprocessing, config: ImportConfig) -> Iterator[Recording]:
    """Read clips one after the other, as they are asked for.

    Args:
        clips: Arrays, stores and paths.
        preprocessing: That of the model.
        config: How to understand them.

    Raises:
        DataError: If an array cannot be used, says which; at the end, with a line for each, if files cannot.
    """
    refused: list[str] = []
    notes: list[str] = []
    places = ((number, clip, _path_of(clip)) for number, clip in enumerate(_each(clips)))
    for is_array, group in groupby(places, key=lambda place: place[2] is None):
        if is_array:
            yield from array_recordings(map(itemgetter(0, 1), group), preprocessing, config, notes=notes)
        else:
            paths = (path for _, _, path in group if path is not None)
            yield from read_recordings(paths, preprocessing, config, refused=refused, notes=notes)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    if refused:
        raise DataError("\n".join(refused))


def understood(how: Mapping[str, Any]) -> ImportConfig:
    """Return how data are to be understood.

    Raises:
        DataError: If there is no such option, or it has no such value; names it.
    """
    if "layout" in how:
        raise DataError("layout: clips get that of the model; source_layout says which one the data have")
    try:
        return ImportConfig(**how)
    except ValidationError as error:
        raise first_mistake(error, model=ImportConfig) from None


def _each(clips: Any) -> Iterable[Any]:
    """Return the clips that are given: one alone, or several."""
    if _path_of(clips) is not None:
        return [clips]
    if isinstance(clips, Mapping) or not (hasattr(clips, "__array__") or isinstance(clips, Iterable)):
        raise DataError(
            "clips must be an array of joints, a path, a store, or several of them, but they are a"
            f" {type(clips).__name__}"
        )
    if hasattr(clips, "__array__") and np.asarray(clips).dtype != object:
        return [clips]
    several: Iterable[Any] = clips
    return several


def _path_of(clip: Any) -> Path | None:
    """Return where a file or a store is; None of an array."""
    from skeleton_data import SkeletonStore

    if isinstance(clip, SkeletonStore):
        return clip.path
    if not isinstance(clip, str | Path):
        return None
    if not str(clip):
        raise DataError("the path of a clip is empty; name a file or a folder, which may be '.'")
    return Path(clip)
