"""Hiding an axis, frames or joints by setting them to zero."""

from __future__ import annotations

import torch
from torch import Tensor


def drop_axis(joints: Tensor, axis: Tensor) -> Tensor:
    """Set one axis of each clip to zero, as AimCLR does.

    Args:
        joints: (N, C, T, V, M).
        axis: (N,) channel to drop; -1 drops none.

    Returns:
        (N, C, T, V, M).

    Example:
        >>> drop_axis(torch.ones(1, 3, 1, 1, 1), torch.tensor([1])).flatten()
        tensor([1., 0., 1.])
    """
    kept = torch.arange(joints.shape[1], device=joints.device) != axis[:, None]
    return joints * kept[:, :, None, None, None]


def drop_frames(joints: Tensor, dropped: Tensor) -> Tensor:
    """Set frames to zero, in all joints and bodies.

    Args:
        joints: (N, C, T, V, M).
        dropped: (N, T) bool.

    Returns:
        (N, C, T, V, M).

    Example:
        >>> drop_frames(torch.ones(1, 1, 3, 1, 1), torch.tensor([[True, False, True]])).flatten()
        tensor([0., 1., 0.])
    """
    return joints * ~dropped[:, None, :, None, None]


def drop_joints(joints: Tensor, dropped: Tensor) -> Tensor:
    """Set joints to zero, in all frames and bodies.

    Args:
        joints: (N, C, T, V, M).
        dropped: (N, V) bool.

    Returns:
        (N, C, T, V, M).

    Example:
        >>> drop_joints(torch.ones(1, 1, 1, 3, 1), torch.tensor([[True, False, True]])).flatten()
        tensor([0., 1., 0.])
    """
    return joints * ~dropped[:, None, None, :, None]
