"""Sinusoidal positions."""

import math

import torch
from torch import Tensor


def sinusoidal_positions(length: int, channels: int) -> Tensor:
    """Encode the positions `0 .. length - 1`, as in "Attention is all you need" (section 3.5).

    Args:
        length: Number of positions.
        channels: Channels of the code; even ones hold sines, odd ones cosines.

    Returns:
        Float tensor (length, channels).

    Example:
        >>> sinusoidal_positions(2, 4)
        tensor([[0.0000, 1.0000, 0.0000, 1.0000],
                [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    code = torch.empty(length, channels)
    if code.is_meta:  # It has no values, and torch would import its compiler to compute none.
        return code
    position = torch.arange(length).float()[:, None]
    frequency = torch.exp(torch.arange(0, channels, 2).float() * (-math.log(10000.0) / channels))
    code[:, 0::2] = torch.sin(position * frequency)
    code[:, 1::2] = torch.cos(position * frequency)[:, : channels // 2]
    return code
