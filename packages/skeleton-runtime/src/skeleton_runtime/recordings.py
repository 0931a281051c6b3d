"""A recording that a model is to recognise, and how it is shown as the model knows clips."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data import (
    DataError,
    ImportReport,
    JointMap,
    LongClip,
    NobodyError,
    OpenedClips,
    Preprocessing,
    SkeletonLayout,
    Units,
    joint_map,
    kind_of_joints,
    layout,
    layout_names,
    long_clip,
    resample,
    training_coordinates,
)

Joints = NDArray[np.float32]
MAX_FRAMES = 1_000_000
"""Most frames that a clip may get where its rate is brought to the model's."""
FPS = 30.0
"""Where neither the data nor the model say their rate; also that of raw NTU recordings."""


@dataclass(frozen=True)
class Recording:
    """A clip of any length.

    Attributes:
        file: Where it is from.
        name: Of the clip, where the file holds several.
        joints: (T, M, V, 3), metres, in the file's own layout and coordinates.
        fps: Frames per second.
        shown: Brings consecutive frames of them into layout and coordinates of the model's training.
    """

    file: str
    name: str
    joints: Joints | LongClip
    fps: float
    shown: Callable[[Joints], Joints]

    def clip(self, start: int, end: int) -> Joints:
        """Return the frames from `start` to before `end` as the model knows clips, (T, M, V, 3)."""
        return self.shown(self.joints[start:end])


def map_joints(names: Sequence[str], wanted: SkeletonLayout, *, derive: bool, source: str | Path) -> JointMap:
    """Find the joints of a layout among those of a source.

    Raises:
        DataError: If one is missing; names both layouts.
    """
    try:
        return joint_map(names, wanted.joints, derive=derive)
    except DataError as error:
        raise DataError(other_layout(source, names, wanted, error)) from error


def prepared(
    data: OpenedClips,
    preprocessing: Preprocessing,
    source: str | Path,
    notes: list[str],
    taken: Collection[str] = (),
) -> Iterator[Recording | DataError]:
    """Return the clips of an opened data set as recordings; in the place of a bad one, its error.

    A clip with nobody in it is a recording, all zero. How clips may have been read wrongly is added to
    `notes`; `taken` are the options that nobody gave, but the training had.

    Raises:
        DataError: If its joints are of another kind than those of the model, or cannot be right.
    """
    require_units(data.units, preprocessing, source)
    long = long_clip(data, Path(source))
    if long is not None:
        _require_confidence(data, source, taken)
        _require_standing(data, long.report, source, taken)
        fps = data.source.fps
        notes += (f"{source}: {doubt}" for doubt in long.report.doubts())
        yield Recording(str(source), long.name, long, fps, shown_to(preprocessing, fps))
        return
    for clip in replace(data, nobody=True):
        data.report.check(source)
        _require_standing(data, data.report, source, taken)
        if isinstance(clip, NobodyError):
            yield recording_of_nobody(clip, Path(source), preprocessing, data.fps)
            continue
        if isinstance(clip, DataError):
            yield clip
            continue
        _require_confidence(data, source, taken)
        fps = data.config.resample or clip.fps or data.source.fps
        yield Recording(str(source), clip.name, clip.joints, fps, shown_to(preprocessing, fps))
    late = data.report.late(data.fps) if data.source.kind != "arrays" else []  # which are often padded
    notes += (f"{source}: {doubt}" for doubt in (*data.report.doubts(), *late))


def require_units(units: Units, preprocessing: Preprocessing, source: str | Path) -> None:
    """Refuse joints in 3D for a model of pictures, and the other way round.

    Raises:
        DataError: Naming the source.
    """
    if units != preprocessing.units:
        held, wanted = kind_of_joints(units), kind_of_joints(preprocessing.units)
        raise DataError(f"{source} holds {held}, but the model was made for {wanted}")


def _require_confidence(data: OpenedClips, source: str | Path, taken: Collection[str]) -> None:
    """Refuse a least confidence where no clip so far has any: it would be ignored."""
    if data.config.min_confidence is not None and "min_confidence" not in taken and not data.report.sure:
        raise DataError.at(source, "its joints have no confidence: leave the option min_confidence out")


def _require_standing(
    data: OpenedClips, report: ImportReport, source: str | Path, taken: Collection[str]
) -> None:
    """Refuse people who lie where the axis that points up is only known of the training.

    Raises:
        DataError: Names both axes that may be right.
    """
    if "up" in taken and not data.config.insist and (lying := report.lying()):
        raise DataError.at(source, f"{lying}, or if they lie the option up={data.source.up}")


def recording_of_nobody(
    error: NobodyError, file: Path, preprocessing: Preprocessing, fps: float
) -> Recording:
    """Return the recording of nobody that a reader did not take for a clip."""
    joints = np.zeros((error.frames, 1, len(preprocessing.layout.joints), 3), np.float32)
    return Recording(str(file), error.clip or file.stem, joints, fps, shown_to(preprocessing, fps))


def shown_to(preprocessing: Preprocessing, fps: float) -> Callable[[Joints], Joints]:
    """Return what brings upright clips in the model's layout to the rate and origin of its training.

    It raises a `DataError` where a clip of so few frames a second would have more than `MAX_FRAMES`.
    """

    def shown(clip: Joints) -> Joints:
        if preprocessing.fps:
            frames = len(clip) * preprocessing.fps / fps
            if frames > max(len(clip), MAX_FRAMES):
                raise DataError(
                    f"fps: at {fps:g} frames per second {len(clip)} frames are {frames:.3g} at the model's "
                    f"{preprocessing.fps:g}, more than {MAX_FRAMES:,}"
                )
            clip = resample(clip, fps, preprocessing.fps)
        return training_coordinates(clip, preprocessing.layout, preprocessing.cleaning)

    return shown


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


def other_layout(source: str | Path, names: Sequence[str], wanted: SkeletonLayout, error: DataError) -> str:
    """Say that joints are those of another layout than the model's."""
    return f"{source} has layout {_layout_of(names)}, but the model was made for {wanted.name}: {error}"
