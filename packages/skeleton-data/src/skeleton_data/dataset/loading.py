"""The order of clips in an epoch, and the DataLoader over a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler

from skeleton_data.dataset.dataset import ClipBatch, SkeletonDataset
from skeleton_data.transforms.draws import Draw, permutation


class EpochSampler(Sampler[tuple[int, int]]):
    """Yields each position once an epoch, as (epoch, position), in an order given by seed and epoch.

    An epoch is the same however often it is iterated, on every rank and after a resume. Call `set_epoch`
    before each epoch; a DataLoader prepared by Accelerate does so itself, counting from 0.

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


def loader(
    dataset: SkeletonDataset,
    batch_size: int,
    *,
    shuffle: bool,
    drop_last: bool = False,
    workers: int = 0,
    pin_memory: bool = False,
) -> DataLoader[ClipBatch]:
    """Make a DataLoader of `ClipBatch` that fetches a whole batch at once and shuffles by the dataset's seed.

    `loader.sampler.set_epoch(epoch)` chooses the epoch; see `EpochSampler`.

    Args:
        dataset: The clips.
        batch_size: Clips of a batch (of one process).
        shuffle: A new order each epoch.
        drop_last: Leave out the last batch if it is smaller.
        workers: Processes that read ahead; they do not change what is read.
        pin_memory: For faster copies to a GPU.

    Raises:
        ValueError: `drop_last` with fewer clips than a batch, which would leave nothing.
    """
    if drop_last and len(dataset) < batch_size:
        raise ValueError(f"drop_last leaves nothing of {len(dataset)} clips at batch_size {batch_size}")
    return DataLoader(
        dataset,
        batch_size,
        sampler=EpochSampler(len(dataset), seed=dataset.seed, shuffle=shuffle),
        drop_last=drop_last,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=pin_memory,
        collate_fn=_as_fetched,
        generator=torch.Generator(),  # for the workers, which draw nothing; the global one stays untouched
    )


def _as_fetched(batch: Any) -> Any:
    return batch
