"""Left becomes right."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def flip(joints: Tensor, mirror: Sequence[int], chosen: Tensor, *, axis: int | None = 0) -> Tensor:
    """Mirror the chosen clips: the two sides change places, and one axis its sign.

    Args:
        joints: (N, C, T, V, M).
        mirror: V numbers, for each joint the one of the other side: `layout.mirror`.
        chosen: (N,) bool.
        axis: Channel that changes its sign: 0, x, is the line between the sides of a body that faces z. None
            leaves all as they are, so that only the joints' names change (the spatial flip of AimCLR).

    Returns:
        (N, C, T, V, M).

    Example:
        >>> hands = torch.tensor([[-1.0, 1.5], [2.0, 3.0]]).reshape(1, 2, 1, 2, 1)  # x and y of two hands
        >>> flip(hands, (1, 0), torch.tensor([True])).flatten()
        tensor([-1.5000,  1.0000,  3.0000,  2.0000])
    """
    mirrored = joints[:, :, :, list(mirror)]
    if axis is not None:
        mirrored[:, axis] = -mirrored[:, axis]
    return torch.where(chosen.view(-1, 1, 1, 1, 1), mirrored, joints)
