"""What a clip shows: joints, bones, or the motion of either."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.transforms.sampling import Stream


def bone(joints: Tensor, parents: Sequence[int]) -> Tensor:
    """Return each joint minus its parent, zero for a root: (N, C, T, V, M) -> (N, C, T, V, M).

    Args:
        joints: (N, C, T, V, M).
        parents: V parents, -1 for a root.

    Example:
        >>> bone(torch.tensor([1.0, 4.0]).reshape(1, 1, 1, 2, 1), parents=(-1, 0)).flatten()
        tensor([0., 3.])
    """
    parent = [joint if above < 0 else above for joint, above in enumerate(parents)]
    return joints - joints[:, :, :, parent]


def motion(joints: Tensor) -> Tensor:
    """Return each frame's step to the next, zero in the last frame: (N, C, T, V, M) -> (N, C, T, V, M).

    Example:
        >>> motion(torch.tensor([1.0, 4.0]).reshape(1, 1, 2, 1, 1)).flatten()
        tensor([3., 0.])
    """
    steps = torch.zeros_like(joints)
    torch.sub(joints[:, :, 1:], joints[:, :, :-1], out=steps[:, :, :-1])
    return steps


def to_stream(joints: Tensor, stream: Stream, layout: SkeletonLayout, *, flat: bool = False) -> Tensor:
    """Return the stream of that name: (N, C, T, V, M) -> (N, C, T, V, M).

    Of joints in a picture, `flat`, the confidence (channel 2) stays as it is.

    Example:
        >>> from skeleton_data import layout
        >>> to_stream(torch.rand(1, 3, 20, 25, 2), "bone_motion", layout("ntu")).shape
        torch.Size([1, 3, 20, 25, 2])
    """
    if stream == "joint":
        return joints
    shown = bone(joints, layout.parents) if stream.startswith("bone") else joints
    shown = motion(shown) if stream.endswith("motion") else shown
    if flat:
        shown[:, 2] = joints[:, 2]
    return shown


def known_in_stream(present: Tensor, stream: Stream, layout: SkeletonLayout) -> Tensor:
    """Return where a stream is known of joints that are `present`: (N, T, V, M) bool, both ways.

    A bone needs its parent, and a step the next frame.

    Example:
        >>> from skeleton_data import layout
        >>> present = torch.tensor([True, False, True]).view(1, 3, 1, 1).expand(-1, -1, 25, -1)
        >>> known_in_stream(present, "motion", layout("ntu"))[0, :, 0, 0]
        tensor([False, False,  True])
    """
    if stream.startswith("bone"):
        parents = [joint if above < 0 else above for joint, above in enumerate(layout.parents)]
        present = present & present[:, :, parents]
    if stream.endswith("motion"):
        present = torch.cat([present[:, :-1] & present[:, 1:], present[:, -1:]], dim=1)
    return present
