"""Augmentations of joint positions, the same in all frames of a clip and for both bodies."""

from collections.abc import Iterable

import torch
from torch import Tensor


def transform(x: Tensor, matrix: Tensor) -> Tensor:
    """Apply a matrix to the coordinates of each clip.

    Args:
        x: Clips `(N, 3, T, V, M)`.
        matrix: `(N, 3, 3)`.

    Returns:
        `(N, 3, T, V, M)`.

    Example:
        >>> double = transform(torch.ones(1, 3, 2, 4, 1), 2 * torch.eye(3)[None])
        >>> double.unique()
        tensor([2.])
    """
    return torch.einsum("nij,njtvm->nitvm", matrix, x)


def shear_matrix(amounts: Tensor) -> Tensor:
    """Build matrices that add to each coordinate a fraction of the two others.

    Args:
        amounts: `(N, 6)`, the entries beside the diagonal of ones, row by row.

    Returns:
        `(N, 3, 3)`.

    References:
        Rao et al., "Augmented Skeleton Based Contrastive Action Learning with Momentum LSTM for Unsupervised
        Action Recognition" (2021), section 3.2; CrosSCLR and AimCLR draw them from U(-0.5, 0.5).

    Example:
        >>> shear_matrix(torch.arange(6.0)[None] / 10)[0]
        tensor([[1.0000, 0.0000, 0.1000],
                [0.2000, 1.0000, 0.3000],
                [0.4000, 0.5000, 1.0000]])
    """
    matrix = torch.eye(3, dtype=amounts.dtype, device=amounts.device).repeat(len(amounts), 1, 1)
    row, column = (~torch.eye(3, dtype=torch.bool, device=amounts.device)).nonzero().unbind(1)
    matrix[:, row, column] = amounts
    return matrix


def in_plane(matrix: Tensor) -> Tensor:
    """Return matrices `(N, 3, 3)` that do the same to x and y, and leave the third coordinate as it is.

    Example:
        >>> in_plane(torch.ones(1, 3, 3))[0]
        tensor([[1., 1., 0.],
                [1., 1., 0.],
                [0., 0., 1.]])
    """
    plane = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 0]], dtype=matrix.dtype, device=matrix.device)
    third = torch.tensor([0, 0, 1], dtype=matrix.dtype, device=matrix.device).diag()
    return matrix * plane + third


def rotation_matrix(angles: Tensor) -> Tensor:
    """Build rotations about x, then y, then z.

    A positive angle turns y towards -z, z towards -x, and x towards -y, as in the published code.

    Args:
        angles: `(N, 3)`, radians.

    Returns:
        `(N, 3, 3)`.

    Example:
        >>> quarter = rotation_matrix(torch.tensor([[0.0, 0.0, torch.pi / 2]]))
        >>> (quarter[0] @ torch.tensor([1.0, 0.0, 0.0])).round().abs()
        tensor([0., 1., 0.])
    """
    # about axis a, the plane (b, c) with b = a + 1, c = a + 2 turns from c to b
    turned = torch.eye(3, dtype=angles.dtype, device=angles.device).repeat(len(angles), 1, 1)
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        cos, sin = angles[:, axis].cos(), angles[:, axis].sin()
        step = torch.eye(3, dtype=angles.dtype, device=angles.device).repeat(len(angles), 1, 1)
        step[:, first, first] = step[:, second, second] = cos
        step[:, first, second], step[:, second, first] = sin, -sin
        turned = step @ turned
    return turned


def swap_sides(x: Tensor, pairs: tuple[tuple[int, int], ...]) -> Tensor:
    """Exchange left and right joints; their coordinates stay as they are.

    Args:
        x: Clips `(N, C, T, V, M)`.
        pairs: Left and right joint numbers.

    Example:
        >>> x = torch.arange(3.0).reshape(1, 1, 1, 3, 1)
        >>> swap_sides(x, ((0, 2),)).flatten()
        tensor([2., 1., 0.])
    """
    both = [*pairs, *((right, left) for left, right in pairs)]
    return x[:, :, :, joint_numbers(x.shape[3], both, field="pairs").to(x.device)]


def joint_numbers(joints: int, changes: Iterable[tuple[int, int]], *, field: str) -> Tensor:
    """Return joint numbers from 0 with some of them changed, each `(from, to)`: int64 `(V,)`.

    Raises:
        ValueError: If a joint is not one of them; names `field`.

    Example:
        >>> joint_numbers(4, [(1, 3)], field="bones")
        tensor([0, 3, 2, 3])
    """
    numbers = torch.arange(joints)
    for change in changes:
        if max(change) >= joints:
            raise ValueError(f"{field} must name joints below {joints}, got {change}")
        numbers[change[0]] = change[1]
    return numbers


def zero_axis(x: Tensor, axis: Tensor) -> Tensor:
    """Set one coordinate of each clip `(N, C, T, V, M)` to zero, in clip n that of number `axis[n]`, `(N,)`.

    Example:
        >>> zero_axis(torch.ones(1, 3, 1, 1, 1), torch.tensor([1])).flatten()
        tensor([1., 0., 1.])
    """
    gone = torch.arange(x.shape[1], device=x.device) == axis[:, None]
    return x.masked_fill(gone[:, :, None, None, None], 0.0)
