"""Blurring in time."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from skeleton_data.transforms.origin import presence


def blur(joints: Tensor, sigma: Tensor) -> Tensor:
    """Replace each frame by a Gaussian mean of the frames around it.

    The weights always sum to 1: at the ends of the clip, and beside frames in which the body is absent, the
    frames that are there share them. Absent bodies stay zero.

    Args:
        joints: (N, C, T, V, M).
        sigma: (N,) standard deviation in each clip, frames; 0 leaves the clip as it is.

    Returns:
        (N, C, T, V, M).

    Example:
        >>> jump = torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0]).reshape(1, 1, 5, 1, 1) + 1
        >>> blur(jump, torch.tensor([0.5])).flatten()
        tensor([1.0003, 1.1065, 1.7866, 1.1065, 1.0003])
    """
    _, channels, frames, _, _ = joints.shape
    there = rearrange(presence(joints), "n t m -> n m t")
    time = torch.arange(frames, device=joints.device, dtype=joints.dtype)
    width = sigma.clamp(min=torch.finfo(joints.dtype).tiny ** 0.25).view(-1, 1, 1)  # its square is not 0
    kernel = torch.exp(-0.5 * ((time[:, None] - time) / width) ** 2)
    weights = kernel[:, None] * there[:, :, None]
    weights = weights / weights.sum(dim=3, keepdim=True).clamp(min=torch.finfo(joints.dtype).tiny)
    blurred = (weights * there[..., None]) @ rearrange(joints, "n c t v m -> n m t (c v)")
    return rearrange(blurred, "n m t (c v) -> n c t v m", c=channels)
