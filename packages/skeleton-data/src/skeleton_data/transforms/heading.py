"""Which way a clip faces."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from skeleton_data.layouts.layout import Pair
from skeleton_data.transforms.origin import first_frame

_SHORT = 1e-6  # metres: a horizontal shoulder and hip line below this has no direction


def heading_matrix(joints: Tensor, shoulders: Pair, hips: Pair) -> Tensor:
    """Return the turn about the vertical (y) axis after which body 0 faces +z.

    The line from right to left, summed over shoulders and hips, in the first frame in which body 0 is there
    is turned to +x in the horizontal plane; with y up, the body then faces +z. Without such a line the turn
    is none.

    Args:
        joints: (N, C=3, T, V, M).
        shoulders: (left, right) joints.
        hips: (left, right) joints.

    Returns:
        (N, 3, 3) for `rotate`.

    Example:
        >>> facing_x = torch.tensor([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])  # left and right joint
        >>> clip = rearrange(facing_x, "v c -> 1 c 1 v 1")
        >>> (heading_matrix(clip, shoulders=(0, 1), hips=(0, 1)) @ facing_x[0])[0]
        tensor([1., 0., 0.])
    """
    _, pose = first_frame(joints)
    line = pose[:, :, shoulders[0]] - pose[:, :, shoulders[1]] + pose[:, :, hips[0]] - pose[:, :, hips[1]]
    length = torch.hypot(line[:, 0], line[:, 2])
    known = length > _SHORT
    length = torch.where(known, length, 1)
    cos = torch.where(known, line[:, 0] / length, 1)
    sin = torch.where(known, line[:, 2] / length, 0)
    zero, one = torch.zeros_like(cos), torch.ones_like(cos)
    rows = [cos, zero, sin, zero, one, zero, -sin, zero, cos]
    return rearrange(torch.stack(rows, dim=-1), "n (i j) -> n i j", i=3)
