"""The clips of a data set as a store holds them: upright, complete, in the joints of one layout."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.bodies_in_view import in_view
from skeleton_data.clips import Clip, ClipSource, Units, turn_upright
from skeleton_data.errors import DataError, JointError
from skeleton_data.importing.confidence import clip_confidence, complete_frames, from_0_to_1
from skeleton_data.importing.missing import fill_missing, longest_gap, mark_missing, require_complete
from skeleton_data.importing.picture import in_picture
from skeleton_data.importing.report import ImportReport
from skeleton_data.importing.resampling import resample, resample_confidence
from skeleton_data.importing.unmeasured import never_seen, without_never_seen
from skeleton_data.layouts.joint_mapping import JointMap, joint_map
from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import read_clips
from skeleton_data.readers.joints_by_count import layout_of_names
from skeleton_data.store.clip_check import check_clip
from skeleton_data.store.files import FACTS

Joints = NDArray[np.float32]
MAX_FRAMES = 1_000_000
"""Most frames that a clip may get where it is resampled."""


@dataclass(frozen=True)
class OpenedClips:
    """A data set whose clips are on their way into a store; `open_clips` makes one.

    Attributes:
        source: What the reader says of it.
        config: How to understand it.
        layout: Skeleton of the clips.
        mapping: From the joints of the source to those of the layout.
        report: What was measured on the clips that were read so far.
        nobody: Whether a clip with nobody in it is one, all zero; else it is an error.
    """

    source: ClipSource
    config: ImportConfig
    layout: SkeletonLayout
    mapping: JointMap
    report: ImportReport = field(repr=False)
    nobody: bool = False

    @property
    def units(self) -> Units:
        """Unit of the positions in the clips."""
        return "m" if self.source.units == "m" else "picture"

    @property
    def fps(self) -> float:
        """Frames per second of the clips."""
        return self.config.resample or self.source.fps

    def __iter__(self) -> Iterator[Clip | DataError]:
        """Return the clips; in the place of one that cannot be used, the error that says why."""
        for clip in self.source.clips:
            if isinstance(clip, DataError):
                yield clip
                continue
            try:
                ready = self._prepare(clip)
            except DataError as error:
                yield error.within(clip.path, clip=clip.name)
                continue
            yield ready

    def _prepare(self, clip: Clip) -> Clip:
        rule, fps = self.config.missing, clip.fps or self.source.fps
        if not self.config.resample and not np.isclose(fps, self.source.fps, rtol=1e-3):
            raise DataError(
                f"it has {fps:g} frames per second, but others have {self.source.fps:g};"
                " give the option resample"
            )
        if clip.confidence is not None:
            clip = replace(clip, confidence=from_0_to_1(clip.confidence, clip.joints))
        marked = self.mapping(self._upright(clip))
        if self.nobody and not in_view(marked, picture=self.units == "picture").any():
            return replace(clip, joints=np.zeros_like(marked), confidence=None)
        if not np.nan_to_num(marked).any():
            if clip.confidence is not None and np.nan_to_num(clip.joints).any():
                least = self.config.min_confidence
                least = self.source.min_confidence if least is None else least
                raise DataError(
                    f"no joint has a confidence of {least:g} or more in any frame; give the option"
                    " min_confidence if less is enough"
                )
            raise DataError("all zero, there is no body in any frame")
        never = never_seen(marked)
        fill = partial(fill_missing, rule=rule, max_gap=longest_gap(self.config.max_gap, fps))
        if rule == "refuse":
            filled = marked
        elif self.units == "picture":
            filled = fill(marked)
            filled = np.where(np.isnan(filled).any(axis=-1, keepdims=True), np.float32(0), filled)
        else:
            filled = without_never_seen(marked, never, self.layout, fill)
        require_complete(filled, self.layout.joints, rule)
        if not filled.any():
            raise DataError("there is no body in any frame")
        sure = clip_confidence(clip, marked, self.mapping, units=self.source.units)
        if sure is not None and rule == "drop-frame":
            sure = sure[complete_frames(marked, never & (self.units == "m"))]
        if self.config.resample:
            if (frames := len(filled) * self.config.resample / fps) > max(len(filled), MAX_FRAMES):
                raise DataError(
                    f"resample: {len(filled)} frames would be {frames:.3g}, more than {MAX_FRAMES:,}"
                )
            filled = resample(filled, fps, self.config.resample)
            sure = None if sure is None else resample_confidence(sure, fps, self.config.resample)
        ready = replace(clip, joints=filled, confidence=sure)
        self._check(ready)
        self.report.add(ready, marked, never)
        self.report.sure += clip.confidence is not None or self.source.units == "picture"
        return ready

    def part(self, start: int, end: int) -> Joints | None:
        """Return frames (T, M, V, 3) of the only clip as they are in the whole clip.

        Args:
            start: The first frame.
            end: The one after the last.

        Returns:
            None where that depends on other frames: a joint was not measured, or lies at zero.

        Raises:
            DataError: The frames cannot be used, or `source.part` is None.
        """
        if self.source.part is None or self.config.resample:
            raise DataError("only whole clips can be read")
        clip = self.source.part(start, end)
        zero: NDArray[np.bool_] = np.asarray(~clip.joints.any(axis=-1))
        if np.isnan(clip.joints).any() or (zero & ~zero.all(axis=2, keepdims=True)).any():
            return None
        joints = self.mapping(turn_upright(clip.joints, self.source.up or "y"))
        self._check(replace(clip, joints=joints))
        return joints

    def _check(self, clip: Clip) -> None:
        facts = [clip.facts.get(fact, -1) for fact in FACTS]
        names = self.source.class_names
        check_clip(clip.joints, name=clip.name, facts=facts, layout=self.layout, class_names=names)

    def _upright(self, clip: Clip) -> NDArray[np.float32]:
        """Return joints (T, M, V, 3), y up, missing ones NaN."""
        least = self.config.min_confidence
        least = self.source.min_confidence if least is None else least
        match self.source.units:
            case "m":
                known = self.source.filled and self.config.min_confidence is None
                marked = mark_missing(clip.joints, None if known else clip.confidence, least)
                return turn_upright(marked, self.source.up or "y")
            case "pixels":
                joints = in_picture(clip, self.config.picture)
            case "picture":
                joints = clip.joints
        there = np.asarray(joints.any(axis=(2, 3)))
        sure = joints[..., 2]
        unsure: NDArray[np.bool_] = ((sure <= 0) | (sure < least)) & there[..., None]
        marked = joints.copy() if unsure.any() else joints
        marked[unsure, :2] = np.nan
        return marked


def open_clips(
    path: str | Path, config: ImportConfig, *, wanted: SkeletonLayout | None = None, workers: int = 1
) -> OpenedClips:
    """Open a data set; its clips are read when they are asked for.

    Args:
        path: File or folder.
        config: How to understand it.
        wanted: Skeleton of the clips; by default that of `config.layout`, or else that of the data.
        workers: Processes; 0 takes one for each core. Data in one file is read by one.

    Raises:
        JointError: A joint of the layout is not in the data.
        DataError: Nothing there, an unknown format, an option that the format does not know, a damaged head.
            Errors in single clips come in the stream, in the place of the clip.
    """
    source = read_clips(path, config, workers=workers)
    if wanted is None:
        known = source.layout or layout_of_names(source.joints)
        wanted = known if config.layout is None else layout(config.layout)
    if wanted is None:
        raise DataError.at(path, _no_layout(source.joints))
    try:
        mapping = joint_map(source.joints, wanted.joints, derive=config.derive, source=str(path))
    except DataError as error:
        raise JointError(str(error), source.joints, str(path)) from None
    if not 0 < source.fps < math.inf:
        raise DataError.at(path, f"fps must be above 0, not {source.fps:g}")
    units: Units = "m" if source.units == "m" else "picture"
    insist = config.insist or source.kind == "store"  # which was checked when it was written
    report = ImportReport(wanted, units, insist=insist, derived=mapping.derived, up=source.up or "y")
    return OpenedClips(source, config, wanted, mapping, report)


def _no_layout(joints: Sequence[str]) -> str:
    """Return which layouts data of these joints can have."""
    found: dict[bool, list[str]] = {False: [], True: []}
    for name in layout_names():
        for derive in (False, True):
            try:
                fit = joint_map(joints, layout(name).joints, derive=derive)
            except DataError:
                continue
            left_out = f" (leaves out {_some(fit.unused)})" if fit.unused and not derive else ""
            found[derive].append(name + left_out)
            break
    offers = [", ".join(found[False])] if found[False] else []
    offers += [f"with derive {', '.join(found[True])}"] if found[True] else []
    known = (
        f"{'; '.join(offers)}, or a .toml file"
        if offers
        else "a .toml file, because no built-in one has them"
    )
    return f"its joints, {_some(joints)}, are not those of a known layout; give the option layout: {known}"


def _some(joints: Sequence[str]) -> str:
    return f"{', '.join(joints[:8])}{', ...' if len(joints) > 8 else ''}"
