"""Convolutions over the visible tokens of a grid: a neighbour that is masked contributes nothing."""

from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from .linear import linear, linear_backward
from .tracing import is_transformed


class Tap(NamedTuple):
    """The rows `here` whose neighbour at an offset of the kernel is visible, and its rows `there`.

    Behind the first `pairs` both are filled up to a number that suits `linear`.
    """

    pairs: int
    here: Tensor
    there: Tensor


def find_taps(row_at: Tensor, axis: int, kernel: int) -> list[Tap]:
    """Return the taps of a kernel along one axis of a grid.

    Args:
        row_at: (B, T', S), the row of each slot, -1 where masked.
        axis: 1 or 2.
        kernel: Width of the kernel, odd.

    Example:
        >>> [tap.there[: tap.pairs].tolist() for tap in find_taps(torch.tensor([[[0, 1, -1, 2]]]), 2, 3)]
        [[0], [0, 1, 2], [1]]
    """
    taps = []
    for offset in range(-(kernel // 2), kernel // 2 + 1):
        size = row_at.shape[axis]
        low, high = max(0, -offset), min(size, size - offset)
        here, there = (
            row_at.narrow(axis, start, high - low).flatten() if high > low else row_at.new_empty(0)
            for start in (low, low + offset)
        )
        both = ((here >= 0) & (there >= 0)).nonzero()[:, 0]
        filled = (0, -len(both) % 16)
        taps.append(Tap(len(both), F.pad(here[both], filled), F.pad(there[both], filled)))
    return taps


def visible_conv(x: Tensor, weight: Tensor, bias: Tensor, taps: list[Tap]) -> Tensor:
    """Convolve rows (P, C) with weight (O, C, W) over the neighbours that exist, to rows (P, O)."""
    device = x.device.type
    if torch.is_autocast_enabled(device):
        x, weight, bias = (tensor.to(torch.get_autocast_dtype(device)) for tensor in (x, weight, bias))
    if is_transformed():
        return _add_taps(x, _by_tap(weight), bias, taps)
    y: Tensor = _VisibleConv.apply(x, weight, bias, taps)
    return y


def _by_tap(weight: Tensor) -> Tensor:
    return rearrange(weight, "o c k -> k o c").contiguous()


def _add_taps(x: Tensor, weights: Tensor, bias: Tensor | None, taps: list[Tap]) -> Tensor:
    """Make one gather, one product, one addition a tap; the one in the middle is all rows."""
    centre = len(taps) // 2
    y = linear(x, weights[centre], bias)
    for number, (pairs, here, there) in enumerate(taps):
        if number != centre and pairs:
            y.index_add_(0, here[:pairs], linear(x[there], weights[number])[:pairs])
    return y


class _VisibleConv(torch.autograd.Function):
    """`_add_taps` with a backward that keeps nothing but the rows."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, taps: list[Tap]) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.taps = taps
        return _add_taps(x, _by_tap(weight), bias, taps)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor, None]:
        gradient = gradients[0]
        x, weight = ctx.saved_tensors
        weights = _by_tap(weight)
        centre = len(weights) // 2
        x_gradient, of_centre = linear_backward(x, weights[centre], gradient)
        of_weights = torch.zeros_like(weights)
        of_weights[centre] = of_centre
        for number, (pairs, here, there) in enumerate(ctx.taps):
            if number != centre and pairs:
                at_here = gradient[here]
                at_here[pairs:] = 0
                at_there, of_weights[number] = linear_backward(x[there], weights[number], at_here)
                x_gradient.index_add_(0, there[:pairs], at_there[:pairs])
        return x_gradient, rearrange(of_weights, "k o c -> o c k"), gradient.sum(0), None
