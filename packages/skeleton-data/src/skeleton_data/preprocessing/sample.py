"""Clips that lie in no store, sampled in NumPy as a dataset samples them for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from skeleton_data.layouts.layout import Pair
from skeleton_data.preprocessing.preprocessing import Preprocessing
from skeleton_data.transforms.crop import centre_crop
from skeleton_data.transforms.positions import blended_frames

Joints = NDArray[np.float32]

SHORT = 1e-6
"""Metres: a horizontal line of shoulders and hips below this has no direction."""


def sample_clips(clips: Sequence[Joints], preprocessing: Preprocessing) -> Joints:
    """Cut clips to length and bring them into the coordinates that a model was made for.

    It takes the steps of `skeleton_data.transforms` that evaluation takes, without torch. Tests hold the two
    together.

    Args:
        clips: Each (T, M, V, 3), metres; lengths and bodies may differ.
        preprocessing: What the model's clips went through.

    Returns:
        (N, C=3, T, V, M), the same as the batch of a `SkeletonDataset` that does not train.

    Example:
        >>> from skeleton_data import ClipSampling, Preprocessing, layout
        >>> preprocessing = Preprocessing(layout=layout("ntu"), bodies=2, sampling=ClipSampling(frames=20))
        >>> clips = [np.ones((50, 1, 25, 3), np.float32), np.ones((7, 2, 25, 3), np.float32)]
        >>> sample_clips(clips, preprocessing).shape
        (2, 3, 20, 25, 2)
    """
    frames, joints = preprocessing.sampling.frames, len(preprocessing.layout.joints)
    batch = np.zeros((len(clips), 3, frames, joints, preprocessing.bodies), np.float32)
    for number, clip in enumerate(clips):
        sampled = _sample(clip, preprocessing)  # (T, M, V, C)
        batch[number, ..., : sampled.shape[1]] = sampled.transpose(3, 0, 2, 1)
    return batch


def _sample(clip: Joints, preprocessing: Preprocessing) -> Joints:
    """Return one clip (T, M, V, C), its first bodies alone, at most those of the model."""
    layout, sampling, flat = preprocessing.layout, preprocessing.sampling, preprocessing.units == "picture"
    frames, weights = _blended(len(clip), sampling.test_crop, sampling.frames)
    rows = clip[frames, : preprocessing.bodies].astype(np.float32, copy=False)
    seen = rows.any(axis=(2, 3)) * weights[:, None]
    blended = rows * weights[:, None, None, None]
    joints, present = blended[::2] + blended[1::2], seen[::2] + seen[1::2]  # (T, M, V, C) and (T, M)
    if sampling.origin == "first_frame":
        joints = _move_origin(joints, layout.centre, present, flat=flat)
    if sampling.face_forward and not flat:
        joints = joints @ _heading_matrix(joints, *layout.facing()).T
    return _to_stream(joints, preprocessing, flat=flat)


@lru_cache(maxsize=64)  # windows of a recording are of one length
def _blended(length: int, fraction: float, frames: int) -> tuple[NDArray[np.int64], Joints]:
    """Return the frames (2 T,) that T frames are blended of, out of the middle of a clip, and weights."""
    window = centre_crop(np.array([length]), fraction)
    number, weight = blended_frames(window.length, frames)
    return window.start[0] + number[0], weight[0]


def _first_frame(joints: Joints) -> int:
    """Return the first frame in which body 0 is there, or frame 0 of a clip without it."""
    return int(joints[:, 0].any(axis=(1, 2)).argmax())


def _move_origin(joints: Joints, centre: int, present: Joints, *, flat: bool) -> Joints:
    first = _first_frame(joints)
    place = joints[first, 0, centre] / (present[first, 0] or np.float32(1))
    if flat:
        place = place * np.array([1, 1, 0], np.float32)
    moved: Joints = joints - place * present[:, :, None, None]
    return moved


def _heading_matrix(joints: Joints, shoulders: Pair, hips: Pair) -> Joints:
    """Return the turn (3, 3) about the vertical (y) axis after which body 0 faces +z."""
    pose = joints[_first_frame(joints), 0]
    line = pose[shoulders[0]] - pose[shoulders[1]] + pose[hips[0]] - pose[hips[1]]
    length = np.hypot(line[0], line[2])
    cos, sin = (line[0] / length, line[2] / length) if length > SHORT else (1, 0)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]], np.float32)


def _to_stream(joints: Joints, preprocessing: Preprocessing, *, flat: bool) -> Joints:
    stream, shown = preprocessing.sampling.stream, joints
    if stream.startswith("bone"):
        parents = preprocessing.layout.parents
        shown = shown - shown[:, :, [joint if above < 0 else above for joint, above in enumerate(parents)]]
    if stream.endswith("motion"):
        shown = np.concatenate([shown[1:] - shown[:-1], np.zeros_like(shown[:1])])
    if flat and shown is not joints:
        shown[..., 2] = joints[..., 2]
    return shown
