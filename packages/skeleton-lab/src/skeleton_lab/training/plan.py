"""How long to train, in what batches, and when to evaluate."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from pydantic import Field

from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.runs.folder import RunConfig
from skeleton_lab.training.optimizer import OptimizerConfig
from skeleton_lab.training.schedule import ScheduleConfig

Select = Literal["validation", "last", "test"]
"""What selects the weights of a fine-tuning that are kept."""


@dataclass(frozen=True)
class Plan:
    """The steps of a training.

    Attributes:
        steps: Optimizer steps in all.
        steps_per_epoch: Steps in which every clip is met once (the last incomplete batch is left out).
        batch_size: Clips of a step over all processes.
        eval_every: Steps between two evaluations, each followed by a checkpoint.
        unlabelled: Clips of a step, of `batch_size`, that have no label.
    """

    steps: int
    steps_per_epoch: int
    batch_size: int
    eval_every: int
    unlabelled: int = 0

    def mixed(self, batch_size: int, labelled_fraction: float, labelled: int, unlabelled: int) -> Plan:
        """Return a plan of the same steps and schedule, whose batches have unlabelled clips, too.

        Args:
            batch_size: Clips of a step, if there are so many.
            labelled_fraction: Fraction of them that has labels, as far as there are so many.
            labelled: Labelled clips that there are.
            unlabelled: Unlabelled clips that there are.

        Example:
            >>> plan = Plan(steps=800, steps_per_epoch=1, batch_size=27, eval_every=16)
            >>> plan.mixed(32, 0.25, labelled=27, unlabelled=405)
            Plan(steps=800, steps_per_epoch=1, batch_size=32, eval_every=16, unlabelled=24)
        """
        known = min(labelled, max(1, round(batch_size * labelled_fraction)))
        others = min(unlabelled, max(1, batch_size - known))
        return replace(self, batch_size=known + others, unlabelled=others)

    def should_evaluate(self, step: int) -> bool:
        """Whether to evaluate and save a checkpoint after `step` steps."""
        return step % self.eval_every == 0 or step == self.steps


class TrainingConfig(RecipeSection):
    """Length and batches of a training, and how a step is computed."""

    epochs: int = Field(200, ge=1, description="Passes over the training clips. `steps` takes its place.")
    steps: int | None = Field(
        None,
        ge=1,
        description="Number of optimizer steps, in place of `epochs`: with few labels an epoch is a "
        "step or two.",
    )
    min_steps: int = Field(
        0,
        ge=0,
        description="Least number of optimizer steps: the training is extended if `epochs` are fewer.",
    )
    batch_size: int = Field(
        64, ge=1, description="Clips per optimizer step, divided among all processes (the global batch size)."
    )
    gradient_accumulation_steps: int = Field(
        1,
        ge=1,
        description="Parts of `batch_size` that go through the model one after another, to save memory.",
    )
    eval_every: int | None = Field(
        None,
        ge=1,
        description="Steps between validations, each followed by a checkpoint (default: an epoch, "
        "but at least a "
        "fiftieth of `steps` or `min_steps`).",
    )
    log_every: int = Field(50, ge=1, description="Steps between two lines of metrics.jsonl.")
    max_grad_norm: float | None = Field(
        None, gt=0, description="Norm to which a larger gradient is clipped (default: it is not clipped)."
    )
    ema: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Decay per step of an exponential moving average of the weights, which is then "
        "validated and "
        "saved in their place (default: there is no average).",
    )
    sync_batchnorm: bool = Field(
        True,
        description="Whether BatchNorm takes its statistics over the batches of all processes, so that "
        "results do not depend on their number; false saves a message a layer.",
    )
    precision: Literal["no", "bf16", "fp16"] = Field(
        default_factory=lambda: os.environ.get("ACCELERATE_MIXED_PRECISION", "no"),
        validate_default=True,
        description="Mixed precision; no: float32 throughout (default: as Accelerate is configured).",
    )
    compile: bool = Field(False, description="Whether torch.compile compiles the model.")
    nonfinite: Literal["stop", "skip"] = Field(
        "stop",
        description="Whether a loss or gradient that is not finite stops the run, or that step is skipped.",
    )
    seed: int = Field(0, ge=0, description="Random seed of weights, order of clips, augmentation and masks.")

    def plan(self, clips: int) -> Plan:
        """Plan a training on `clips` clips.

        With fewer clips than a batch, all of them are the batch.

        Example:
            >>> TrainingConfig(epochs=10, batch_size=64).plan(clips=640)
            Plan(steps=100, steps_per_epoch=10, batch_size=64, eval_every=10, unlabelled=0)
            >>> TrainingConfig(epochs=10, batch_size=64, min_steps=400).plan(clips=27)
            Plan(steps=400, steps_per_epoch=1, batch_size=27, eval_every=8, unlabelled=0)
        """
        batch_size = min(self.batch_size, clips)
        per_epoch = clips // batch_size
        steps = self.steps or max(self.epochs * per_epoch, self.min_steps)
        eval_every = self.eval_every or max(per_epoch, (self.steps or self.min_steps) // 50)
        return Plan(steps, per_epoch, batch_size, eval_every)


class FinetuneTraining(TrainingConfig):
    """Length, batches and loss of a fine-tuning."""

    label_smoothing: float = Field(
        0.1, ge=0, lt=1, description="Label smoothing of the cross-entropy; 0: none."
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none",
        description="Weight of a clip in the loss: all the same, or by how rare its class is among the "
        "labelled training clips (`balanced`), so that all classes count alike.",
    )
    balanced_sampling: bool = Field(
        False,
        description="Whether batches have about as many clips of each class: of rare classes clips come "
        "again in an epoch, augmented differently, and of frequent ones some are left out.",
    )
    select: Select = Field(
        "validation",
        description="Weights that are kept: the most accurate on held-out clips (`validation`; without such "
        "clips the last), the last, for which no labels are used, or the most accurate on the test side "
        "(`test`), as some publish: that accuracy is too high, and not to be compared with the others.",
    )
    evaluation_mode: bool = Field(
        False,
        description="Whether BatchNorm and dropout act as in evaluation while training, as in the published "
        "fine-tuning of AimCLR.",
    )


class TrainingRecipe(Protocol):
    """The sections that every recipe of a training has."""

    @property
    def optimizer(self) -> OptimizerConfig:
        """Its optimizer."""

    @property
    def schedule(self) -> ScheduleConfig:
        """Its learning-rate schedule."""

    @property
    def training(self) -> TrainingConfig:
        """Its length and batches."""

    @property
    def run(self) -> RunConfig:
        """Where the run goes."""
