"""Where a clip stands: presence of bodies, and moving the origin to the first body."""

from __future__ import annotations

import torch
from torch import Tensor


def presence(joints: Tensor) -> Tensor:
    """Return 1 where a body is there, 0 where all its joints are zero.

    Args:
        joints: (N, C, T, V, M).

    Returns:
        (N, T, M), dtype of `joints`.

    Example:
        >>> presence(torch.eye(2).reshape(1, 1, 2, 1, 2))[0]
        tensor([[1., 0.],
                [0., 1.]])
    """
    return (joints != 0).any(dim=3).any(dim=1).to(joints.dtype)


def first_frame(joints: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first frame in which body 0 is there, or frame 0 of a clip without it.

    Args:
        joints: (N, C, T, V, M).

    Returns:
        Number of that frame (N,) and the joints of body 0 in it (N, C, V).
    """
    first = presence(joints)[:, :, 0].argmax(dim=1)
    return first, joints[torch.arange(len(joints), device=joints.device), :, first, :, 0]


def move_origin(joints: Tensor, centre: int, present: Tensor | None = None, *, flat: bool = False) -> Tensor:
    """Move all bodies of a clip by one vector, so that a joint of body 0 starts at the origin.

    The joint is `centre` in the first frame in which body 0 is there; absent bodies stay zero. A clip
    without body 0 stays as it is.

    Args:
        joints: (N, C, T, V, M).
        centre: The joint, usually the layout's.
        present: (N, T, M), how far a body is there; between 0 and 1 where a frame is a blend of one with
            and one without the body (see `FrameBlend.presence`). By default from the joints, which is right
            before any blending.
        flat: Whether the joints are positions in a picture, whose confidence (channel 2) does not move.

    Returns:
        (N, C, T, V, M).

    Example:
        >>> move_origin(torch.tensor([3.0, 5.0]).reshape(1, 1, 2, 1, 1), centre=0).flatten()
        tensor([0., 2.])
    """
    if present is None:
        present = presence(joints)
    first, pose = first_frame(joints)
    weight = present[torch.arange(len(joints), device=joints.device), first, 0]
    place = pose[:, :, centre] / torch.where(weight > 0, weight, 1)[:, None]
    if flat:
        place[:, 2] = 0
    return joints - place[:, :, None, None, None] * present[:, None, :, None, :]
