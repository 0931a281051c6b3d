"""Clips that lie in no store, sampled as a dataset samples them for evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from skeleton_data.transforms import (
    FrameBlend,
    centre_crop,
    heading_matrix,
    move_origin,
    rotate,
    to_stream,
)
from skeleton_lab.data.preprocessing import Preprocessing


def sample_clips(clips: Sequence[NDArray[np.float32]], made_for: Preprocessing) -> Tensor:
    """Cut clips to length and bring them into the coordinates that a model was made for.

    Args:
        clips: Each (T, M, V, 3), metres; lengths and bodies may differ.
        made_for: What the model's clips went through.

    Returns:
        (N, C=3, T, V, M), the same as the batch of a `SkeletonDataset` that does not train.
    """
    layout, sampling, flat = made_for.layout, made_for.sampling, made_for.units == "picture"
    frames, bodies = (np.array([clip.shape[axis] for clip in clips]) for axis in (0, 1))
    rows = frames * bodies
    table = torch.from_numpy(
        np.concatenate([rearrange(clip.astype(np.float32), "t m v c -> (t m) v c") for clip in clips])
    )
    blend = FrameBlend.linear(
        centre_crop(frames, sampling.test_crop),
        sampling.frames,
        first_row=np.cumsum(rows) - rows,
        clip_bodies=bodies,
        bodies=made_for.bodies,
    )
    joints = blend.joints(table)
    if sampling.origin == "first_frame":
        joints = move_origin(joints, layout.centre, blend.presence(table), flat=flat)
    if sampling.heading and not flat:
        joints = rotate(joints, heading_matrix(joints, *layout.facing()))
    return to_stream(joints, sampling.stream, layout, flat=flat)
