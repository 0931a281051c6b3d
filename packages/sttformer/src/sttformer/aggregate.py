"""Attention maps that all tuples of a body share, applied to their tokens."""

from itertools import product
from typing import Any

import torch
from torch import Tensor


def aggregate(attention: Tensor, x: Tensor) -> Tensor:
    """Sum the tokens of each tuple by the maps of their body, one for each head.

    Args:
        attention: (B, H, S, S); what slot v gets from slot u stands at (u, v).
        x: Tokens (B, T', S, C) of the tuples.

    Returns:
        (B, T', S, H, C).

    Example:
        >>> attention, x = torch.randn(2, 6, 3, 3), torch.randn(2, 5, 3, 4)
        >>> torch.testing.assert_close(aggregate(attention, x), _einsum(attention, x))
    """
    device = x.device.type
    if torch.is_autocast_enabled(device):
        attention, x = (tensor.to(torch.get_autocast_dtype(device)) for tensor in (attention, x))
    if device != "cpu" or torch.compiler.is_compiling():
        return _einsum(attention, x)
    y: Tensor = _Aggregate.apply(attention, x)
    return y


def _einsum(attention: Tensor, x: Tensor) -> Tensor:
    return torch.einsum("bhuv, btuc -> btvhc", attention, x)


class _Aggregate(torch.autograd.Function):
    """`_einsum` in one product a tuple and head, whose results lie where the convolution wants them."""

    @staticmethod
    def forward(ctx: Any, attention: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(attention, x)
        y = x.new_empty(*x.shape[:3], attention.shape[1], x.shape[3])
        for number, head in product(range(x.shape[1]), range(attention.shape[1])):
            torch.bmm(attention[:, head].mT, x[:, number], out=y[:, number, :, head])
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor]:
        attention, x = ctx.saved_tensors
        gradient = gradients[0]
        # Sums over tuples and over heads, in full precision.
        dtype = torch.promote_types(x.dtype, torch.float32)
        attention_gradient = torch.zeros_like(attention, dtype=dtype)
        x_gradient = torch.zeros_like(x, dtype=dtype)
        for number, head in product(range(x.shape[1]), range(attention.shape[1])):
            of_output = gradient[:, number, :, head]
            attention_gradient[:, head] += x[:, number] @ of_output.mT
            x_gradient[:, number] += attention[:, head] @ of_output
        return attention_gradient.to(attention.dtype), x_gradient.to(x.dtype)
