"""What a masked autoencoder rebuilds."""

from typing import Literal, TypeAlias

import torch
from einops import rearrange, repeat
from torch import Tensor
from torch.nn import functional as F

ScaleOf: TypeAlias = Literal["joint", "body", "patch"]


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
    target: Tensor, *, scale_of: ScaleOf, patch_frames: int = 4, floor: float = 1e-3
) -> tuple[Tensor, Tensor]:
    """Mean over time of each joint, and the spread of courses about it; or those of each patch.

    Args:
        target: (B, T, V, C).
        scale_of: Whether each joint has its own spread, or all joints of a body the same, or each patch of
            some frames of a joint has its own mean, over coordinates too, and its own spread.
        patch_frames: Frames of a patch; they must divide T.
        floor: Smallest spread, in the unit of the target.

    Returns:
        Mean (B, 1, V, C) and spread (B, 1, V or 1, 1), in the unit of the target; (B, T, V, 1) of patches.

    Raises:
        ValueError: If the frames are no multiple of those of a patch.
    """
    if scale_of == "patch":
        return _course_of_patches(target, patch_frames, floor)
    mean = target.mean(1, keepdim=True)
    over = (1, 3) if scale_of == "joint" else (1, 2, 3)
    spread = (target - mean).square().mean(over, keepdim=True).sqrt()
    return mean, spread.clamp(min=floor)


def _course_of_patches(target: Tensor, patch_frames: int, floor: float) -> tuple[Tensor, Tensor]:
    if target.shape[1] % patch_frames:
        raise ValueError(
            f"the clip has {target.shape[1]} frames, not a multiple of target.patch_frames={patch_frames}"
        )
    patches = rearrange(target, "b (t k) v c -> b t v (k c)", k=patch_frames)
    var, mean = torch.var_mean(patches, -1, keepdim=True)
    spread = (var + floor**2).sqrt()
    mean, spread = (repeat(part, "b t v 1 -> b (t k) v 1", k=patch_frames) for part in (mean, spread))
    return mean, spread


def standardise(target: Tensor, *, scale_of: ScaleOf, patch_frames: int = 4) -> Tensor:
    """Remove each joint's mean over time, and divide by the spread of its course or of its body's.

    A joint's mean is what any visible frame of it tells and what most of a plain error is about; without it
    the error is about how the joint moves (compare the normalised patches of He et al. 2022, section 4.2, and
    Mao et al. 2023, section 3.3). Scaled by joint, a hand at rest counts as much as one that waves, though
    its course is the noise of the sensor; scaled by body, it counts as much as it moves. Patches are those of
    Mao et al.: some frames of a joint, with one mean and one unbiased variance over frames and coordinates.

    Args:
        target: (B, T, V, C).
        scale_of: Whose spread is divided by, and whose mean removed.
        patch_frames: Frames of a patch; they must divide T.

    Returns:
        (B, T, V, C), without unit.

    Example:
        >>> import torch
        >>> standardise(torch.tensor([1.0, 3.0]).view(1, 2, 1, 1), scale_of="joint").flatten()
        tensor([-1.,  1.])
    """
    mean, spread = course(target, scale_of=scale_of, patch_frames=patch_frames)
    return (target - mean) / spread
