"""Matrices that change size and shape, for `rotate`: scale and shear, and angles about one axis."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

_BESIDE_DIAGONAL = (1, 2, 3, 5, 6, 7)  # of a 3 x 3 matrix read row by row


def scale_matrix(factors: Tensor) -> Tensor:
    """Stretch each axis.

    Args:
        factors: (N, 3) factor of x, y and z; (N, 1) for one factor of all.

    Returns:
        (N, 3, 3) matrices for `rotate`.

    Example:
        >>> scale_matrix(torch.tensor([[2.0]]))[0].diagonal()
        tensor([2., 2., 2.])
    """
    return torch.diag_embed(factors.expand(-1, 3))


def shear_matrix(amounts: Tensor) -> Tensor:
    """Add to each axis amounts of the two others, as CrosSCLR and AimCLR do.

    Args:
        amounts: (N, 6): of y and z added to x, of x and z to y, of x and y to z.

    Returns:
        (N, 3, 3) matrices for `rotate`, ones on the diagonal.

    Example:
        >>> shear_matrix(torch.tensor([[0.5, 0.0, 0.0, 0.0, 0.0, 0.0]]))[0] @ torch.tensor([1.0, 2.0, 3.0])
        tensor([2., 2., 3.])
    """
    flat = torch.eye(3, dtype=amounts.dtype, device=amounts.device).flatten().repeat(len(amounts), 1)
    flat[:, _BESIDE_DIAGONAL] = amounts
    return rearrange(flat, "n (i j) -> n i j", i=3)


def one_axis_angles(axis: Tensor, angle: Tensor) -> Tensor:
    """Return angles about x, y and z of which only one is not zero, for `rotation_matrix`.

    Args:
        axis: (N,) int64, 0 to 2.
        angle: (N,) radians.

    Returns:
        (N, 3).

    Example:
        >>> one_axis_angles(torch.tensor([1]), torch.tensor([0.5]))
        tensor([[0.0000, 0.5000, 0.0000]])
    """
    return torch.zeros(len(axis), 3, dtype=angle.dtype, device=angle.device).scatter_(
        1, axis[:, None], angle[:, None]
    )
