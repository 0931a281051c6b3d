"""Which clips a process reads, step by step.

The batch of a step is a function of `(seed, step)` for all processes together, and each takes its share of
it: of two, every second clip. Accelerate's own division is not used, because it completes an uneven last
batch with clips that were there before, so that what is trained on would depend on the number of processes.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import send_to_device
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Sampler

from skeleton_data import (
    ClipBatch,
    ClipSampling,
    ClipSet,
    EpochSampler,
    SkeletonDataset,
    SkeletonLayout,
    balanced_keys,
)
from skeleton_lab.data.clips import Clips
from skeleton_lab.training.plan import Plan

Key = tuple[int, int]
"""(epoch, position in the dataset)."""


class StepBatches(Sampler[list[Key]]):
    """Keys of one process's share of the batches of steps `start`, `start + 1`, ...

    Example:
        >>> plan = Plan(steps=4, steps_per_epoch=2, batch_size=3, eval_every=2)
        >>> both = [list(StepBatches(7, plan, seed=0, process=p, processes=2)) for p in (0, 1)]
        >>> [len(batch) for batch in both[0]], [len(batch) for batch in both[1]]
        ([2, 2, 2, 2], [1, 1, 1, 1])
    """

    def __init__(
        self,
        clips: int,
        plan: Plan,
        *,
        seed: int,
        start: int = 0,
        process: int = 0,
        processes: int = 1,
        labels: NDArray[np.integer] | None = None,
    ) -> None:
        self.clips, self.plan, self.seed, self.start = clips, plan, seed, start
        self.process, self.processes, self.labels = process, processes, labels

    def __len__(self) -> int:
        """Return the number of steps that are left."""
        return self.plan.steps - self.start

    def __iter__(self) -> Iterator[list[Key]]:
        """Yield the keys of each step's clips."""
        order = EpochSampler(self.clips, seed=self.seed, shuffle=True)
        keys: list[Key] = []
        for step in range(self.start, self.plan.steps):
            epoch, place = divmod(step, self.plan.steps_per_epoch)
            if not keys or place == 0:
                order.set_epoch(epoch)
                keys = list(order) if self.labels is None else balanced_keys(self.labels, self.seed, epoch)
            batch = keys[place * self.plan.batch_size :][: self.plan.batch_size]
            yield batch[self.process :: self.processes]


def mixed_batches(labelled: int, clips: int, plan: Plan, **place: Any) -> Iterable[list[Key]]:
    """Yield the keys of each step: of labelled clips, and of others, which take turns apart from them.

    Args:
        labelled: The first of the clips, which have labels.
        clips: All clips.
        plan: Says how many of a step have none.
        place: Seed, start, process and processes, as of `StepBatches`.

    Example:
        >>> plan = Plan(steps=2, steps_per_epoch=1, batch_size=4, eval_every=1, unlabelled=2)
        >>> [[position for _, position in keys] for keys in mixed_batches(2, 6, plan, seed=0)]
        [[1, 0, 3, 5], [1, 0, 4, 2]]
    """
    turns = [
        StepBatches(there, replace(plan, batch_size=size, steps_per_epoch=there // size), **place)
        for there, size in (
            (labelled, plan.batch_size - plan.unlabelled),
            (clips - labelled, plan.unlabelled),
        )
    ]
    for with_labels, without in zip(*turns, strict=True):
        yield with_labels + [(epoch, labelled + position) for epoch, position in without]


def evaluation_batches(clips: int, batch_size: int, process: Accelerator | PartialState) -> list[list[int]]:
    """Positions of the clips that a process looks at, in batches of at most about `batch_size` over all.

    Example:
        >>> from types import SimpleNamespace
        >>> [evaluation_batches(11, 4, SimpleNamespace(process_index=p, num_processes=2)) for p in (0, 1)]
        [[[0, 2], [4, 6], [8, 10]], [[1, 3], [5, 7], [9]]]
    """
    share = np.arange(process.process_index, clips, process.num_processes)
    size = max(2, batch_size // process.num_processes)
    batches = np.array_split(share, math.ceil(clips / (size * process.num_processes)))
    return [batch.tolist() for batch in batches if len(batch)]


@dataclass(frozen=True)
class Loaders:
    """Makes what a run iterates over: batches of clips, on the device.

    Attributes:
        accelerator: Says which process this is, of how many, and the device.
        sampling: How clips are cut to length.
        bodies: Bodies of a clip, M.
        seed: Seed of order and augmentation.
        workers: Processes that read ahead.
        balanced: Whether training batches have about as many clips of each class.
        layout: Common skeleton of stores whose layouts differ.
    """

    accelerator: Accelerator
    sampling: ClipSampling
    bodies: int
    seed: int
    workers: int
    balanced: bool = False
    layout: SkeletonLayout | None = None

    def training(self, clips: Clips, plan: Plan, *, start: int) -> Iterable[ClipBatch]:
        """Yield this process's share of the batch of each step from `start` to the end.

        If the plan has unlabelled clips, the first of `clips` are the labelled ones.
        """
        dataset = self._dataset(clips, training=True)
        place: dict[str, Any] = {"seed": self.seed, "start": start}
        place |= {"process": self.accelerator.process_index, "processes": self.accelerator.num_processes}
        if plan.unlabelled:
            return self._load(dataset, mixed_batches(len(clips[0][1]), len(dataset), plan, **place))
        labels = dataset.labels if self.balanced else None
        return self._load(dataset, StepBatches(len(dataset), plan, labels=labels, **place))

    def evaluation(self, clips: Clips, plan: Plan, *, view: int | None = None) -> Iterable[ClipBatch]:
        """Yield this process's share of the clips, each once over all processes: its centre, or a view of it.

        All processes have equally many batches, as a model that is divided over them demands, unless there
        are fewer clips than processes.
        """
        dataset = self._dataset(clips, training=False, view=view)
        return self._load(dataset, evaluation_batches(len(dataset), plan.batch_size, self.accelerator))

    def _dataset(self, clips: Clips, *, training: bool, view: int | None = None) -> SkeletonDataset:
        sources = [ClipSet(store, chosen) for store, chosen in clips]
        return SkeletonDataset(
            sources,
            self.sampling,
            bodies=self.bodies,
            training=training,
            seed=self.seed,
            view=view,
            layout=self.layout,
        )

    def _load(self, dataset: SkeletonDataset, batches: Iterable[list[Any]]) -> Iterable[ClipBatch]:
        # A generator of its own: else the loader would draw from the global one whenever it is iterated over,
        # and a resumed run, which begins to iterate later than the first did, would find another state there.
        loader = DataLoader(
            dataset,
            batch_size=None,  # a key is a whole batch
            sampler=batches,
            num_workers=self.workers,
            generator=torch.Generator(),
            pin_memory=self.accelerator.device.type == "cuda",
            worker_init_fn=_outlive_signals,
        )
        return _OnDevice(loader, self.accelerator.device)


def _outlive_signals(_: int) -> None:
    """Let SIGTERM and Ctrl-C, which reach workers too, not keep their run from saving a checkpoint.

    A second SIGTERM ends the worker; it also ends when its run has.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))


@dataclass(frozen=True)
class _OnDevice:
    loader: DataLoader[ClipBatch]
    device: torch.device

    def __iter__(self) -> Iterator[ClipBatch]:
        for batch in self.loader:
            yield send_to_device(batch, self.device, non_blocking=True)
