"""What a run would be, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from skeleton_data import Preprocessing
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.training.optimizer import OptimizerConfig
from skeleton_lab.training.plan import Plan, TrainingRecipe

GIB = 2**30


def describe(
    accelerator: Accelerator,
    folder: RunFolder,
    recipe: TrainingRecipe,
    plan: Plan,
    clips: Preprocessing,
    model: nn.Module,
    **inputs: Any,
) -> None:
    """Print the resolved recipe, then parameters, steps and an estimate of the memory of each process.

    The estimate counts, in float32, weights, gradients, the optimizer's state and the average, and what a
    forward pass keeps for the backward pass, measured on two clips with every body present; a framework's own
    needs come on top.

    Args:
        accelerator: Knows the number of processes, of which the first one prints.
        folder: Knows the resolved recipe.
        recipe: Its optimizer's state, average and accumulation are counted.
        plan: The steps.
        clips: Their shape.
        model: As it would be trained.
        inputs: What it is called with besides clips (N, C, T, V, M).
    """
    training, processes = recipe.training, accelerator.num_processes
    trained = sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
    weights = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    with torch.random.fork_rng():
        fixed = weights * (2 if training.ema else 1) + (4 + _state_bytes(recipe.optimizer)) * trained
        two = torch.randn(2, 3, clips.sampling.frames, len(clips.layout.joints), clips.bodies)
        kept = _kept_bytes(model, two, inputs) / 2
    at_once = -(-plan.batch_size // (processes * training.gradient_accumulation_steps))
    lines = [
        f"folder:      {folder.path} (nothing was written)",
        f"parameters:  {trained:,}",
        f"steps:       {plan.steps:,} of {plan.batch_size} clips; {plan.steps_per_epoch:,} an epoch; "
        f"validation and checkpoint every {plan.eval_every:,}",
        f"processes:   {processes}, with {at_once} clips at a time each",
        f"memory:      about {(fixed + kept * at_once) / GIB:.2f} GiB a process in float32: "
        f"{fixed / GIB:.2f} for weights, gradients and optimizer, {kept * at_once / GIB:.2f} for activations",
    ]
    accelerator.print(tomli_w.dumps(folder.config), *lines, sep="\n")


def _state_bytes(optimizer: OptimizerConfig) -> int:
    """Bytes of the optimizer's state for each weight, found by a step on a few."""
    layer = nn.Linear(8, 8, bias=False)
    built = optimizer.model_copy(update={"layer_decay": 1.0, "decay_vectors": True}).build(layer)
    layer.weight.grad = torch.ones(8, 8)
    built.step()
    tensors = [value for state in built.state.values() for value in state.values()]
    elements = [tensor for tensor in tensors if isinstance(tensor, Tensor) and tensor.ndim]
    return sum(tensor.numel() * tensor.element_size() for tensor in elements) // 64


def _kept_bytes(model: nn.Module, clips: Tensor, inputs: Mapping[str, Any]) -> int:
    """Bytes besides the weights that a forward pass keeps for the backward pass."""
    weights = {tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        graph = model(clips, **inputs)  # keeps what was kept, so that no address is given twice
    del graph
    return sum(size for address, size in kept.items() if address not in weights)
