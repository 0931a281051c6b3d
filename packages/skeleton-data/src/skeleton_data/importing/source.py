"""The clips of a data set as a store holds them, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.errors import DataError
from skeleton_data.importing.upright import in_picture, turn_upright
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import read_clips


def open_clips(path: str | Path, config: ImportConfig, *, workers: int = 1) -> ClipSource:
    """Open a data set; its clips come upright, y up, in the joints of the data, when they are asked for.

    Args:
        path: File or folder.
        config: How to understand it.
        workers: Processes; 0 takes one for each core. Data in one file is read by one.

    Raises:
        DataError: Nothing there, an unknown format, an option that the format does not know, a damaged head.
            Errors in single clips come in the stream, in the place of the clip.
    """
    source = read_clips(path, config, workers=workers)
    return replace(source, units="m" if source.units == "m" else "picture", clips=_as_stored(source, config))


def _as_stored(source: ClipSource, config: ImportConfig) -> Iterator[Clip | DataError]:
    for clip in source.clips:
        if isinstance(clip, DataError):
            yield clip
            continue
        try:
            yield _upright(clip, source, config)
        except DataError as error:
            yield error


def _upright(clip: Clip, source: ClipSource, config: ImportConfig) -> Clip:
    if source.units == "pixels":
        return replace(clip, joints=in_picture(clip, config.picture))
    if source.units == "m":
        return replace(clip, joints=turn_upright(clip.joints, source.up or "y"))
    return clip
