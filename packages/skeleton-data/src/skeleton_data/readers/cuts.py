"""Clips of long recordings, cut by a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.errors import DataError
from skeleton_data.readers.cut_table import CutTable, Interval
from skeleton_data.readers.file_facts import name_of_file


def cut_clips(source: ClipSource, path: Path) -> ClipSource:
    """Return the clips that a table cuts from the clips of a source, here called recordings.

    Clips are numbered in the order of the table: `squats_1`, `squats_2`. Facts of which the table has no
    column are those of the recording. Intervals may overlap.

    Args:
        source: The recordings.
        path: The table, a CSV or Parquet file. `file` (or `clip`) names the recording, with or without its
            folder and ending; `start` and `end` are seconds from its first frame, `first_frame` and
            `last_frame` are frames from 0, both included. An empty cell stands for the first or last frame.

    Raises:
        DataError: The table cannot be read. That a recording has no line, or a line no recording, comes in
            the stream of the clips.
    """
    table = CutTable.read(path, source.class_names)
    return replace(
        source,
        clips=_cut(source, table),
        count=len(table.intervals),
        class_names=table.class_names,
        part=None,
        frames=0,
        notes=(*source.notes, *table.notes),
    )


def _cut(source: ClipSource, table: CutTable) -> Iterator[Clip | DataError]:
    of: dict[str, list[Interval]] = defaultdict(list)
    for interval in table.intervals:
        for name in {interval.recording, name_of_file(interval.recording)}:
            of[name].append(interval)
    met: set[int] = set()
    for clip in source.clips:
        if isinstance(clip, DataError):
            yield clip
            continue
        if clip.name not in of:
            advice = "add one, with empty cells for begin and end if all of it is a clip"
            yield DataError.at(table.path, f"there is no line for {clip.name}; {advice}")
            continue
        width = len(str(len(of[clip.name])))
        for number, interval in enumerate(of[clip.name], start=1):
            met.add(interval.line)
            yield _attempt(clip, f"{clip.name}_{number:0{width}}", interval, table, source.fps)
    for interval in table.intervals:
        if interval.line not in met:
            problem = f"no recording that could be read is called {interval.recording}"
            yield DataError.at(table.path, problem, line=interval.line)


def _attempt(clip: Clip, name: str, interval: Interval, table: CutTable, fps: float) -> Clip | DataError:
    try:
        first, end = table.frames(interval, len(clip.joints), clip.fps or fps)
    except DataError as error:
        return error
    joints = clip.joints[first:end]
    there: NDArray[np.bool_] = np.asarray(np.nan_to_num(joints).any(axis=(0, 2, 3)))
    if not there.any():
        return DataError.at(
            table.path,
            f"there is nobody in this part of {clip.name}: frames {first} to {end - 1}",
            line=interval.line,
        )
    sure = None if clip.confidence is None else clip.confidence[first:end][:, there]
    facts = {fact: value for fact, value in clip.facts.items() if fact not in table.columns}
    return replace(
        clip, name=name, joints=joints[:, there], confidence=sure, facts={**facts, **interval.facts}
    )
