"""Begin a run on however many processes Accelerate was launched with, and keep their weights the same.

The same for any number of processes: clips, augmentation and masks of every step, learning rates, number of
steps. Not the same yet: BatchNorm normalises each process's share of a batch by itself, each process draws
dropout of its own, and the pre-training loss is a mean over each process's bodies, then over processes.
"""

from __future__ import annotations

import hashlib

import torch
from accelerate import Accelerator
from accelerate.utils import (
    DataLoaderConfiguration,
    ProjectConfiguration,
    gather_object,
    set_seed,
)
from torch import nn

from engine.errors import InputError
from engine.run_folder import RunConfig
from engine.training import Plan


def begin(run: RunConfig, plan: Plan, *, seed: int) -> Accelerator:
    """Join the other processes, and seed.

    The number of processes, the device and the precision are Accelerate's own configuration.

    Raises:
        InputError: If there is not a clip of each batch for every process.
    """
    accelerator = Accelerator(
        log_with=None if run.tracker == "none" else run.tracker,
        project_config=ProjectConfiguration(project_dir=str(run.folder), logging_dir=str(run.folder)),
        # Batches are divided over the processes: the schedule moves by one a step, not by one a process.
        dataloader_config=DataLoaderConfiguration(split_batches=True),
    )
    if plan.batch_size < accelerator.num_processes:
        raise InputError(
            f"training.batch_size: {plan.batch_size} clips for {accelerator.num_processes} processes"
        )
    # Other processes draw other dropout; all begin with the weights of the first, which Accelerate hands out.
    set_seed(seed, device_specific=True)
    return accelerator


def average_statistics(accelerator: Accelerator, model: nn.Module) -> None:
    """Give every process the mean of all processes' BatchNorm statistics, to evaluate and save.

    In training each process normalises by its own share of the batch, and the running statistics follow the
    first process: the default of distributed training. Synchronised BatchNorm would wait for all processes in
    every layer, has no CPU version in PyTorch, and does not know bodies that are counted several times.
    """
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.copy_(accelerator.reduce(buffer, "mean"))


def weight_checksums(accelerator: Accelerator, model: nn.Module) -> list[str]:
    """SHA-256 of all weights and statistics, as each process holds them."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return gather_object([digest.hexdigest()])
