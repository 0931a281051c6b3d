"""One optimizer step, from a batch to moved weights, on any number of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import torch
from accelerate import Accelerator, DistributedType
from accelerate.utils import broadcast, set_seed
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from skeleton_data import ClipBatch
from skeleton_lab.training.batch_norm import average_statistics, synchronise_batch_norm
from skeleton_lab.training.plan import Plan, TrainingRecipe

Model = TypeVar("Model", bound=nn.Module)
Loss = Callable[[ClipBatch], Mapping[str, Tensor]]
"""The forward pass: `loss`, whose gradient is taken, and further terms that are only logged, by name."""


@dataclass(frozen=True)
class StepResult:
    """The values of one optimizer step.

    Tensors are those of this process; their mean over the processes is the value of the whole batch.

    Attributes:
        number: Which step it was: 0, 1, ...
        clips: Positions (N,) of this process's clips in the dataset.
        learning_rate: Learning rate of the step.
        terms: The loss and its terms, by name.
        gradient_norm: Norm of the whole gradient before it was clipped, the same in every process.
    """

    number: int
    clips: Tensor
    learning_rate: float
    terms: dict[str, Tensor]
    gradient_norm: Tensor

    @property
    def values(self) -> Tensor:
        """The terms and the norm, as one vector."""
        return torch.stack([*self.terms.values(), self.gradient_norm.float()])


def count_clips(batch: ClipBatch) -> Tensor:
    """Return the number of clips of a batch, which most losses are a mean over."""
    return torch.tensor(len(batch.clip), device=batch.clip.device)


class OptimizerStep(Generic[Model]):
    """Takes the optimizer steps of a training.

    The loss of a step is a mean over the whole batch, however it is divided into processes and, with
    `training.gradient_accumulation_steps`, into parts that go through the model one after another.

    Args:
        accelerator: Divides the work over processes.
        model: The model; weights that require a gradient are trained.
        recipe: Says the optimizer, schedule, accumulation, clipping and averaging.
        plan: Says the number of steps.

    Attributes:
        model: The model to call in the loss, as the accelerator wrapped it.
    """

    def __init__(self, accelerator: Accelerator, model: Model, recipe: TrainingRecipe, plan: Plan) -> None:
        self.accelerator, self.recipe, self.plan = accelerator, recipe, plan
        self.training = training = recipe.training
        if training.sync_batchnorm and accelerator.num_processes > 1:
            synchronise_batch_norm(model)
        self._bare = model
        self._sharded = accelerator.distributed_type in (DistributedType.FSDP, DistributedType.DEEPSPEED)
        self._whole = deepcopy(model).to(accelerator.device) if self._sharded else model
        self._average: AveragedModel | None = None
        if training.ema:
            average = _average_fn(training.ema)
            self._average = AveragedModel(model, accelerator.device, multi_avg_fn=average, use_buffers=True)
            accelerator.register_for_checkpointing(self._average)
        self.model, self._optimizer = accelerator.prepare(model, recipe.optimizer.build(model))
        set_seed(training.seed, device_specific=True)  # from here on each process draws its own dropout

    def take(
        self,
        batch: ClipBatch,
        loss: Loss,
        *,
        number: int,
        count: Callable[[ClipBatch], Tensor] = count_clips,
    ) -> StepResult:
        """Take one step: forward and backward passes, learning rate, clipping, optimizer, average.

        Args:
            batch: This process's share of the batch.
            loss: The forward pass on a part of it.
            number: Which step it is: 0, 1, ...
            count: Counts what the loss is a mean over: clips, or the bodies in them.
        """
        skip_nonfinite = self.training.nonfinite == "skip"
        buffers = [buffer.clone() for buffer in self._bare.buffers()] if skip_nonfinite else []
        terms: dict[str, Tensor] = {}
        for part, weight in self._parts(batch, count):
            with self.accelerator.accumulate(self.model):
                values = loss(part)
                # Accelerate divides by the number of parts, for losses that are means of means.
                self.accelerator.backward(
                    values["loss"] * (weight * self.training.gradient_accumulation_steps)
                )
            for name, value in values.items():
                weighted = value.detach().float() * weight
                terms[name] = terms[name] + weighted if name in terms else weighted

        factor = self.recipe.schedule.factor(number, self.plan.steps, self.plan.steps_per_epoch)
        rate = self.recipe.optimizer.lr * factor
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group.get("lr_scale", 1.0)  # timm's name for the factor of layer decay
        norm = self._clip_gradient()
        if skip_nonfinite and not norm.isfinite():
            for buffer, before in zip(self._bare.buffers(), buffers, strict=True):
                buffer.copy_(before)
        else:
            self._optimizer.step()
            if self._average is not None:
                self._average.update_parameters(self._bare)
        self._optimizer.zero_grad()
        return StepResult(number, batch.clip, rate, terms, norm)

    def _parts(
        self, batch: ClipBatch, count: Callable[[ClipBatch], Tensor]
    ) -> Iterator[tuple[ClipBatch, Tensor]]:
        """Yield the parts of this process's share, each with its weight in the mean of the batch."""
        pieces = zip(
            *(tensor.tensor_split(self.training.gradient_accumulation_steps) for tensor in batch), strict=True
        )
        parts = [ClipBatch(*part) for part in pieces]
        counts = torch.stack([count(part) for part in parts]).float()
        total = self.accelerator.reduce(counts.sum(), "sum").clamp(min=1)
        weights = counts * self.accelerator.num_processes / total
        yield from zip(parts, weights, strict=True)

    @torch.no_grad()
    def eval_model(self) -> Model:
        """Return the model to evaluate and save, unwrapped and the same in all processes; all call this."""
        if self._sharded:
            weights = self.accelerator.get_state_dict(self.model)
            for name, tensor in self._whole.state_dict().items():
                if self.accelerator.is_main_process:
                    tensor.copy_(weights[name])
                broadcast(tensor)
        model = self._whole if self._average is None else cast(Model, self._average.module)
        average_statistics(self.accelerator, model)
        return model

    def _clip_gradient(self) -> Tensor:
        """Clip the gradient to `training.max_grad_norm`, if that is set, and return its norm before."""
        largest = self.training.max_grad_norm or float("inf")
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), largest)
        norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        if self.accelerator.scaler is not None:
            # In half precision an overflow is no accident: the scaler skips the step and lowers its scale.
            norm = norm.nan_to_num(0, 0, 0)
        return torch.as_tensor(0.0 if norm is None else norm, device=self.accelerator.device)  # DeepSpeed


def _average_fn(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """Average weights and statistics over steps; counters, as of BatchNorm's batches, are copied."""
    average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]

    def update(averages: Sequence[Tensor], current: Sequence[Tensor], updates: Any) -> None:
        if averages[0].is_floating_point():
            average(averages, current, updates)
        else:
            for kept, now in zip(averages, current, strict=True):
                kept.copy_(now)

    return update
