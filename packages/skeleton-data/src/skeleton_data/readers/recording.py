"""Recordings of one file, or one folder, each: what a file holds, and a data set of many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, SourceUnits, Up, read_files
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.files.limits import require_memory, size_of
from skeleton_data.layouts.joint_names import indices_of
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.file_facts import FileFacts
from skeleton_data.readers.listing import other_units, per_metre
from skeleton_data.readers.timestamps import agreed_rate

RecordedUnits = Literal["m", "cm", "mm", "pixels", "fractions"]
"""Unit of the positions in a file; fractions: fractions of the picture, from its upper left corner."""

LENGTHS = ("m", "cm", "mm")
_GIVEN: dict[str, RecordedUnits] = {"m": "m", "cm": "cm", "mm": "mm", "px": "pixels"}

MAX_POINTS = 2**26
"""Most points, frames x bodies x joints, of one recording: 800 MB."""
_POINT_BYTES = 48
"""Memory for a point on its way into a store: four copies of three numbers."""


@dataclass(frozen=True)
class Recording:
    """What one file holds, in its own axes.

    Attributes:
        joints: Names of the joints.
        positions: Shape (T, M, V, 2 or 3) float32; NaN where a joint was not measured.
        units: Of the positions; None where the file does not say it.
        usual_units: Whether the units are those that such files usually have, as no file says it: the option
            units may say others.
        fps: Frames per second; None where the file does not say it.
        confidence: Shape (T, M, V) float32, where the file says it; NaN where it does not say it of a joint.
        picture: Width and height of the picture, where the file says it.
        layout: Name of the layout that the joints are, where that is known.
        up: Axis that points up, where it is another than that of the format.
        notes: What the reader decided and whoever imports should know, a sentence each.
        min_confidence: Confidence below which a joint counts as not measured, by the format.
    """

    joints: tuple[str, ...]
    positions: NDArray[np.float32]
    units: RecordedUnits | None
    fps: float | None = None
    confidence: NDArray[np.float32] | None = None
    picture: tuple[int, int] | None = None
    layout: str | None = None
    up: Up | None = None
    min_confidence: float = 0.0
    notes: tuple[str, ...] = ()
    usual_units: bool = False

    def measured(self) -> NDArray[np.float32]:
        """Return the positions with NaN also where the confidence is too low."""
        if self.confidence is None:
            return self.positions
        unsure = self.confidence < self.min_confidence
        return np.where(unsure[..., None], np.float32(np.nan), self.positions)


Reader = Callable[[Path], Recording]


def check_size(path: Path, frames: int, bodies: int, joints: int) -> None:
    """Refuse a recording that is out of proportion to its file or folder, before arrays are made.

    Raises:
        DataError: It has more than `MAX_POINTS` points, or frames, bodies and joints would take more memory
            than a file of that size may.
    """
    points = frames * bodies * joints
    amount = f"{frames} frames of {bodies} bodies of {joints} joints"
    # A video of OpenPose is the files of a folder that begin so.
    size = size_of(path if path.exists() else path.parent)
    require_memory(path, points * _POINT_BYTES, size, amount)
    if points > MAX_POINTS:
        raise DataError.at(
            path,
            f"{amount} are more than {MAX_POINTS} points",
        )


def open_recordings(
    files: Sequence[Path],
    read: Reader,
    config: ImportConfig,
    *,
    kind: str,
    workers: int,
    head: Reader | None = None,
) -> ClipSource:
    """Return a clip for each file, called by the file's name.

    All files must have the joints of the first. Facts of the clips come from
    `config.labels` and `config.name`. `head` reads no more of the first than it takes to know its kind.

    Raises:
        DataError: The first file is damaged, or nobody says its units or frames per second.
    """
    first = (head or read)(files[0])
    facts = FileFacts.of(files, config)
    units = _units(first, files[0], config)
    fps = agreed_rate(config.fps, first.fps, files[0])
    if fps is None:
        error = DataError.at(files[0], "it does not say its frames per second; give the option fps")
        error.field = "fps"
        raise error
    if units == "fractions" and config.picture is None:
        raise DataError.at(
            files[0],
            "its positions are fractions of the picture; give the option picture, its size in pixels"
            + (", or the option units if they are lengths" if first.positions.shape[-1] == 3 else ""),
        )
    source_units: SourceUnits = "pixels" if units in ("pixels", "fractions") else "m"
    common = _Head(first.joints, first.positions.shape[-1], units, first.units)
    to_clips = partial(_read, read=read, first=common, config=config, facts=facts)
    return ClipSource(
        kind=kind,
        joints=first.joints,
        layout=layout(first.layout) if first.layout else None,
        units=source_units,
        fps=fps,
        up=first.up,
        min_confidence=first.min_confidence,
        notes=(*_other_units(first, units, files[0]), *facts.notes),
        class_names=facts.class_names,
        count=len(files),
        clips=read_files(to_clips, files, workers=workers),
    )


@dataclass(frozen=True)
class _Head:
    """What all recordings of a data set must have in common."""

    joints: tuple[str, ...]
    width: int  # coordinates of a joint
    units: RecordedUnits
    said: RecordedUnits | None


def _other_units(recording: Recording, units: RecordedUnits, path: Path) -> tuple[str, ...]:
    """Return a sentence where the option units says another unit than the file, if it does."""
    if recording.usual_units or recording.units in (None, units):
        return ()
    return (other_units(path, recording.units, units),)


def _units(recording: Recording, path: Path, config: ImportConfig) -> RecordedUnits:
    """Return the unit of the positions: what the option units says, else the file or its kind.

    Raises:
        DataError: Nobody says it, or a file of pictures is said to be one of lengths, or the reverse.
    """
    given: RecordedUnits | None = None if config.units == "auto" else _GIVEN[config.units]
    said = recording.units
    if said is None and given is None:
        raise DataError.at(path, "it does not say its units; give the option units: m, cm, mm or px")
    if given is None or said is None or given == said:
        return given or said or "m"
    flat = recording.positions.shape[-1] == 2
    if given in LENGTHS and (said in LENGTHS or (recording.usual_units and not flat)):
        return given
    if given == "pixels" and said == "fractions":
        return given
    raise DataError.at(
        path, f"its positions are in {said}, but the option units is {config.units}: leave it out"
    )


def _read(
    path: Path,
    *,
    read: Reader,
    first: _Head,
    config: ImportConfig,
    facts: FileFacts,
) -> Sequence[Clip]:
    recording = read(path)
    width = recording.positions.shape[-1]
    if width != first.width:
        raise DataError.at(path, f"it has {width} coordinates a joint, but the first file {first.width}")
    columns = _columns(recording.joints, first.joints, path)
    positions = recording.positions[:, :, columns]
    confidence = None if recording.confidence is None else recording.confidence[:, :, columns]
    if not np.isfinite(positions).any():
        raise NobodyError.of(path, "no joint was measured in any frame", frames=len(positions))
    units = _units(recording, path, config)
    # The option units says of all files the same: where they say different units, it is wrong for some.
    other = config.units != "auto" and not recording.usual_units and recording.units != first.said
    if (units in LENGTHS) != (first.units in LENGTHS) or other:
        found = (recording.units or units, first.said or first.units)
        raise DataError.at(
            path, f"its positions are in {found[0]}, but those of the first file in {found[1]}"
        )
    if units == "m" or units == "cm" or units == "mm":
        with np.errstate(invalid="ignore"):  # NaN of damaged bytes may be of the kind that signals
            positions = positions / per_metre(units)
    elif units == "fractions":
        positions = positions[..., :2] * np.array(config.picture, dtype=np.float32)
    clip, there = as_clip(positions)
    return [
        Clip(
            path.stem,
            clip,
            facts[path],
            path,
            confidence=None if confidence is None else confidence[:, there],
            picture=recording.picture,
            fps=agreed_rate(config.fps, recording.fps, path),
            notes=recording.notes,
        )
    ]


def _columns(found: tuple[str, ...], wanted: tuple[str, ...], path: Path) -> list[int]:
    """Return where the joints of the first file stand in this one, in any order and spelling."""
    indices = indices_of(wanted, found)
    missing = [name for name in wanted if name not in indices]
    if missing:
        raise DataError.at(
            path, f"expected the {len(wanted)} joints of the first file; there is no {', '.join(missing)}"
        )
    return [indices[name] for name in wanted]


def as_clip(positions: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return positions (T, M, V, 2 or 3) as joints of a clip: three coordinates, absent bodies all zero.

    A body is absent before its first frame and after its last one. Between them it is NaN where it was lost.
    Bodies that are in no frame are left out; the second array (M,) says which are there.

    Example:
        >>> positions = np.full((2, 2, 2, 2), np.nan, np.float32)
        >>> positions[0, 0, 0] = 1, 2
        >>> as_clip(positions)[0].tolist()
        [[[[1.0, 2.0, 0.0], [nan, nan, nan]]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]]
    """
    joints = np.zeros((*positions.shape[:3], 3), dtype=np.float32)
    joints[..., : positions.shape[-1]] = positions
    joints[np.isnan(positions).any(axis=-1)] = np.nan
    seen: NDArray[np.bool_] = ~np.asarray(np.isnan(joints).all(axis=(2, 3)))
    between = np.logical_or.accumulate(seen) & np.logical_or.accumulate(seen[::-1])[::-1]
    joints[~between] = 0
    there: NDArray[np.bool_] = np.asarray(joints.any(axis=(0, 2, 3)))  # NaN counts as there
    return (joints if there.all() else joints[:, there]), there
