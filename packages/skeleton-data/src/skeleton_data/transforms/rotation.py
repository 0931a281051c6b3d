"""Rotating clips."""

from __future__ import annotations

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

# The rotations about x, y and z are fixed + cos * cos_part + sin * sin_part: (3 axes, 3 parts, 3, 3).
_PARTS = np.array(
    [
        [
            [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
            [[0, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[0, 0, 0], [0, 0, 1], [0, -1, 0]],
        ],
        [
            [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
            [[1, 0, 0], [0, 0, 0], [0, 0, 1]],
            [[0, 0, -1], [0, 0, 0], [1, 0, 0]],
        ],
        [
            [[0, 0, 0], [0, 0, 0], [0, 0, 1]],
            [[1, 0, 0], [0, 1, 0], [0, 0, 0]],
            [[0, 1, 0], [-1, 0, 0], [0, 0, 0]],
        ],
    ]
)
# So their product z @ y @ x is linear in the products of a part of each: (27 products, 9 entries).
_PRODUCTS = np.einsum("xkl,yjk,zij->xyzil", *_PARTS).reshape(27, 9)


def rotation_matrix(angles: Tensor) -> Tensor:
    """Return rotation about the x, then the y, then the z axis.

    The sense is that of the published feeders: by the right-hand rule, each turn is by minus the angle.

    Args:
        angles: (N, 3) angles about x, y and z, radians.

    Returns:
        (N, 3, 3) matrices `R`, for `R @ joint`.

    Example:
        >>> quarter_about_z = rotation_matrix(torch.tensor([[0.0, 0.0, torch.pi / 2]]))
        >>> quarter_about_z.round()[0] @ torch.tensor([0.0, 1.0, 0.0])
        tensor([1., 0., 0.])
    """
    turns = angles.cpu().numpy().T  # a few numbers a clip, which numpy handles in a fraction of the time
    parts = np.stack([np.ones_like(turns), np.cos(turns), np.sin(turns)])  # (part, axis, N)
    x, y, z = parts[:, None, None, 0], parts[None, :, None, 1], parts[None, None, :, 2]
    matrices = (x * y * z).reshape(27, -1).T @ _PRODUCTS.astype(parts.dtype)
    return torch.from_numpy(matrices.reshape(-1, 3, 3)).to(angles.device)


def rotate(joints: Tensor, matrix: Tensor) -> Tensor:
    """Apply one rotation to all frames and bodies of a clip; zeros stay zeros.

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
