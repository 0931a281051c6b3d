"""What a masked autoencoder rebuilds."""

from typing import Literal

from torch import Tensor
from torch.nn import functional as F


def joint_motion(joints: Tensor) -> Tensor:
    """Steps of joints from each frame to the next; the last frame's step is zero.

    Args:
        joints: (B, T, V, C).

    Returns:
        (B, T, V, C), in the unit of `joints` per frame.

    Example:
        >>> import torch
        >>> joint_motion(torch.tensor([1.0, 3.0, 4.0]).view(1, 3, 1, 1)).flatten()
        tensor([2., 1., 0.])
    """
    return F.pad(joints.diff(dim=1), (0, 0, 0, 0, 0, 1))


def course(
    target: Tensor, *, scale_of: Literal["joint", "body"], floor: float = 1e-3
) -> tuple[Tensor, Tensor]:
    """Mean over time of each joint, and the spread of courses about it.

    Args:
        target: (B, T, V, C).
        scale_of: Whether each joint has its own spread, or all joints of a body the same.
        floor: Smallest spread, in the unit of the target.

    Returns:
        Mean (B, 1, V, C) and spread (B, 1, V or 1, 1), in the unit of the target.
    """
    mean = target.mean(1, keepdim=True)
    over = (1, 3) if scale_of == "joint" else (1, 2, 3)
    spread = (target - mean).square().mean(over, keepdim=True).sqrt()
    return mean, spread.clamp(min=floor)


def standardise(target: Tensor, *, scale_of: Literal["joint", "body"]) -> Tensor:
    """Remove each joint's mean over time, and divide by the spread of its course or of its body's.

    A joint's mean is what any visible frame of it tells and what most of a plain error is about; without it
    the error is about how the joint moves (compare the normalised patches of He et al. 2022, section 4.2, and
    Mao et al. 2023, section 3.3). Scaled by joint, a hand at rest counts as much as one that waves, though
    its course is the noise of the sensor; scaled by body, it counts as much as it moves.

    Args:
        target: (B, T, V, C).
        scale_of: Whose spread is divided by.

    Returns:
        (B, T, V, C), without unit.

    Example:
        >>> import torch
        >>> standardise(torch.tensor([1.0, 3.0]).view(1, 2, 1, 1), scale_of="joint").flatten()
        tensor([-1.,  1.])
    """
    mean, spread = course(target, scale_of=scale_of)
    return (target - mean) / spread
