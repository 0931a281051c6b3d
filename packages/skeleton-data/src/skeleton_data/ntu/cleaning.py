"""Cleaning raw NTU recordings: which tracked bodies are people, which person is which, where the origin lies.

The reference pre-processing of NTU RGB+D 60 and 120, on which published results rest, in one implementation:
the two sets differ only in how a clip with one body is padded later, and here nothing is padded. And a mode
that keeps time, which the reference does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Cleaning
from skeleton_data.errors import DataError, NobodyError
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.contrast_clip import aligned, first_bodies
from skeleton_data.ntu.recording import RawClip

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

# A body seen in fewer frames is no person. A frame is noisy where the body is wider than this fraction of its
# height; a body with at least this fraction of noisy frames is no person.
MIN_FRAMES, MAX_WIDTH, MAX_NOISY = 12, 0.8, 0.69754


@dataclass(frozen=True)
class _Track:
    """All that was seen of one tracking id, and the frames it is put in."""

    frames: Integers
    joints: Floats  # (frames, V, 3)
    motion: float


def clean(clip: RawClip, cleaning: Cleaning = "reference") -> Floats:
    """Return the people in a recording.

    - "reference": `select_bodies`, then `move_origin`, without a second body that never comes: what published
      results rest on.
    - "true_frames": the same people, but frames keep their numbers, see `select_bodies`.
    - "contrast": the preparation of CrosSCLR and AimCLR: `first_bodies`, then `aligned`.

    Returns:
        Shape (T, M, 25, 3) float32, metres, M = 1 or 2; a body that is absent in a frame is all zero.

    Raises:
        NobodyError: No body is left.
        DataError: The first body of several is absent throughout.
    """
    if not clip.joints.any():
        raise _nobody(clip, "all joints of all bodies are zero in every frame")
    if cleaning == "contrast":
        joints = aligned(first_bodies(clip), layout("ntu"))
    else:
        bodies = select_bodies(clip, true_frames=cleaning == "true_frames")
        joints = move_origin(bodies, centre=layout("ntu").centre)
        if cleaning == "true_frames":
            joints[~bodies.any(axis=(2, 3))] = 0
    return joints if joints.shape[1] == 1 or joints[:, 1].any() else joints[:, :1]


def select_bodies(clip: RawClip, *, true_frames: bool = False) -> Floats:
    """Choose at most two people among the tracked bodies, as the reference does.

    Frames without a body are dropped, and the frames of each body packed together from its first one on. A
    single body is taken as it is. Of several, those are dropped that are seen in 11 frames or fewer, then
    those that are wider than 0.8 of their height in 69.754 % of their frames or more (lying ghosts), but
    never the last one. The others come in the order of their motion: the variance of their coordinates over
    all frames, or over those that are not noisy if that is less. The first is actor 1; each later one
    continues actor 1 if the two do not overlap in time, else actor 2, else is dropped. Frames without anyone
    are dropped.

    That shifts what follows a gap in the tracking against the other person, and closes pauses without anyone.
    With `true_frames` each frame of a body stays where it was seen: the clip goes from the first frame with
    someone to the last, gaps are zero, and two bodies overlap if they share a frame (for the reference, actor
    2 counts as there from frame 0 on, which may drop who was there before). Thresholds and order are the
    same.

    Args:
        clip: Recording.
        true_frames: Whether frames keep their numbers.

    Returns:
        Shape (T, M, 25, 3) float32; M = 2 where more than one body passed the thresholds.

    Raises:
        NobodyError: No body is left.
        DataError: A body is in more frames than have one; with `true_frames`, it is twice in a frame.
    """
    # Without the inverse `np.unique` imports numpy.ma, which every first answer would wait for.
    seen, packed = np.unique(clip.frame, return_inverse=True)
    frame = clip.frame - seen[0] if true_frames else packed
    count = int(frame[-1]) + 1
    ids, first = np.unique(clip.body, return_index=True)
    tracks = [
        _track(frame[rows], clip.joints[rows], packed=not true_frames)
        for rows in clip.body == ids[np.argsort(first), None]
    ]
    if any(track.frames[-1] >= count for track in tracks):
        raise DataError(f"a body is in more frames than the {count} that have a body")
    if len(tracks) > 1:
        tracks = _drop_noisy([track for track in tracks if len(track.joints) >= MIN_FRAMES])
    if not tracks:
        raise _nobody(clip, f"none of its {len(ids)} bodies is seen in at least {MIN_FRAMES} frames")
    if true_frames:
        return _assign_true(tracks, count)
    if len(ids) == 1:
        return tracks[0].joints[:, None]
    joints = _assign(tracks, count)
    return joints[joints.any(axis=(1, 2, 3))]


def move_origin(joints: Floats, *, centre: int) -> Floats:
    """Move the origin to joint `centre` of the first body in the first frame in which it is present.

    Args:
        joints: Shape (T, M, V, 3).
        centre: Joint.

    Returns:
        Shape (T, M, V, 3). Beside other bodies, one that is absent in a frame stays zero there.

    Raises:
        DataError: The first body is absent throughout.
    """
    present: NDArray[np.bool_] = np.asarray(joints.any(axis=(2, 3)))
    if not present[:, 0].any():
        raise DataError("all joints of the first body are zero in every frame")
    moved: Floats = joints - joints[int(present[:, 0].argmax()), 0, centre]
    if joints.shape[1] > 1:
        moved[~present] = 0
    return moved


def _nobody(clip: RawClip, problem: str) -> NobodyError:
    error = NobodyError(problem)
    error.frames = clip.frames
    return error


def _track(frame: Integers, joints: Floats, *, packed: bool) -> _Track:
    if packed:
        frame = frame[0] + np.arange(len(frame))
    elif (twice := np.diff(frame) == 0).any():
        raise DataError(
            f"a body is twice in frame {int(frame[int(twice.argmax())])} after the first with a body"
        )
    return _Track(frames=frame, joints=joints, motion=_motion(joints))


def _motion(joints: Floats) -> float:
    return float(joints.reshape(-1, 3).var(axis=0).sum())


def _drop_noisy(tracks: list[_Track]) -> list[_Track]:
    kept: list[_Track] = []
    for track in tracks:
        if not kept and track is tracks[-1]:
            return [track]  # the only one left, and someone was there
        width, height = np.moveaxis(np.ptp(track.joints[..., :2], axis=1), -1, 0)
        noisy = width > MAX_WIDTH * height
        if noisy.mean() >= MAX_NOISY:
            continue
        if noisy.any():
            track = replace(track, motion=min(track.motion, _motion(track.joints[~noisy])))
        kept.append(track)
    return kept


def _assign(tracks: list[_Track], count: int) -> Floats:
    first, *others = _by_motion(tracks)
    joints = np.zeros((count, 2 if others else 1, *first.joints.shape[1:]), dtype=np.float32)
    joints[first.frames, 0] = first.joints
    # The time of actor 2 counts from frame 0 whenever it comes; two people may share a frame without
    # overlapping.
    spans = [(int(first.frames[0]), int(first.frames[-1])), (0, 0)]
    for track in others:
        begin, end = int(track.frames[0]), int(track.frames[-1])
        for actor, (start, last) in enumerate(spans):
            if min(last, end) <= max(start, begin):
                joints[track.frames, actor] = track.joints
                spans[actor] = (min(start, begin), max(last, end))
                break
    return joints


def _assign_true(tracks: list[_Track], count: int) -> Floats:
    """Divide people among actors whose frames are free; from the first frame with one of them to the last."""
    joints = np.zeros((count, min(len(tracks), 2), *tracks[0].joints.shape[1:]), dtype=np.float32)
    taken = np.zeros(joints.shape[:2], dtype=bool)
    for track in _by_motion(tracks):
        for actor in range(joints.shape[1]):
            if not taken[track.frames, actor].any():
                joints[track.frames, actor] = track.joints
                taken[track.frames, actor] = True
                break
    frames = np.flatnonzero(taken.any(axis=1))
    return joints[frames[0] : frames[-1] + 1]


def _by_motion(tracks: list[_Track]) -> list[_Track]:
    return sorted(tracks, key=lambda track: track.motion, reverse=True)
