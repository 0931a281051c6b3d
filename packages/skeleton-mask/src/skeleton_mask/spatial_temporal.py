"""The masking of the SkeletonMAE paper: whole frames first, then joints of the frames that remain."""

from collections.abc import Sequence
from typing import Literal

from einops import rearrange

from .counts import check_shape, masked_count
from .mask import Mask, lowest
from .noise import NoiseSource, clip_noise


def spatial_temporal(
    shape: Sequence[int],
    frame_ratio: float,
    joint_ratio: float,
    *,
    joints: Literal["random", "fixed"] = "random",
    generator: NoiseSource,
) -> Mask:
    """Hide whole frames, then joints of the frames that remain.

    Frames are drawn without replacement, and so are joints: independently in every remaining frame
    (`"random"`), or once for the clip (`"fixed"`). With `F` visible frames and `J` visible joints each clip
    has `F * J` visible tokens.

    Args:
        shape: Clips, frames and joints `(N, T, V)`.
        frame_ratio: Fraction of the frames that is hidden, `[0, 1)`, or a count; see `masked_count`.
        joint_ratio: Fraction of the joints that is hidden in each remaining frame, `[0, 1)`.
        joints: Other joints in every frame, or the same in all.
        generator: A `torch.Generator`, or one seed for each clip, int64 `(N,)`; the mask is on its device.

    Returns:
        The mask.

    Raises:
        ValueError: If a ratio or the shape is out of range.

    References:
        Wu et al., "SkeletonMAE: Spatial-Temporal Masked Autoencoders for Self-supervised Skeleton Action
        Recognition" (2022).

    Example:
        >>> import torch
        >>> mask = spatial_temporal((8, 20, 25), 0.4, 0.5, generator=torch.Generator().manual_seed(0))
        >>> mask.frames.sum(dim=1).unique().item(), mask.visible_per_clip
        (12, 144)
    """
    clips, frames, width = check_shape(shape)
    hidden_frames = masked_count(frame_ratio, frames, field="frame_ratio")
    hidden_joints = masked_count(joint_ratio, width, field="joint_ratio")
    rows = frames if joints == "random" else 1
    noise = clip_noise((clips, frames + rows * width), generator)
    kept_frames = ~lowest(noise[:, :frames], hidden_frames)
    kept_joints = ~lowest(rearrange(noise[:, frames:], "n (t v) -> n t v", t=rows), hidden_joints)
    return Mask(kept_frames[:, :, None] & kept_joints, (frames - hidden_frames) * (width - hidden_joints))


def joint_only(
    shape: Sequence[int],
    joint_ratio: float,
    *,
    joints: Literal["random", "fixed"] = "random",
    generator: NoiseSource,
) -> Mask:
    """Hide joints and no whole frame: `spatial_temporal` with a frame ratio of zero.

    Example:
        >>> import torch
        >>> mask = joint_only((2, 4, 10), 0.3, generator=torch.Generator().manual_seed(0))
        >>> mask.visible.sum(dim=2).tolist()
        [[7, 7, 7, 7], [7, 7, 7, 7]]
    """
    return spatial_temporal(shape, 0.0, joint_ratio, joints=joints, generator=generator)


def frame_only(shape: Sequence[int], frame_ratio: float, *, generator: NoiseSource) -> Mask:
    """Hide whole frames and no joint of the others: `spatial_temporal` with a joint ratio of zero.

    Example:
        >>> import torch
        >>> mask = frame_only((2, 4, 10), 0.5, generator=torch.Generator().manual_seed(0))
        >>> mask.visible.sum(dim=2).sort().values.tolist()
        [[0, 0, 10, 10], [0, 0, 10, 10]]
    """
    return spatial_temporal(shape, frame_ratio, 0.0, generator=generator)
