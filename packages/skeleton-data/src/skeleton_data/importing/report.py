"""What an import measures: where it cannot be right it refuses, where it may be wrong it warns."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skeleton_data.bodies_in_view import in_view
from skeleton_data.clips import Clip, Units, Up, axis_in_file
from skeleton_data.errors import DataError
from skeleton_data.importing.absence import AbsenceReport
from skeleton_data.importing.anatomy import Trunk, mirrored_frames
from skeleton_data.importing.class_table import class_table
from skeleton_data.importing.far_joints import FarJoints
from skeleton_data.importing.missing import always_zero
from skeleton_data.importing.picture_report import PictureReport
from skeleton_data.layouts.layout import SkeletonLayout

EARLY = 64
"""Clips after which a first check is made, so that a large set is not read in vain."""

SMALLEST, LARGEST = 0.3, 5.0
"""Metres: a body of another extent is refused. In feet, people said to be in metres measure more."""

TOGETHER = 4096
"""Bodies that are measured at once: of short clips, one by one would take twice as long as reading them."""

CROWD = 8
"""People: where more than these are in every frame of a clip, they may be its frames."""

SHORT, TALL = 0.8, 3.0
"""Metres: a body of less, or of more, is doubtful."""

MIRRORED = 0.7
"""Share of the frames that show their sides: where more are mirrored, the clips are doubtful."""

CERTAIN, MANY = 0.95, 60
"""Share of so many frames or more: where so many are mirrored, the clips cannot be right.

Of 9,996 clips of the first Kinect and of motion capture 7 were mirrored in more than 70 % of these frames,
and none in more than 92 %.
"""


class ImportReport:
    """Measures clips as they are read.

    Args:
        layout: Skeleton of the clips.
        units: Of the clips; only in metres is there a height.
        insist: Whether to go on where the clips cannot be right.
        derived: Joints that were made of others; at zero, they may be the origin of the data.
        up: Axis that was taken to point up in the data, before they were turned upright.

    Attributes:
        clips: Number of clips.
        points: Number of joints of bodies that are there, over all frames.
        missing: Number of those that were not measured.
        dropped: Number of frames that were left out.
        sure: Number of clips whose joints have a confidence.
    """

    def __init__(
        self,
        layout: SkeletonLayout,
        units: Units,
        *,
        insist: bool = False,
        derived: Collection[str] = (),
        up: Up = "y",
    ) -> None:
        self.clips = self.points = self.missing = self.dropped = self.sure = 0
        self._layout, self._units, self._insist, self._up = layout, units, insist, up
        self._trunk = Trunk.of(layout)
        self._derived = np.array([name in derived for name in layout.joints])
        self._extents = array("d")  # of each clip; a list would take four times as much
        self._heads = np.zeros(3)
        self._zeros = self._upright = self._frames = self._mirrored = self._sided = 0
        self._table: Counter[tuple[int, int]] = Counter()
        self._never_seen: dict[str, None] = {}
        self._notes: Counter[str] = Counter()
        self._far = FarJoints(layout, LARGEST)
        self._never_clips = self._crowd = self._passing = self._several = 0
        self._picture, self._absence = PictureReport(layout), AbsenceReport()
        self._waiting: list[NDArray[np.float32]] = []  # bodies (B, V, 3) of which axes are not yet measured

    def add(self, clip: Clip, marked: NDArray[np.float32], never: NDArray[np.bool_]) -> None:
        """Measure a clip.

        Args:
            clip: As it goes into the store.
            marked: Its joints (T, M, V, 3) before gaps were filled, NaN where missing.
            never: Joints (M, V) that were not measured in any frame.

        Raises:
            DataError: The clips so far cannot be right.
        """
        there = ~(marked == 0).all(axis=(2, 3))
        self.clips += 1
        self._absence.add(clip, marked)
        self._notes.update(clip.notes)
        people = in_view(clip.joints, picture=self._units == "picture")
        self._passing += int(people.sum(axis=1).max(initial=0)) < int(people.any(axis=0).sum())
        self._several += int(there.any(axis=0).sum()) > 1
        if there.all():
            self._crowd = max(self._crowd, there.shape[1])
        self._zeros += bool((always_zero(clip.joints) & ~self._derived).any())
        self._never_clips += bool(never.any())
        self._never_seen.update(
            dict.fromkeys(self._layout.joints[joint] for joint in np.flatnonzero(never.any(axis=0)))
        )
        self.points += int(there.sum()) * marked.shape[2]
        self.missing += int(np.isnan(marked).any(axis=-1).sum())
        self._table[clip.facts.get("label", -1), clip.facts.get("subject", -1)] += 1
        bodies = clip.joints[clip.joints.any(axis=(2, 3))]  # (B, V, 3)
        if self._units == "m" and len(bodies):
            shown = clip.joints[people]  # not those in one point, which a tracker has lost
            shown = shown if len(shown) else bodies
            extents = np.ptp(shown, axis=1).max(axis=-1)
            self._extents.append(_median(extents))
            self._far.add(shown, extents)
            self._waiting.append(bodies)
            if sum(map(len, self._waiting)) > TOGETHER:
                self._measure()
        elif len(bodies):
            self._picture.add(bodies)

    def _measure(self) -> None:
        """Measure the axes of the bodies that wait for it."""
        if not self._waiting:
            return
        bodies = np.concatenate(self._waiting)
        self._waiting = []
        if self._trunk is not None:
            heads = self._trunk.directions(bodies)
            self._heads += heads.sum(axis=0)
            self._upright += int((heads[:, 1] > 0).sum())
            self._frames += len(heads)
        mirrored, sided = mirrored_frames(bodies, self._layout)
        self._mirrored, self._sided = self._mirrored + mirrored, self._sided + sided

    @property
    def height(self) -> float | None:
        """Usual extent of a body, in metres."""
        return _median(self._extents) if self._extents else None

    def check(self, source: str | Path) -> None:
        """Refuse clips of `source` that cannot be right.

        Raises:
            DataError: Names what was measured, and the option that would mend it.
        """
        if self._insist:
            return
        self._picture.check(source)
        if self.height is None:
            return
        if self._layout.hips is not None and not SMALLEST <= self.height <= LARGEST:
            raise DataError.at(
                source,
                f"a body measures {_metres(self.height)} m, expected {SMALLEST:g} to {LARGEST:g}:"
                " give the option units, or the option insist if this is right",
            )
        heads = self._direction_of_heads()
        if heads is not None and heads[1] < 0:
            raise DataError.at(
                source,
                f"{self._above()}: give the option up={axis_in_file(heads, self._up)},"
                " or the option insist if this is right",
            )
        certain = self._sided >= max(MANY, self._frames / 2) and self._mirrored >= CERTAIN * self._sided
        if certain and (heads is None or heads[1]):
            raise DataError.at(
                source,
                f"{self._about_sides()}: correct the data, or give the option insist if this is right",
            )

    def _about_sides(self) -> str:
        """Return in how many of the frames that show it left and right are mirrored, and why."""
        share = self._mirrored / self._sided
        return (
            f"left and right are mirrored in {share:.0%} of frames: feet point backwards, as where one axis"
            " has the wrong sign, or where left joints are called right"
        )

    def _above(self) -> str:
        """Return in how many frames the upper part of bodies is above the lower."""
        assert self._trunk is not None
        share = self._upright / self._frames
        return f"{self._trunk.above} are above {self._trunk.below} in {share:.0%} of frames"

    def _direction_of_heads(self) -> NDArray[np.float64] | None:
        """Return the axis (3,) along which the line to the upper part of bodies lies, if there is one."""
        self._measure()
        if not self._frames:
            return None
        mean = self._heads / self._frames
        axis = int(np.abs(mean).argmax())
        return np.sign(mean) * (np.arange(3) == axis) if abs(mean[axis]) > 0.5 else None

    def doubts(self) -> list[str]:
        """Return how clips may have been read wrongly, a sentence each: what a prediction should say, too."""
        found = self._picture.warnings()
        if self._crowd > CROWD:
            found.append(
                f"{self._crowd} people are in every frame of a clip: were clips (clips, frames, joints, 3)"
                " taken for people (frames, people, joints, 3)? Then give one array a clip, or an .npz with"
                " offsets"
            )
        if self._passing:
            found.append(
                f"in {self._passing} of {self.clips} clips some people come only after others have left: if"
                " they are one person whom the tracker lost, give that person one id"
            )
        if self.height is not None and not SHORT <= self.height <= TALL and self._layout.hips is not None:
            found.append(f"a body measures {_metres(self.height)} m: is the option units right?")
        if self.height is not None and self.height <= LARGEST and self._layout.hips is not None:
            found += self._far.warnings(self.clips)
        lying = self.lying()
        found += [lying] if lying else []
        if not lying and self._sided and self._mirrored > MIRRORED * self._sided:
            found.append(self._about_sides())
        return found

    def lying(self) -> str | None:
        """Return along which axis people lie, a sentence; None where they do not."""
        heads = self._direction_of_heads()
        if heads is None or heads[1] or self._trunk is None:
            return None
        up = axis_in_file(heads, self._up)
        return (
            f"{self._trunk.above} lie along {up} from the {self._trunk.below}; if people stand, give the"
            f" option up={up}"
        )

    def late(self, fps: float) -> list[str]:
        """Return a sentence if somebody comes late or leaves early: what a prediction should say, too."""
        return self._absence.late(self.clips, fps)

    def warnings(self, fps: float) -> list[str]:
        """Return what may be wrong with the clips, a sentence each."""
        found = self.doubts() + self._absence.warnings(self.clips, fps)
        if self.clips and set(self._table) == {(-1, -1)}:
            found.append(
                "no clip has a label or a subject, which only pre-training can do without: give the option"
                " name or the option labels, or columns of these names in an .npz"
            )
        if self._units == "m" and self._zeros:
            found.append(f"a joint is at zero in all frames of {self._zeros} of {self.clips} clips")
        if self._never_seen:
            found.append(self._about_never_seen())
        return found

    def _about_never_seen(self) -> str:
        what = (
            "each is put in the middle of the nearest joints that were; the option layout can leave them out"
            if self._units == "m"
            else "their confidence is 0"
        )
        names = ", ".join(self._never_seen)
        return (
            f"in {self._never_clips} of {self.clips} clips joints were measured in no frame ({names}): {what}"
        )

    def lines(self, class_names: tuple[str, ...], fps: float) -> list[str]:
        """Return what was measured, a line each."""
        self._measure()
        lines = [f"in {clips} of {self.clips} clips {note}" for note, clips in self._notes.items()]
        lines.append(f"{fps:g} frames per second")
        if self._several:
            lines.append(f"people: {self._several} of {self.clips} clips have more than one")
        if self.height is not None:
            lines.append(f"height: a body measures {self.height:.2f} m")
        if self._picture.size is not None:
            lines.append(f"size: a body measures {self._picture.size:.2f} of the picture's longer side")
        if self._frames:
            lines.append(f"up: {self._above()}")
        if self._sided:
            agree = 1 - self._mirrored / self._sided
            lines.append(f"left and right: as in the layout in {agree:.0%} of the frames that show it")
        fraction = self.missing / max(1, self.points)
        lines.append(f"missing: {self.missing:,} of {self.points:,} points ({fraction:.2%})")
        return lines + class_table(self._table, class_names)


def _median(values: ArrayLike) -> float:
    # `np.median` imports numpy.ma, which every first answer would wait for.
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def check_plausible(
    joints: NDArray[np.float32],
    layout: SkeletonLayout,
    source: str | Path,
    units: Units = "m",
    *,
    up: Up = "y",
) -> None:
    """Refuse what cannot be people who stand, sit or move: the rules of an import, for a clip of any source.

    Args:
        joints: (T, M, V, 3), y up; an absent body is all zero.
        layout: Their skeleton.
        source: What to call them in the error.
        units: Of the joints.
        up: Axis that was taken to point up in the data, before they were turned upright.

    Raises:
        DataError: A body is far too small or large, heads are under hips, or left and right are mirrored;
            names the option to mend it, or to go on.

    Example:
        >>> from skeleton_data.layouts.layout import layout
        >>> check_plausible(np.random.default_rng(0).normal(size=(1, 1, 20, 3)), layout("kinect_v1"), "it")
        >>> try:
        ...     check_plausible(1000 * np.eye(20, 3)[None, None], layout("kinect_v1"), "it")
        ... except DataError as error:
        ...     print(str(error).split(", expected")[0])
        it: a body measures 1,000 m
    """
    report = ImportReport(layout, units, up=up)
    never = np.zeros(joints.shape[1:3], dtype=np.bool_)
    report.add(Clip("", joints, {}, Path(source)), joints, never)
    report.check(source)


def _metres(height: float) -> str:
    return f"{height:,.0f}" if height >= 10 else f"{height:.3g}"
