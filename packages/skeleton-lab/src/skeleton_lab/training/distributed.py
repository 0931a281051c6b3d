"""Set up training on however many processes Accelerate was launched with.

The same for any number of processes: clips, augmentation and masks of every step, learning rates, the loss as
a mean over the whole batch, and with `training.sync_batchnorm` BatchNorm's statistics; so losses and weights
agree to rounding. Not the same: each process draws dropout and drop path of its own, and with
`training.gradient_accumulation_steps` BatchNorm normalises each part of a batch by itself.
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.util import find_spec
from typing import Any

import torch
from accelerate import Accelerator, DistributedType
from accelerate.state import AcceleratorState
from accelerate.utils import (
    DataLoaderConfiguration,
    DistributedDataParallelKwargs,
    ProjectConfiguration,
    gather_object,
    set_seed,
)
from torch import nn

from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.training.plan import Plan, TrainingRecipe
from skeleton_lab.training.precision import slow_bfloat16


def join(**options: Any) -> Accelerator:
    """Join the other processes that were launched, on the CPU too, where Accelerate would leave each alone.

    Args:
        options: Of `Accelerator`.

    Raises:
        InputError: If each would yet be alone.
    """
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    accelerator = Accelerator(cpu=launched > 1 and not torch.accelerator.is_available(), **options)
    if launched != accelerator.num_processes:
        raise InputError(
            f"{launched} processes were launched, but Accelerate has joined {accelerator.num_processes}"
        )
    return accelerator


def set_up_distributed(recipe: TrainingRecipe, plan: Plan) -> Accelerator:
    """Join the other processes, and seed them alike, to build the same weights.

    The number of processes, the device and how a model is divided over them are Accelerate's own
    configuration; so are precision and compilation, unless the recipe says them.

    Raises:
        InputError: If tracker or precision cannot be used here, or batches are too small to be divided.
    """
    run, training = recipe.run, recipe.training
    if run.tracker != "none" and find_spec(run.tracker) is None:  # Accelerate would leave it out silently
        raise InputError(f"run.tracker: {run.tracker} is not installed (pip install {run.tracker})")
    AcceleratorState._reset_state()  # runs of the same program may differ in precision
    with input_errors():
        accelerator = join(
            mixed_precision=training.precision,
            dynamo_backend="inductor" if training.compile else None,
            gradient_accumulation_steps=training.gradient_accumulation_steps,
            log_with=None if run.tracker == "none" else run.tracker,
            project_config=ProjectConfiguration(project_dir=str(run.folder), logging_dir=str(run.folder)),
            # Batches are divided over the processes before Accelerate sees them.
            dataloader_config=DataLoaderConfiguration(split_batches=True),
            # Statistics are equal, or averaged when they are looked at: not those of the first process.
            kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
        )
    if accelerator.mixed_precision == "fp16" and accelerator.device.type == "cpu":
        raise InputError("training.precision is fp16, which needs a GPU; a CPU would not use it")
    on_cpu = accelerator.device.type == "cpu" and accelerator.is_main_process
    if accelerator.mixed_precision == "bf16" and on_cpu and (warning := slow_bfloat16()):
        print(warning, file=sys.stderr)
    parts = accelerator.num_processes * training.gradient_accumulation_steps
    if plan.batch_size < parts:
        raise InputError(
            f"training.batch_size is {plan.batch_size}, but {accelerator.num_processes} processes times "
            f"training.gradient_accumulation_steps ({training.gradient_accumulation_steps}) are {parts}"
        )
    if accelerator.distributed_type in (DistributedType.FSDP, DistributedType.DEEPSPEED) and training.ema:
        raise InputError(
            "training.ema cannot be used with weights that are divided over processes (FSDP, DeepSpeed)"
        )
    if accelerator.distributed_type == DistributedType.DEEPSPEED:
        # DeepSpeed asks for the size, which it would else read off a loader of Accelerate's.
        accelerator.state.deepspeed_plugin.deepspeed_config["train_micro_batch_size_per_gpu"] = max(
            1, plan.batch_size // parts
        )
    set_seed(training.seed)
    return accelerator


def weight_checksums(accelerator: Accelerator, model: nn.Module) -> list[str]:
    """SHA-256 of all weights and statistics, as each process holds them."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    checksums: list[str] = gather_object([digest.hexdigest()])
    return checksums
