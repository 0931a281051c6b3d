"""Noise on the coordinates."""

from __future__ import annotations

from einops import rearrange
from torch import Tensor

from skeleton_data.transforms.origin import presence


def add_noise(joints: Tensor, noise: Tensor, deviation: Tensor) -> Tensor:
    """Add noise to every coordinate; absent bodies stay zero.

    Args:
        joints: (N, C, T, V, M).
        noise: (N, C, T, V, M) standard normal numbers.
        deviation: (N,) standard deviation in each clip, in the unit of the joints.

    Returns:
        (N, C, T, V, M).

    Example:
        >>> import torch
        >>> clip = torch.tensor([3.0, 0.0]).reshape(1, 1, 1, 1, 2)  # the second body is absent
        >>> add_noise(clip, torch.ones_like(clip), torch.tensor([0.5])).flatten()
        tensor([3.5000, 0.0000])
    """
    there = rearrange(presence(joints), "n t m -> n 1 t 1 m")
    return joints + noise * there * deviation.view(-1, 1, 1, 1, 1)
