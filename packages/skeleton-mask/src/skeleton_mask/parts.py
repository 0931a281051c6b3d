"""Masks of whole body parts."""

from collections.abc import Sequence

import torch
from einops import rearrange

from .counts import check_at_least_one, check_shape, masked_count
from .mask import Mask, lowest
from .noise import NoiseSource, clip_noise


def body_part(
    shape: Sequence[int],
    joint_ratio: float,
    *,
    parts: Sequence[Sequence[int]],
    tube_frames: int | None = None,
    generator: NoiseSource,
) -> Mask:
    """Hide body parts for the whole clip, so that no neighbour in the body or in time gives them away.

    With `tube_frames` other parts are hidden after so many frames (semantic tubes): what is hidden at one
    time may be seen at another.

    Parts are hidden in random order until the number of hidden joints is reached. As parts differ in size,
    the last one is hidden only as far as needed, in random order of its joints: the count stays exact and
    equal for every clip.

    Args:
        shape: Clips, frames and joints `(N, T, V)`.
        joint_ratio: Fraction of the joints that is hidden in all frames, `[0, 1)`, or a count (see
            `masked_count`).
        parts: Joint numbers of each part; together every joint exactly once.
        tube_frames: Frames in which the same parts stay hidden; all if None. The last tube is shorter when
            the frames do not divide.
        generator: A `torch.Generator`, or one seed for each clip, int64 `(N,)`; the mask is on its device.

    Returns:
        The mask.

    Raises:
        ValueError: If the ratio, the shape or `tube_frames` is out of range, or if parts leave out or repeat
            a joint.

    References:
        Do et al., "Less is More: Decoder-Free Masked Modeling" (2026), for semantic tubes.

    Example:
        >>> parts = [(0, 1), (2, 3), (4, 5)]
        >>> mask = body_part((1, 3, 6), 1 / 3, parts=parts, generator=torch.Generator().manual_seed(0))
        >>> mask.joints.tolist()
        [[True, True, True, True, False, False]]
        >>> seeds = torch.arange(1)
        >>> mask = body_part((1, 4, 6), 1 / 3, parts=parts, tube_frames=2, generator=seeds)
        >>> for joint in mask.visible[0].T.tolist():
        ...     print("".join("#" if seen else "-" for seen in joint))
        ####
        ####
        --##
        --##
        ##--
        ##--
    """
    clips, frames, joints = check_shape(shape)
    check_parts(parts, joints)
    hidden = masked_count(joint_ratio, joints, field="joint_ratio")
    tube_frames = frames if tube_frames is None else tube_frames
    check_at_least_one(tube_frames, "tube_frames")
    tubes = (frames - 1) // tube_frames + 1
    noise = clip_noise((clips, tubes * (len(parts) + joints)), generator)
    noise = rearrange(noise, "n (s k) -> n s k", s=tubes)
    owner = {joint: number for number, part in enumerate(parts) for joint in part}
    rank = noise[:, :, : len(parts)].argsort(dim=2).argsort(dim=2)
    # Column by column, because an index tensor made here would have to be copied to the device.
    ranks = torch.stack([rank[:, :, owner[joint]] for joint in range(joints)], dim=2)
    # Ranks two apart and noise below one: parts in order, within a part joints in order, whatever is rounded.
    kept = ~lowest(2 * ranks + noise[:, :, len(parts) :], hidden)
    if tubes == 1:
        return Mask(kept.expand(-1, frames, -1), frames * (joints - hidden))
    which = torch.arange(frames, device=kept.device) // tube_frames
    return Mask(kept.index_select(1, which), frames * (joints - hidden))


def check_parts(parts: Sequence[Sequence[int]], joints: int) -> None:
    """Raise a `ValueError` naming the joints that `parts` leaves out, repeats or does not know."""
    named = [joint for part in parts for joint in part]
    problems = {
        "left out": sorted(set(range(joints)) - set(named)),
        # Not by list.count, which torch.compile does not know before 2.5.
        "repeated": sorted({joint for place, joint in enumerate(named) if joint in named[:place]}),
        "unknown": sorted(set(named) - set(range(joints))),
        "empty parts": [number for number, part in enumerate(parts) if not part],
    }
    if any(problems.values()):
        found = ", ".join(f"{problem} {which}" for problem, which in problems.items() if which)
        raise ValueError(f"parts must hold each of {joints} joints exactly once, got {found}")
