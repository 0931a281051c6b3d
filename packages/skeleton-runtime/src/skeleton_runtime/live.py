"""Frames as they come in: who is in view, and the windows that end with them."""

from __future__ import annotations

import io
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data import (
    Clip,
    DataError,
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
from skeleton_runtime.recordings import shown_to
from skeleton_runtime.smoothing import Smoothing
from skeleton_runtime.stream_options import StreamOptions
from skeleton_runtime.windows import people_in

Joints = NDArray[np.float32]
FAR = 1.0
"""Metres that a person is taken to move at most while others come or go."""
MOST_CHARACTERS = 2**20
"""Most characters of a frame in JSON: ten people of a hundred joints take about 60,000."""


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
        self._slots = _BodySlots(preprocessing.bodies)
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


class _BodySlots:
    """Which of the body slots (M) of a model's input each person of a stream has."""

    def __init__(self, slots: int) -> None:
        self._whose: list[int | None] = [None] * slots  # number of the body in the last frame
        self._before: list[int] = []
        self._seen: dict[int, Joints] = {}  # body (V, 3) that a slot had last

    def put(self, bodies: Joints, last: Joints) -> Joints:
        """Return bodies (B, V, 3) in their slots (M, V, 3), zero in those that are free.

        The last measured joints (M, V, 3) of a slot that changes hands are forgotten: they become NaN.
        """
        measured = (bodies != 0) & ~np.isnan(bodies)
        there = np.flatnonzero(measured.any(axis=(1, 2))).tolist()
        if there != self._before:  # somebody came or went
            self._match({body: _centre(bodies[body]) for body in there}, last)
            self._before = there
        placed = np.zeros((len(self._whose), *bodies.shape[1:]), np.float32)
        for slot, body in enumerate(self._whose):
            if body is not None:
                placed[slot] = self._seen[slot] = bodies[body]
        return placed

    def _match(self, centres: dict[int, Joints], last: Joints) -> None:
        """Leave everybody the slot that is nearest, the nearest first; newcomers get a free one."""
        taken = [slot for slot, body in enumerate(self._whose) if body is not None]
        pairs = sorted(
            (float(np.linalg.norm(centre - before)), slot, body)
            for slot in taken
            for before in [_centre(self._seen[slot])]
            for body, centre in centres.items()
        )
        whose: list[int | None] = [None] * len(self._whose)
        for distance, slot, body in pairs:
            if distance <= FAR and whose[slot] is None and body not in whose:
                whose[slot] = body
        for body in centres:
            if body not in whose and None in whose:
                own_free = body < len(whose) and whose[body] is None
                slot = body if own_free else whose.index(None)
                whose[slot], last[slot] = body, np.nan
        self._whose = whose


def _centre(body: Joints) -> Joints:
    """Return the mean (3,) of the joints (V, 3) that were measured."""
    centre: Joints = np.nanmean(body, axis=0)
    return centre


def _bodies(frame: Any, joints: int) -> Joints:
    """Return the bodies (B, V, 3) of a frame, B = 0 for nobody.

    Raises:
        DataError: If it is something else.
    """
    if frame is None or (hasattr(frame, "__len__") and len(frame) == 0):
        return np.zeros((0, joints, 3), np.float32)
    return as_bodies(frame, joints, "a frame", frames=False)


def answer_lines(stream: LiveStream, lines: Iterable[str]) -> Iterator[tuple[Answer, float]]:
    """Push frames in lines of JSON to a stream.

    Args:
        stream: Where they go.
        lines: JSON arrays: joints `[[x, y, z], ...]`, bodies `[[[x, y, z], ...], ...]`, or `[]` for nobody.
            Of a file no more is read at once than a line may have.

    Yields:
        Each answer, and the milliseconds since its last frame came.

    Raises:
        DataError: If a line is something else, or too long; says which.
    """
    if isinstance(lines, io.TextIOBase):
        lines = iter(partial(lines.readline, MOST_CHARACTERS + 1), "")
    arrived = time.perf_counter()
    for number, line in enumerate(lines, start=1):
        arrived = time.perf_counter()
        if not line.strip():
            continue
        try:
            answer = stream.push(frame_of(line))
        except DataError as error:
            raise DataError.at("standard input", str(error), line=number) from None
        if answer:
            yield answer, _since(arrived)
    if answer := stream.finish():
        yield answer, _since(arrived)


def _since(arrived: float) -> float:
    return round(1000 * (time.perf_counter() - arrived), 2)


def frame_of(line: str) -> list[Any]:
    """Return the frame in a line of JSON.

    Raises:
        DataError: If it is no array, or has more than `MOST_CHARACTERS` characters.
    """
    if len(line) > MOST_CHARACTERS:
        raise DataError(f"a frame has at most {MOST_CHARACTERS:,} characters of JSON, this one has more")
    try:
        frame = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"a frame must be an array of numbers in JSON ({error})") from None
    if not isinstance(frame, list):
        raise DataError(f"a frame must be an array of numbers in JSON, but is {line.strip()!r:.40}")
    return frame
