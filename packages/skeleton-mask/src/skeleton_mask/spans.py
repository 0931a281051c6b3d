"""Masks that last: runs of whole frames, and joints that stay hidden for some frames."""

from collections.abc import Sequence

import torch

from .counts import check_at_least_one, check_shape, masked_count
from .mask import Mask, lowest
from .noise import NoiseSource, clip_noise


def temporal_blocks(
    shape: Sequence[int], frame_ratio: float, *, block_frames: int, generator: NoiseSource
) -> Mask:
    """Hide whole frames in runs, so that a neighbour in time seldom gives them away.

    Time is cut into blocks of `block_frames` frames, at a random frame of every clip. Blocks are hidden in
    random order until the number of hidden frames is reached; the last one is hidden from its beginning, as
    far as needed.

    Args:
        shape: Clips, frames and joints `(N, T, V)`.
        frame_ratio: Fraction of the frames that is hidden, `[0, 1)`, or a count; see `masked_count`.
        block_frames: Frames in a block, at least 1 (which is `frame_only`).
        generator: A `torch.Generator`, or one seed for each clip, int64 `(N,)`; the mask is on its device.

    Returns:
        The mask.

    Raises:
        ValueError: If the ratio, the shape or `block_frames` is out of range.

    Example:
        >>> from skeleton_mask import clip_seeds
        >>> seeds = clip_seeds(0, 0, torch.arange(1))
        >>> mask = temporal_blocks((1, 12, 2), 0.5, block_frames=3, generator=seeds)
        >>> "".join("#" if seen else "-" for seen in mask.frames[0].tolist())
        '##------####'
    """
    clips, frames, joints = check_shape(shape)
    check_at_least_one(block_frames, "block_frames")
    hidden = masked_count(frame_ratio, frames, field="frame_ratio")
    blocks = (frames - 1) // block_frames + 2
    noise = clip_noise((clips, 1 + blocks), generator)
    cut = (noise[:, :1] * block_frames).to(torch.int64).clamp_max(block_frames - 1)
    rank = noise[:, 1:].argsort(dim=1).argsort(dim=1)
    shifted = torch.arange(frames, device=noise.device) + cut
    turn = rank.gather(1, shifted // block_frames) * block_frames + shifted % block_frames
    kept = ~lowest(turn, hidden)
    return Mask(kept[:, :, None].expand(-1, -1, joints), (frames - hidden) * joints)


def tube(shape: Sequence[int], joint_ratio: float, *, tube_frames: int, generator: NoiseSource) -> Mask:
    """Hide the same joints for `tube_frames` frames, then others.

    One frame gives `joint_only` with random joints, all frames give it with fixed joints. The last tube is
    shorter when the frames do not divide.

    Args:
        shape: Clips, frames and joints `(N, T, V)`.
        joint_ratio: Fraction of the joints that is hidden in each frame, `[0, 1)`, or a count (see
            `masked_count`).
        tube_frames: Frames in a tube, at least 1.
        generator: A `torch.Generator`, or one seed for each clip, int64 `(N,)`; the mask is on its device.

    Returns:
        The mask.

    Raises:
        ValueError: If the ratio, the shape or `tube_frames` is out of range.

    References:
        Tong et al., "VideoMAE" (2022), section 3.3, where one tube lasts the whole clip.

    Example:
        >>> from skeleton_mask import clip_seeds
        >>> mask = tube((1, 6, 4), 0.5, tube_frames=3, generator=clip_seeds(0, 0, torch.arange(1)))
        >>> for joint in mask.visible[0].T.tolist():
        ...     print("".join("#" if seen else "-" for seen in joint))
        ------
        ######
        ---###
        ###---
    """
    clips, frames, joints = check_shape(shape)
    check_at_least_one(tube_frames, "tube_frames")
    hidden = masked_count(joint_ratio, joints, field="joint_ratio")
    tubes = (frames - 1) // tube_frames + 1
    kept = ~lowest(clip_noise((clips, tubes, joints), generator), hidden)
    which = torch.arange(frames, device=kept.device) // tube_frames
    return Mask(kept.index_select(1, which), frames * (joints - hidden))
