"""Attention maps that all tuples of a body share, applied to their tokens."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from .tracing import is_transformed


def aggregate(attention: Tensor, x: Tensor) -> Tensor:
    """Sum the tokens of each tuple by the maps of their body, one for each head.

    Args:
        attention: (B, H, S, S); what slot k gets from slot q stands at (q, k).
        x: Tokens (B, T', S, C) of the tuples.

    Returns:
        (B, T', S, H C), the sums of all heads side by side.

    Example:
        >>> attention, x = torch.randn(2, 6, 3, 3), torch.randn(2, 5, 3, 4)
        >>> expected = torch.einsum("bhqk, btqc -> btkhc", attention, x)
        >>> torch.testing.assert_close(aggregate(attention, x), expected.flatten(3))
    """
    device, heads = x.device.type, attention.shape[1]
    maps = rearrange(attention, "b h q k -> b (k h) q")
    if torch.is_autocast_enabled(device):
        maps, x = (tensor.to(torch.get_autocast_dtype(device)) for tensor in (maps, x))
    plain = device != "cpu" or is_transformed()
    y: Tensor = maps[:, None] @ x if plain else _Products.apply(maps, x)
    return rearrange(y, "b t (k h) c -> b t k (h c)", h=heads)


class _Products(torch.autograd.Function):
    """`maps[:, None] @ x`, (B, H * S, S) by (B, T', S, C), without a copy of the maps for each tuple."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(maps, x)
        return _products(maps, x)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor]:
        maps, x = ctx.saved_tensors
        gradient = gradients[0]
        if torch.is_grad_enabled():  # a graph of the gradient is wanted, which `out=` cannot have
            return (gradient @ x.mT).sum(1), maps.mT[:, None] @ gradient
        # Summed over tuples in full precision.
        of_maps = torch.zeros_like(maps, dtype=torch.promote_types(maps.dtype, torch.float32))
        for number in range(x.shape[1]):
            of_maps += gradient[:, number] @ x[:, number].mT
        return of_maps.to(maps.dtype), _products(maps.mT, gradient)


def _products(maps: Tensor, x: Tensor) -> Tensor:
    bodies, tuples, _, channels = x.shape
    y = x.new_empty(bodies, tuples, maps.shape[1], channels)
    for number in range(tuples):
        torch.bmm(maps, x[:, number], out=y[:, number])
    return y
