"""Cleaning raw NTU recordings: which tracked bodies are people, which person is which, where the origin lies.

The reference pre-processing of NTU RGB+D 60 and 120, on which published results rest, in one implementation:
the two sets differ only in how a clip with one body is padded later, and here nothing is padded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.layout import layout
from skeleton_data.ntu import RawClip

Floats = NDArray[np.float32]

# A body seen in fewer frames is no person. A frame is noisy where the body is wider than this share of its
# height; a body with at least this share of noisy frames is no person.
MIN_FRAMES, MAX_WIDTH, MAX_NOISY = 12, 0.8, 0.69754


@dataclass(frozen=True)
class _Track:
    """All that was seen of one tracking id, packed together: a gap in the tracking is closed."""

    start: int
    joints: Floats  # (frames, V, 3)
    motion: float

    @property
    def last(self) -> int:
        return self.start + len(self.joints) - 1


def clean(clip: RawClip) -> Floats:
    """The people in a recording: `select_bodies`, then `move_origin`, without a second body that never comes.

    Returns:
        Shape (T, M, 25, 3) float32, metres, M = 1 or 2; a body that is absent in a frame is all zero.

    Raises:
        DataError: no body is left.
    """
    joints = move_origin(select_bodies(clip), centre=layout("ntu").centre)
    return joints if joints.shape[1] == 1 or joints[:, 1].any() else joints[:, :1]


def select_bodies(clip: RawClip) -> Floats:
    """Chooses at most two people among the tracked bodies, as the reference does.

    Frames without a body are dropped, and the frames of each body packed together from its first one on. A
    single body is taken as it is. Of several, those are dropped that are seen in 11 frames or fewer, then
    those that are wider than 0.8 of their height in 69.754 % of their frames or more (lying ghosts), but
    never the last one. The others come in the order of their motion: the variance of their coordinates over
    all frames, or over those that are not noisy if that is less. The first is actor 1; each later one
    continues actor 1 if the two do not overlap in time, else actor 2, else is dropped. Frames without anyone
    are dropped.

    Returns:
        Shape (T, M, 25, 3) float32; M = 2 where more than one body passed the thresholds.

    Raises:
        DataError: no body is left.
    """
    seen = np.unique(clip.frame)
    frame = np.searchsorted(seen, clip.frame)
    ids, first = np.unique(clip.body, return_index=True)
    tracks = [_track(frame[rows], clip.joints[rows]) for rows in clip.body == ids[np.argsort(first), None]]
    if any(track.last >= len(seen) for track in tracks):
        raise DataError(f"a body is in more than {len(seen)} frames, but only so many have one")
    if len(tracks) == 1:
        return tracks[0].joints[:, None]
    tracks = [track for track in tracks if len(track.joints) >= MIN_FRAMES]
    tracks = _drop_noisy(tracks)
    if not tracks:
        raise DataError(f"none of its {len(ids)} bodies is seen in at least {MIN_FRAMES} frames")
    joints = _assign(tracks, len(seen))
    return joints[joints.any(axis=(1, 2, 3))]


def move_origin(joints: Floats, *, centre: int) -> Floats:
    """Moves the origin to joint ``centre`` of the first body in the first frame in which it is present.

    Args:
        joints: shape (T, M, V, 3).
        centre: joint.

    Returns:
        Shape (T, M, V, 3). Beside other bodies, one that is absent in a frame stays zero there.

    Raises:
        DataError: the first body is absent throughout.
    """
    present: NDArray[np.bool_] = np.asarray(joints.any(axis=(2, 3)))
    if not present[:, 0].any():
        raise DataError("all joints of the first body are zero in every frame")
    moved: Floats = joints - joints[int(present[:, 0].argmax()), 0, centre]
    if joints.shape[1] > 1:
        moved[~present] = 0
    return moved


def _track(frame: NDArray[np.int64], joints: Floats) -> _Track:
    return _Track(start=int(frame[0]), joints=joints, motion=_motion(joints))


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


def _assign(tracks: list[_Track], frames: int) -> Floats:
    first, *others = sorted(tracks, key=lambda track: track.motion, reverse=True)
    joints = np.zeros((frames, 2 if others else 1, *first.joints.shape[1:]), dtype=np.float32)
    joints[first.start : first.last + 1, 0] = first.joints
    # The time of actor 2 counts from frame 0 whenever it comes; two people may share a frame without
    # overlapping.
    spans = [(first.start, first.last), (0, 0)]
    for track in others:
        for actor, (start, last) in enumerate(spans):
            if min(last, track.last) <= max(start, track.start):
                joints[track.start : track.last + 1, actor] = track.joints
                spans[actor] = (min(start, track.start), max(last, track.last))
                break
    return joints
