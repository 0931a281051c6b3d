"""Frames as they come in: who is in view, and the windows that end with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data import (
    Clip,
    Preprocessing,
    SkeletonLayout,
    check_plausible,
    hold_last,
    in_picture,
    in_view,
    turn_upright,
)
from skeleton_runtime.answers import Answer
from skeleton_runtime.arrays import as_bodies
from skeleton_runtime.body_slots import BodySlots
from skeleton_runtime.recordings import shown_to
from skeleton_runtime.smoothing import Smoothing
from skeleton_runtime.stream_options import StreamOptions
from skeleton_runtime.windows import people_in

Joints = NDArray[np.float32]


class LiveStream:
    """Recognises the last frames of a stream again and again, while frames come in.

    A joint that is missing (None, NaN, or at zero beside its body) stays where it was last; before it is
    measured, it is in the middle of the nearest joints that have. People keep their slots when others come
    and go; those who find no slot, because the model looks at fewer, are left out.
    `Recogniser.stream` makes one.

    Args:
        classify: From a clip (T, M, V, 3) as the model knows it to probabilities (K,).
        preprocessing: That of the model.
        options: What the stream is like.
        threshold: Probability of the best class below which the answer is "unknown".
        smooth: Number of windows whose mean probability counts, the last one among them.
    """

    def __init__(
        self,
        classify: Callable[[Joints], Joints],
        preprocessing: Preprocessing,
        options: StreamOptions,
        *,
        threshold: float | None = None,
        smooth: int = 1,
    ) -> None:
        self._threshold, self._smooth = threshold, Smoothing(smooth)
        self._classify, self._preprocessing, self.options = classify, preprocessing, options
        self._shown = shown_to(preprocessing, options.fps)
        self._slots = BodySlots(preprocessing.bodies)
        self._frames: deque[Joints] = deque(maxlen=options.length)
        self._in_view: deque[int] = deque(maxlen=options.length)
        self._last = np.full((preprocessing.bodies, len(preprocessing.layout.joints), 3), np.nan, np.float32)
        self.count, self._checked = 0, options.insist

    def push(self, frame: Any) -> Answer | None:
        """Take the next frame.

        Args:
            frame: (V, 3) or (M, V, 3), or nothing, `[]`, for nobody.

        Returns:
            The answer for the window that ends with this frame, where one does.

        Raises:
            DataError: If it is no frame of the stream, which goes on with the next one; or if the first
                window with somebody in it cannot be right: names the option that would mend it.
        """
        options = self.options
        bodies = _bodies(frame, options.joints)
        there = in_view(bodies, picture=options.picture is not None)
        bodies = np.where(there[:, None, None], bodies, np.float32(0))
        placed = self._slots.put(_upright(options.mapping(bodies), options), self._last)
        self._frames.append(_complete(placed, options, self._preprocessing.layout, self._last))
        self._in_view.append(int(there.sum()))
        self.count += 1
        over = self.count - options.length
        return self._answer() if over >= 0 and over % options.stride == 0 else None

    def finish(self) -> Answer | None:
        """Return the answer for a stream that ends before its first window is full."""
        return self._answer() if 0 < self.count < self.options.length else None

    def _answer(self) -> Answer:
        clip = np.stack(self._frames)
        if clip.any() and not self._checked:
            skeleton, units = self._preprocessing.layout, self._preprocessing.units
            check_plausible(clip, skeleton, "the stream", units, up=self.options.up)
            self._checked = True
        shown = people_in(self._shown(clip), picture=self.options.picture is not None)
        answer = Answer(
            file="",
            clip="",
            first_frame=self.count - len(clip),
            last_frame=self.count - 1,
            fps=self.options.fps,
            bodies=max(self._in_view),
            names=self._preprocessing.classes,
            probabilities=None if shown is None else self._classify(shown),
            threshold=self._threshold,
        )
        return self._smooth(answer)


def _upright(bodies: Joints, options: StreamOptions) -> Joints:
    """Return bodies (B, V, 3) in the units and axes of the model."""
    if options.picture is None:
        return turn_upright(bodies * np.float32(options.scale), options.up)
    sure = np.nan_to_num(bodies[None, ..., 2])
    clip = Clip("", bodies[None], {}, Path("stream"), confidence=sure)
    shown: Joints = in_picture(clip, options.picture)[0]
    return shown


def _complete(placed: Joints, options: StreamOptions, skeleton: SkeletonLayout, last: Joints) -> Joints:
    """Return a frame (M, V, 3) with the last position of each missing joint; how sure one is stays."""
    if options.picture is None:
        return hold_last(placed, last, skeleton)
    unseen = (placed[..., 2:] <= 0) & placed.any(axis=(1, 2), keepdims=True)
    held = hold_last(np.where(unseen, np.float32(np.nan), placed), last, skeleton)
    held[..., 2] = placed[..., 2]
    return held


def _bodies(frame: Any, joints: int) -> Joints:
    """Return the bodies (B, V, 3) of a frame, B = 0 for nobody.

    Raises:
        DataError: If it is something else.
    """
    if frame is None or (hasattr(frame, "__len__") and len(frame) == 0):
        return np.zeros((0, joints, 3), np.float32)
    return as_bodies(frame, joints, "a frame", frames=False)
