"""Where random numbers come from."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

NoiseSource: TypeAlias = torch.Generator | Callable[[tuple[int, ...]], Tensor]
"""What augmentations take as `generator`: a `torch.Generator`, or a function that returns uniform noise in
(0, 1) of a given shape, whose first axis counts clips, and other noise at each call.

With a generator, what happens to a clip depends on the batch it is in. A function can draw for each clip from
that clip's own seed, so that it does not depend on the batch, nor on the number of processes.
"""


def uniform(generator: NoiseSource, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Draw uniform noise in (0, 1), of the dtype and on the device of `like`.

    Raises:
        ValueError: If a function gives noise of another shape.
    """
    if isinstance(generator, torch.Generator):
        noise = torch.rand(shape, generator=generator, device=generator.device).clamp_min(2.0**-24)
    else:
        noise = generator(shape)
        if noise.shape != shape:
            raise ValueError(f"generator must give noise of shape {shape}, got {tuple(noise.shape)}")
    return noise.to(like)


def normal(generator: NoiseSource, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Draw standard normal noise, of the dtype and on the device of `like`."""
    noise: Tensor = torch.special.ndtri(uniform(generator, shape, like))
    return noise
