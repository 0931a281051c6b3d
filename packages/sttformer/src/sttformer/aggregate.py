"""Attention maps that all tuples of a body share, applied to their tokens."""

from typing import Any

import torch
from torch import Tensor


def aggregate(attention: Tensor, x: Tensor) -> Tensor:
    """Multiply the tokens of each tuple by the map of their body.

    Args:
        attention: (B, R, S).
        x: Tokens (B, T', S, C) of the tuples.

    Returns:
        (B, T', R, C), of each tuple the product of the body's map and its tokens.

    Example:
        >>> attention, x = torch.randn(2, 6, 3), torch.randn(2, 5, 3, 4)
        >>> torch.testing.assert_close(aggregate(attention, x), attention[:, None] @ x)
    """
    device = x.device.type
    if torch.is_autocast_enabled(device):
        attention, x = (tensor.to(torch.get_autocast_dtype(device)) for tensor in (attention, x))
    if torch.compiler.is_compiling():
        return attention[:, None] @ x
    y: Tensor = _Aggregate.apply(attention, x)
    return y


class _Aggregate(torch.autograd.Function):
    """Tuple by tuple: `attention[:, None] @ x` would copy the map for each of them, and keep the copies."""

    @staticmethod
    def forward(ctx: Any, attention: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(attention, x)
        return _product(attention, x)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor]:
        attention, x = ctx.saved_tensors
        gradient = gradients[0]
        # Summed over tuples in full precision.
        dtype = torch.promote_types(x.dtype, torch.float32)
        attention_gradient = torch.zeros_like(attention, dtype=dtype)
        for number in range(x.shape[1]):
            attention_gradient += gradient[:, number] @ x[:, number].mT
        return attention_gradient.to(attention.dtype), _product(attention.mT, gradient)


def _product(attention: Tensor, x: Tensor) -> Tensor:
    bodies, tuples, _, channels = x.shape
    y = x.new_empty(bodies, tuples, attention.shape[1], channels)
    for number in range(tuples):
        torch.bmm(attention, x[:, number], out=y[:, number])
    return y
