"""Rotating clips."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

# The rotations about x, y and z are fixed + cos * cos_part + sin * sin_part: (3 parts, 3 axes, 3, 3).
_AXES = torch.tensor(
    [
        [
            [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
            [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
            [[0, 0, 0], [0, 0, 0], [0, 0, 1]],
        ],
        [
            [[0, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[1, 0, 0], [0, 0, 0], [0, 0, 1]],
            [[1, 0, 0], [0, 1, 0], [0, 0, 0]],
        ],
        [
            [[0, 0, 0], [0, 0, 1], [0, -1, 0]],
            [[0, 0, -1], [0, 0, 0], [1, 0, 0]],
            [[0, 1, 0], [-1, 0, 0], [0, 0, 0]],
        ],
    ],
    dtype=torch.float32,
)


def rotation_matrix(angles: Tensor) -> Tensor:
    """Rotation about the x, then the y, then the z axis.

    The sense is that of the published feeders: by the right-hand rule, each turn is by minus the angle.

    Args:
        angles: (N, 3) angles about x, y and z, radians.

    Returns:
        (N, 3, 3) matrices ``R``, for ``R @ joint``.

    Example:
        >>> quarter_about_z = rotation_matrix(torch.tensor([[0.0, 0.0, torch.pi / 2]]))
        >>> quarter_about_z.round()[0] @ torch.tensor([0.0, 1.0, 0.0])
        tensor([1., 0., 0.])
    """
    fixed, cos, sin = _AXES.to(angles)
    turns = fixed + angles.cos()[..., None, None] * cos + angles.sin()[..., None, None] * sin
    x, y, z = turns.unbind(dim=1)
    return torch.bmm(z, torch.bmm(y, x))


def rotate(joints: Tensor, matrix: Tensor) -> Tensor:
    """Applies one rotation to all frames and bodies of a clip; zeros stay zeros.

    Args:
        joints: (N, C=3, T, V, M).
        matrix: (N, 3, 3), same dtype.

    Returns:
        (N, 3, T, V, M).

    Example:
        >>> rotate(torch.rand(2, 3, 20, 25, 2), rotation_matrix(torch.zeros(2, 3))).shape
        torch.Size([2, 3, 20, 25, 2])
    """
    points = matrix[:, None] @ rearrange(joints, "n c t v m -> n m c (t v)")
    return rearrange(points, "n m c (t v) -> n c t v m", t=joints.shape[2])
