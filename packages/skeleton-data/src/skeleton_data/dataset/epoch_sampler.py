"""The order of clips in an epoch, as a function of seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from skeleton_data.transforms.draws import Draw, permutation


class EpochSampler(Sampler[tuple[int, int]]):
    """Yields each position once an epoch, as (epoch, position), in an order given by seed and epoch.

    An epoch is the same however often it is iterated, on every rank and after a resume. Call `set_epoch`
    before each epoch, as of `torch.utils.data.DistributedSampler`; a DataLoader prepared by Accelerate does
    so itself, counting from 0.

    Args:
        count: Number of positions.
        seed: Of the order.
        shuffle: A new random order each epoch; else 0, 1, 2, ...

    Example:
        >>> sampler = EpochSampler(3, seed=0, shuffle=False)
        >>> sampler.set_epoch(7)
        >>> list(sampler)
        [(7, 0), (7, 1), (7, 2)]
    """

    def __init__(self, count: int, *, seed: int, shuffle: bool) -> None:
        self.count, self.seed, self.shuffle = count, seed, shuffle
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration yields."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return keys of an epoch."""
        return self.count

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Return the keys of the epoch chosen last."""
        epoch, order = self.epoch, np.arange(self.count)
        if self.shuffle:
            order = permutation(self.count, self.seed, Draw.ORDER, epoch)
        return ((epoch, int(position)) for position in order)
