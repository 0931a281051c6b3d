"""Joints that were not measured: nothing may depend on what stands in their place."""

import torch
from einops import rearrange
from torch import Tensor


def measured_bodies(bodies: Tensor, body_index: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Leave out the bodies of which no joint was measured; if that holds for all of them, none.

    Args:
        bodies: (B, T, V, C).
        body_index: Index (B,) of each body among all (N M).
        present: Boolean (N, T, V, M), true where a joint was measured.

    Returns:
        Bodies, their index, and where their joints were measured (B', T, V).
    """
    there = rearrange(present, "n t v m -> (n m) t v")[body_index]
    some = there.flatten(1).any(1)
    if some.all() or not some.any():
        return bodies, body_index, there
    return bodies[some], body_index[some], there[some]


def hold_nearest(bodies: Tensor, present: Tensor) -> Tensor:
    """Put missing joints where they are in the nearest frame in which they are there, the earlier of two.

    A joint that is never there is put in the middle of those that are.

    Args:
        bodies: (B, T, V, C).
        present: Boolean (B, T, V), true where a joint was measured.

    Returns:
        (B, T, V, C), which does not depend on the missing joints of `bodies`, nor does its gradient.

    Example:
        >>> body = torch.tensor([1.0, 7.0, 7.0, 4.0]).view(1, 4, 1, 1)
        >>> there = torch.tensor([True, False, False, True]).view(1, 4, 1)
        >>> hold_nearest(body, there).flatten()
        tensor([1., 1., 4., 4.])
    """
    frames = bodies.shape[1]
    time = torch.arange(frames, device=bodies.device)[:, None]
    before = torch.where(present, time, -frames).cummax(1).values
    after = torch.where(present, time, 2 * frames).flip(1).cummin(1).values.flip(1)
    nearest = torch.where(time - before <= after - time, before, after).clamp(0, frames - 1)
    measured = bodies.masked_fill(~present[..., None], 0)
    count = present.sum((1, 2)).clamp(min=1).to(bodies.dtype)
    middle = measured.sum((1, 2), keepdim=True) / count[:, None, None, None]
    held = measured.take_along_dim(nearest[..., None], 1)
    return torch.where(present.any(1, keepdim=True)[..., None], held, middle)
