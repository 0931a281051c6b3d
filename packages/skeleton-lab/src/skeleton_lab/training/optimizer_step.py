"""A model that learns, on however many processes and in however many parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from accelerate import Accelerator, DistributedType
from accelerate.utils import broadcast, set_seed
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from skeleton_data import ClipBatch
from skeleton_lab.training.batch_norm import average_statistics, synchronise_batch_norm
from skeleton_lab.training.plan import Plan, TrainingRecipe


@dataclass(frozen=True)
class Step:
    """What a step of training tells.

    Tensors are this process's; their mean over processes is the batch's.

    Attributes:
        clips: Positions (N,) of this process's clips in the dataset.
        learning_rate: The schedule's.
        terms: Loss and its terms by name.
        gradient_norm: Norm of the whole gradient, the same in every process.
    """

    clips: Tensor
    learning_rate: float
    terms: dict[str, Tensor]
    gradient_norm: Tensor

    @property
    def values(self) -> Tensor:
        """Terms and norm, in one vector."""
        return torch.stack([*self.terms.values(), self.gradient_norm.float()])


def clip_count(batch: ClipBatch) -> Tensor:
    """Number of clips, what most losses are a mean over."""
    return torch.tensor(len(batch.clip), device=batch.clip.device)


class Learner:
    """Takes the steps of a training: the parts of a batch, their gradients, the weights.

    A step's loss is a mean over the whole batch, whatever its division into processes and parts:

        for part in learner.parts(batch):
            learner.backward(loss(learner.model(part.joints), part.label))
        step = learner.update(number)

    Args:
        accelerator: Divides the work.
        model: Learns; trained weights are those that require a gradient.
        recipe: Optimiser, schedule, accumulation, clipping, averaging.
        plan: Number of steps.

    Attributes:
        model: To train with, as the accelerator wrapped it.
    """

    def __init__(
        self, accelerator: Accelerator, model: nn.Module, recipe: TrainingRecipe, plan: Plan
    ) -> None:
        self.accelerator, self.recipe, self.plan = accelerator, recipe, plan
        self.training = training = recipe.training
        if training.sync_batchnorm and accelerator.num_processes > 1:
            synchronise_batch_norm(model)
        self._bare = model
        self._sharded = accelerator.distributed_type in (DistributedType.FSDP, DistributedType.DEEPSPEED)
        self._whole = deepcopy(model).to(accelerator.device) if self._sharded else model
        self._average = None
        if training.ema:
            average = get_ema_multi_avg_fn(training.ema)
            self._average = AveragedModel(model, accelerator.device, multi_avg_fn=average, use_buffers=True)
            accelerator.register_for_checkpointing(self._average)
        self.model, self._optimizer = accelerator.prepare(model, recipe.optimizer.build(model))
        set_seed(training.seed, device_specific=True)  # from here on processes draw, and drop, differently
        self._weight = torch.tensor(1.0)
        self._terms: dict[str, Tensor] = {}
        self._clips = torch.tensor([])
        self._buffers: list[Tensor] = []

    def parts(
        self, batch: ClipBatch, units: Callable[[ClipBatch], Tensor] = clip_count
    ) -> Iterator[ClipBatch]:
        """This process's share of a batch, in the parts that go through the model one after another.

        Args:
            batch: The share.
            units: Counts what the loss is a mean over: clips, or the bodies in them.
        """
        pieces = zip(*(tensor.tensor_split(self.training.accumulate) for tensor in batch), strict=True)
        parts = [ClipBatch(*part) for part in pieces]
        counts = torch.stack([units(part) for part in parts]).float()
        weights = counts * self.accelerator.num_processes / self.accelerator.reduce(counts.sum(), "sum")
        self._clips, self._terms = batch.clip, {}
        if self.training.nonfinite == "skip":
            self._buffers = [buffer.clone() for buffer in self._bare.buffers()]
        for part, weight in zip(parts, weights, strict=True):
            self._weight = weight
            with self.accelerator.accumulate(self.model):
                yield part

    def backward(self, loss: Tensor, **terms: Tensor) -> None:
        """Add the gradient of a part's loss; terms are told with it."""
        for name, term in {"loss": loss, **terms}.items():
            weighed = term.detach().float() * self._weight
            self._terms[name] = self._terms[name] + weighed if name in self._terms else weighed
        # Accelerate divides by the number of parts, for losses that are means of means.
        self.accelerator.backward(loss * (self._weight * self.training.accumulate))

    def update(self, number: int) -> Step:
        """Move the weights against the gradient, in step `number` = 0, 1, ..."""
        plan = self.plan
        rate = self.recipe.optimizer.lr * self.recipe.schedule.factor(
            number, plan.steps, plan.steps_per_epoch
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group.get("lr_scale", 1.0)  # timm's name for what layer decay leaves
        norm = self._clip_gradient()
        if self.training.nonfinite == "skip" and not norm.isfinite():
            for buffer, before in zip(self._bare.buffers(), self._buffers, strict=True):
                buffer.copy_(before)
        else:
            self._optimizer.step()
            if self._average is not None:
                self._average.update_parameters(self._bare)
        self._optimizer.zero_grad()
        return Step(self._clips, rate, self._terms, norm)

    @torch.no_grad()
    def evaluated(self) -> nn.Module:
        """The model to validate and to keep: unwrapped, whole, equal in all processes, and called by all."""
        if self._sharded:
            weights = self.accelerator.get_state_dict(self.model)
            for name, tensor in self._whole.state_dict().items():
                if self.accelerator.is_main_process:
                    tensor.copy_(weights[name])
                broadcast(tensor)
        model = self._whole if self._average is None else self._average.module
        average_statistics(self.accelerator, model)
        return model

    def _clip_gradient(self) -> Tensor:
        """Clip it, if asked to; return its norm before."""
        largest = self.training.clip_norm or float("inf")
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), largest)
        norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        if self.accelerator.scaler is not None:
            # In half precision an overflow is no accident: the scaler skips the step and lowers its scale.
            norm = norm.nan_to_num(0, 0, 0)
        return torch.as_tensor(0.0 if norm is None else norm, device=self.accelerator.device)  # DeepSpeed
