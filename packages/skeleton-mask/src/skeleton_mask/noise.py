"""Random numbers for masks: from a generator, or from one seed for each clip."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

NoiseSource: TypeAlias = torch.Generator | Tensor
"""What every sampler takes as `generator`: a `torch.Generator`, or an int64 tensor `(N,)` with one seed for
each clip.

With a generator, a clip's mask depends on the clips that were drawn before it. With seeds it depends on the
clip's own seed alone: not on the batch it is in, the process that loads it, or the device. Samplers draw on
the device of their source, and only seeds can be traced by `torch.compile(fullgraph=True)`.
"""


def clip_seeds(seed: int, epoch: int, clips: Tensor) -> Tensor:
    """Mix `(seed, epoch, clip)` into one seed for each clip.

    Args:
        seed: Seed of the run.
        epoch: Number of the epoch, so that a clip gets another mask every time it is seen.
        clips: Positions of the clips in their data set, integers `(N,)`.

    Returns:
        int64 `(N,)` on the device of `clips`.

    Example:
        >>> first = clip_seeds(0, 3, torch.tensor([7, 8, 9]))
        >>> second = clip_seeds(0, 3, torch.tensor([9, 1]))
        >>> bool(first[2] == second[0])
        True
    """
    mixed = _mix(torch.full_like(clips, seed, dtype=torch.int64))
    mixed = _mix(mixed ^ epoch)
    return _mix(mixed ^ clips)


def clip_noise(shape: Sequence[int], generator: NoiseSource) -> Tensor:
    """Draw uniform noise in the open interval (0, 1).

    Args:
        shape: Shape of the noise; the first axis counts clips.
        generator: A generator, or one seed for each clip `(N,)`.

    Returns:
        float32 of the given shape, on the device of `generator`.

    Raises:
        ValueError: If there is not exactly one int64 seed for each clip.

    Example:
        >>> seeds = torch.tensor([11, 12])
        >>> both = clip_noise((2, 4), seeds)
        >>> bool((clip_noise((1, 4), seeds[1:])[0] == both[1]).all())
        True
    """
    if isinstance(generator, Tensor):
        bits = _counter_bits(tuple(shape), generator)
    else:
        bits = torch.randint(1 << 23, tuple(shape), generator=generator, device=generator.device)
    # 23 bits and a half fill a float32 exactly: never 0 or 1, and the same on every device.
    return (bits.to(torch.float32) + 0.5) * 2.0**-23


def _counter_bits(shape: tuple[int, ...], seeds: Tensor) -> Tensor:
    if seeds.dtype != torch.int64 or seeds.shape != shape[:1]:
        raise ValueError(
            f"generator must hold one int64 seed for each of {shape[0]} clips, "
            f"got {str(seeds.dtype).removeprefix('torch.')} of shape {tuple(seeds.shape)}"
        )
    counter = torch.arange(math.prod(shape[1:]), device=seeds.device)
    # The counter is not multiplied by a large constant, as is usual: compiled to C++, the overflow of such a
    # loop variable is taken as proof that the loop is short.
    words = _mix(_mix(seeds)[:, None] ^ counter)
    return _shift(words, 41).reshape(shape)


def _mix(words: Tensor) -> Tensor:
    """Finalise as splitmix64 does (Steele, Lea and Flood, 2014); int64 products wrap around, as it needs."""
    words = words + _as_int64(0x9E3779B97F4A7C15)
    words = (words ^ _shift(words, 30)) * _as_int64(0xBF58476D1CE4E5B9)
    words = (words ^ _shift(words, 27)) * _as_int64(0x94D049BB133111EB)
    return words ^ _shift(words, 31)


def _shift(words: Tensor, bits: int) -> Tensor:
    """Shift right without copying the sign bit."""
    return (words >> bits) & ((1 << (64 - bits)) - 1)


def _as_int64(word: int) -> int:
    return word - (1 << 64) if word >= 1 << 63 else word
