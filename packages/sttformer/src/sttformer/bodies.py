"""Bodies that are absent."""

import torch
from torch import Tensor


def distinct_bodies(bodies: Tensor) -> tuple[Tensor, Tensor, int]:
    """Keep one of the absent (all zero) bodies, behind all that are present.

    Args:
        bodies: (B, T, V, C).

    Returns:
        Distinct bodies (B', T, V, C), the index (B,) of each given body among them, and the number of absent
        bodies, for which the last one stands.

    Example:
        >>> _, index, absent = distinct_bodies(torch.tensor([0.0, 5.0, 0.0]).view(3, 1, 1, 1))
        >>> index, absent
        (tensor([1, 0, 1]), 2)
    """
    present = (bodies != 0).flatten(1).any(1)
    kept = present.nonzero()[:, 0]
    if len(kept) == len(bodies):
        return bodies, torch.arange(len(bodies), device=bodies.device), 0
    index = torch.where(present, present.cumsum(0) - 1, len(kept))
    return torch.cat([bodies[kept], torch.zeros_like(bodies[:1])]), index, len(bodies) - len(kept)
