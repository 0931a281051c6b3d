"""Keeping the people of a picture apart over the frames: by their ids, or by who is nearest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.readers.recording import check_size

NEAREST = "people have no ids: they are distinguished by who is nearest from frame to frame"
"""What to say about a recording in which several people were joined by `join_nearest`."""

CHANGED = "ids of people change: a new id where another one was lost is the same person"
"""What to say about a recording in which people of several ids were joined by `join_by_id`."""

Frame = NDArray[np.float32]
"""The bodies of one frame: (bodies, V, values), NaN where a joint was not measured."""


def join_by_id(
    frames: Sequence[Frame], ids: Sequence[Sequence[int]], shape: tuple[int, int], path: Path
) -> NDArray[np.float32]:
    """Return bodies of one id as one person, people in the order of their ids: (T, M, *shape), else NaN.

    An id that comes after another one has gone for good, where that one was, is the same person: trackers
    give a new id to whom they have lost.

    Raises:
        DataError: There are too many people and frames to hold.

    Example:
        >>> body = np.zeros((1, 2, 2), np.float32) + [[0], [1]]
        >>> joined = join_by_id([body, body, body + 9], [[4], [7], [8]], (2, 2), Path("x"))
        >>> joined[:, :, 0, 0].tolist()
        [[0.0, nan], [0.0, nan], [nan, 9.0]]
    """
    person_of = _persons(frames, ids)
    people = sorted(set(person_of.values()))
    numbers = {person: number for number, person in enumerate(people)}
    return _joined(frames, [[numbers[person_of[each]] for each in frame] for frame in ids], shape, path)


def _persons(frames: Sequence[Frame], ids: Sequence[Sequence[int]]) -> dict[int, int]:
    """Return for each id the first id of that person, who was lost within half their size of it."""
    gone = {each: number for number, frame in enumerate(ids) for each in frame}  # last frame of each id
    if len(gone) < 2:
        return {each: each for each in gone}
    person_of: dict[int, int] = {}
    current: dict[int, int] = {}  # id of each person
    last: dict[int, Frame] = {}
    for number, (frame, named) in enumerate(zip(frames, ids, strict=True)):
        for body, each in zip(frame, named, strict=True):
            if each not in person_of:
                left = [person for person, known in current.items() if gone[known] < number]
                near = [(_distance(body, last[person]), person) for person in left]
                near = [(far, person) for far, person in near if far <= _size(last[person]) / 2]
                person_of[each] = min(near)[1] if near else each
                current[person_of[each]] = each
            person = person_of[each]
            last[person] = np.where(np.isnan(body), last.get(person, body), body)
    return person_of


def join_nearest(frames: Sequence[Frame], shape: tuple[int, int], path: Path) -> NDArray[np.float32]:
    """Return bodies that are nearest to each other from frame to frame as one person: (T, M, *shape).

    A body farther from every known person than its own size is a new person. The closest pairs are joined
    first. People come in the order of their first frames.

    Raises:
        DataError: There are too many people and frames to hold.

    Example:
        >>> one, two = np.zeros((1, 2, 2), np.float32), np.full((1, 2, 2), 9, np.float32)
        >>> one[:, 1], two[:, 1] = 1, 10
        >>> frames = [np.concatenate([one, two]), np.concatenate([two, one])]
        >>> join_nearest(frames, (2, 2), Path("x"))[:, :, 0, 0].tolist()
        [[0.0, 9.0], [0.0, 9.0]]
    """
    if _is_one_person(frames):
        return _joined(frames, [[0] * len(frame) for frame in frames], shape, path)
    last: list[Frame] = []
    numbers = []
    for frame in frames:
        chosen = _match(frame, last)
        for body, number in zip(frame, chosen, strict=True):
            if number == len(last):
                last.append(body)
            last[number] = np.where(np.isnan(body), last[number], body)
        numbers.append(chosen)
    return _joined(frames, numbers, shape, path)


def about_ids(joined: NDArray[np.float32], ids: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Return what to say about people (T, M, ...) of `join_by_id`: nothing if each has one id."""
    return (CHANGED,) if joined.shape[1] < len({each for frame in ids for each in frame}) else ()


def about_nearest(joined: NDArray[np.float32]) -> tuple[str, ...]:
    """Return what to say about people (T, M, ...) of `join_nearest`: nothing if there is only one."""
    return (NEAREST,) if joined.shape[1] > 1 else ()


def _is_one_person(frames: Sequence[Frame]) -> bool:
    """Return whether each frame has one complete body at most, as near to the last as one person is."""
    if any(len(frame) > 1 for frame in frames):
        return False
    bodies = np.concatenate(frames)[..., :2] if frames else np.zeros((0, 0, 2), np.float32)
    if len(bodies) < 2 or np.isnan(bodies).any():
        return False
    x, y = bodies[..., 0], bodies[..., 1]
    steps = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0)).mean(axis=-1)
    sizes = np.hypot(np.ptp(x, axis=1), np.ptp(y, axis=1))
    return bool((steps <= sizes[:-1]).all())


def _match(frame: Frame, last: Sequence[Frame]) -> list[int]:
    """Return a person for each body: a known one, or the next number."""
    pairs = sorted(
        (distance, body, person)
        for body, joints in enumerate(frame)
        for person, known in enumerate(last)
        if (distance := _distance(joints, known)) <= _size(known)
    )
    chosen: dict[int, int] = {}
    for _, body, person in pairs:
        if body not in chosen and person not in chosen.values():
            chosen[body] = person
    new = len(last)
    for body in range(len(frame)):
        if body not in chosen:
            chosen[body] = new
            new += 1
    return [chosen[body] for body in range(len(frame))]


def _distance(one: Frame, two: Frame) -> float:
    """Return how far two bodies are from each other: the mean over the joints that both have."""
    both = ~np.isnan(one[:, :2] + two[:, :2]).any(axis=1)
    return float(np.linalg.norm((one - two)[both, :2], axis=1).mean()) if both.any() else np.inf


def _size(body: Frame) -> float:
    there = body[~np.isnan(body[:, :2]).any(axis=1), :2]
    return float(np.linalg.norm(np.ptp(there, axis=0))) if len(there) else 0.0


def _joined(
    frames: Sequence[Frame], numbers: Sequence[Sequence[int]], shape: tuple[int, int], path: Path
) -> NDArray[np.float32]:
    people = 1 + max((number for frame in numbers for number in frame), default=-1)
    check_size(path, len(frames), people, shape[0])
    joined = np.full((len(frames), people, *shape), np.nan, dtype=np.float32)
    if people:
        rows = np.repeat(np.arange(len(frames)), [len(chosen) for chosen in numbers])
        joined[rows, [person for chosen in numbers for person in chosen]] = np.concatenate(frames)
    return joined
