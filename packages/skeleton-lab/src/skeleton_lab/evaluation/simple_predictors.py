"""Predictors of hidden joints that learned nothing, and that a masked autoencoder has to beat.

Each sees the visible joints of a body alone. A joint that is never visible gets its position in `pose`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def mean_pose(bodies: Tensor, visible: Tensor, pose: Tensor) -> Tensor:
    """Predict each joint, in all frames, at the mean of its visible positions.

    Args:
        bodies: (B, T, V, C).
        visible: Boolean (B, T, V).
        pose: (V, C), in the unit of the bodies.

    Returns:
        (B, T, V, C).

    Example:
        >>> x = torch.tensor([1.0, 9.0, 3.0]).view(1, 3, 1, 1)
        >>> mean_pose(x, torch.tensor([True, False, True]).view(1, 3, 1), torch.zeros(1, 1)).flatten()
        tensor([2., 2., 2.])
    """
    weight = visible[..., None].to(bodies.dtype)
    count = weight.sum(1, keepdim=True)
    mean = torch.where(weight > 0, bodies, 0).sum(1, keepdim=True) / count.clamp(min=1)
    return torch.where(count > 0, mean, pose).expand_as(bodies)


def nearest_frame(bodies: Tensor, visible: Tensor, pose: Tensor) -> Tensor:
    """Predict each joint where it is visible nearest in time; of two frames as near, take the earlier.

    Example:
        >>> x = torch.tensor([1.0, 9.0, 9.0, 3.0]).view(1, 4, 1, 1)
        >>> seen = torch.tensor([True, False, False, True]).view(1, 4, 1)
        >>> nearest_frame(x, seen, torch.zeros(1, 1)).flatten()
        tensor([1., 1., 3., 3.])
    """
    before, after, frame = _around(visible)
    nearest = torch.where(frame - before <= after - frame, before, after)
    return _or_pose(_at(bodies, nearest), visible, pose)


def linear(bodies: Tensor, visible: Tensor, pose: Tensor) -> Tensor:
    """Interpolate each joint linearly between the frames in which it is visible.

    Before its first visible frame and after its last, the joint does not move.

    Example:
        >>> x = torch.tensor([1.0, 9.0, 9.0, 4.0, 9.0]).view(1, 5, 1, 1)
        >>> seen = torch.tensor([True, False, False, True, False]).view(1, 5, 1)
        >>> linear(x, seen, torch.zeros(1, 1)).flatten()
        tensor([1., 2., 3., 4., 4.])
    """
    before, after, frame = _around(visible)
    fraction = ((frame - before) / (after - before).clamp(min=1))[..., None].to(bodies.dtype)
    between = torch.lerp(_at(bodies, before), _at(bodies, after), fraction)
    return _or_pose(between, visible, pose)


def _around(visible: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the last visible frame up to each frame, the first from it on, (B, T, V), and the frame (T, 1).

    Where there is none on one side, the one on the other side stands for both.
    """
    frames = visible.shape[1]
    frame = torch.arange(frames, device=visible.device)[:, None]
    before = torch.where(visible, frame, -1).cummax(1).values
    after = torch.where(visible, frame, frames).flip(1).cummin(1).values.flip(1)
    before, after = (
        torch.where(before < 0, after, before),
        torch.where(after == frames, before, after),
    )
    return before.clamp(max=frames - 1), after.clamp(min=0), frame


def _at(bodies: Tensor, frame: Tensor) -> Tensor:
    return bodies.gather(1, frame[..., None].expand_as(bodies))


def _or_pose(joints: Tensor, visible: Tensor, pose: Tensor) -> Tensor:
    return torch.where(visible.any(1, keepdim=True)[..., None], joints, pose)
