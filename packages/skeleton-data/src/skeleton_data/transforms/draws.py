"""Random numbers as a function of (seed, epoch, clip, draw): no state, so workers and ranks do not matter.

The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
2014) used as a hash of its keys. It is a few integer operations, written here rather than taken from a
library, so that the numbers are the same on every machine and for every version of every library.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GAMMA, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_ALL = 2**64 - 1


class Draw(IntEnum):
    """What a random number is for: each use has its own stream, so that one more use changes no other.

    The values are part of every published result: add new ones at the end, never renumber.
    """

    ORDER = 1
    VALIDATION = 2
    LABELS = 3
    CROP_LENGTH = 4
    CROP_START = 5
    ROTATION_X = 6
    ROTATION_Y = 7
    ROTATION_Z = 8
    TEMPORAL_PADDING = 9
    AXIS_ROTATION = 10
    SCALE = 11
    SHEAR = 12
    FLIP = 13
    SWAP = 14
    NOISE = 15
    NOISE_CHANCE = 16
    BLUR = 17
    BLUR_SIGMA = 18
    AXIS_DROP = 19
    FRAME_DROPOUT = 20
    JOINT_DROPOUT = 21
    AUGMENT = 22
    FOLDS = 23


def hashed(*keys: ArrayLike) -> NDArray[np.uint64]:
    """Hash integer keys, which broadcast against each other, to 64 random bits each.

    For equal leading keys, different last keys never collide.

    Args:
        keys: Integers or integer arrays, each in the range of int64.

    Example:
        >>> [f"{bits:016x}" for bits in hashed(0, [1, 2])]
        ['08b4fda8c892b50e', 'd7cc9674ff5ffa39']
    """
    state: int | NDArray[np.uint64] = 0
    for key in keys:
        if isinstance(state, int) and isinstance(key, int):
            state = _splitmix64_of_one(state ^ (key & _ALL))
        else:
            bits = np.atleast_1d(np.asarray(key, dtype=np.int64)).view(np.uint64)
            state = _splitmix64(bits ^ np.uint64(state) if isinstance(state, int) else state ^ bits)
    return np.array([state], dtype=np.uint64) if isinstance(state, int) else state


def uniform(seed: int, epoch: ArrayLike, clip: ArrayLike, draws: ArrayLike) -> NDArray[np.float64]:
    """Return uniform numbers in [0, 1): one row a clip, one column a draw.

    Args:
        seed: Seed of the run.
        epoch: (N,) epoch of each clip.
        clip: (N,) number of each clip.
        draws: (draws,) streams to draw from, see `Draw`.

    Returns:
        (N, draws) float64, multiples of 2^-53.

    Example:
        >>> uniform(0, [0, 0], [7, 8], [Draw.CROP_LENGTH, Draw.CROP_START]).shape
        (2, 2)
    """
    clips = hashed(seed, epoch, clip)
    bits = _splitmix64(clips[:, None] ^ np.asarray(draws, dtype=np.uint64))
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def uniforms(seed: int, epoch: ArrayLike, clip: ArrayLike, draw: Draw, count: int) -> NDArray[np.float64]:
    """Return several uniform numbers in [0, 1) for one purpose: one row a clip.

    Args:
        seed: Seed of the run.
        epoch: (N,) epoch of each clip, or one for all.
        clip: (N,) number of each clip.
        draw: What they are for.
        count: How many for each clip; more of them begin with the same.

    Returns:
        (N, count) float64, multiples of 2^-53.

    Example:
        >>> uniforms(0, 0, [7, 8], Draw.SHEAR, 6).shape
        (2, 6)
    """
    return (_rows(seed, epoch, clip, draw, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normals(seed: int, epoch: ArrayLike, clip: ArrayLike, draw: Draw, count: int) -> NDArray[np.float32]:
    """Return standard normal numbers, by the transform of Box and Muller (1958): one row a clip.

    Args:
        seed: Seed of the run.
        epoch: (N,) epoch of each clip, or one for all.
        clip: (N,) number of each clip.
        draw: What they are for.
        count: How many for each clip.

    Returns:
        (N, count) float32.

    Example:
        >>> normals(0, 0, [7, 8], Draw.NOISE, 1500).shape
        (2, 1500)
    """
    bits = _rows(seed, epoch, clip, draw, (count + 1) // 2)
    radius = (bits >> np.uint64(32)).astype(np.float32)
    radius = np.sqrt(-2 * np.log((radius + np.float32(1)) * np.float32(2.0**-32)).clip(max=0))
    angle = (bits & np.uint64(2**32 - 1)).astype(np.float32) * np.float32(2 * np.pi * 2.0**-32)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)[:, :count]


def permutation(count: int, *keys: int) -> NDArray[np.int64]:
    """Return a random order of `range(count)` that depends only on `keys`.

    Example:
        >>> permutation(5, 0, Draw.ORDER, 3)
        array([2, 4, 0, 3, 1])
    """
    return np.argsort(hashed(*keys, np.arange(count)))


def _rows(seed: int, epoch: ArrayLike, clip: ArrayLike, draw: Draw, count: int) -> NDArray[np.uint64]:
    """Return 64 random bits for each clip and number, (N, count)."""
    clips = hashed(seed, epoch, clip, int(draw))
    return _splitmix64(clips[:, None] ^ np.arange(count, dtype=np.uint64))


def _splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the next output of SplitMix64 from each state; one-to-one."""
    bits = state + np.uint64(_GAMMA)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(_FIRST)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(_SECOND)
    bits ^= bits >> np.uint64(31)
    return bits


def _splitmix64_of_one(state: int) -> int:
    """Return the same for one state, without the cost of an array."""
    bits = (state + _GAMMA) & _ALL
    bits = ((bits ^ (bits >> 30)) * _FIRST) & _ALL
    bits = ((bits ^ (bits >> 27)) * _SECOND) & _ALL
    return bits ^ (bits >> 31)
