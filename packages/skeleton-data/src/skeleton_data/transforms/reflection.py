"""Shifting a clip in time, with its ends reflected."""

from __future__ import annotations

import torch
from torch import Tensor


def reflected_crop(joints: Tensor, start: Tensor) -> Tensor:
    """Return as many frames as the clip has, from another start; what lies beyond an end is reflected at it.

    A random start in `-padding .. padding` is the temporal crop of CrosSCLR and AimCLR, which pads both
    ends by reflection and crops.

    Args:
        joints: (N, C, T, V, M).
        start: (N,) int64, the frame at which the new clip starts; before the first one if negative.

    Returns:
        (N, C, T, V, M).

    Example:
        >>> clip = torch.arange(4.0).reshape(1, 1, 4, 1, 1)
        >>> reflected_crop(clip.expand(2, -1, -1, -1, -1), torch.tensor([-2, 1])).flatten(1)
        tensor([[1., 0., 0., 1.],
                [1., 2., 3., 3.]])
    """
    frames = joints.shape[2]
    frame = (start[:, None] + torch.arange(frames, device=joints.device)) % (2 * frames)
    frame = torch.minimum(frame, 2 * frames - 1 - frame)
    return torch.take_along_dim(joints, frame[:, None, :, None, None], dim=2)
