"""Learning-rate schedules: functions of the step, without a state that a checkpoint would have to hold.

A point of a schedule is a fraction of the whole training, so that a recipe keeps its shape at any length, or
a number of epochs, so that a shorter training is the beginning of a longer one: epoch 60 of 200 is 60 or 0.3.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from skeleton_lab.recipe.recipe import RecipeSection


def _share_or_epochs(value: float) -> float:
    if value < 0 or (value > 1 and not isinstance(value, int)):
        raise ValueError("must be a fraction of all steps, from 0 to 1, or a whole number of epochs")
    return value


Point = Annotated[int | float, AfterValidator(_share_or_epochs)]
"""A fraction of all steps, or a whole number of epochs."""


class _Schedule(RecipeSection):
    warmup: Point = Field(
        0.0,
        description="Length of the linear warm-up: a fraction of all steps (0.1), or a number of epochs (5).",
    )

    def factor(self, step: int, steps: int, steps_per_epoch: int = 1) -> float:
        """Factor of the learning rate in step `step` = 0, 1, ... of `steps`."""
        warm = _step_of(self.warmup, steps, steps_per_epoch)
        if step < warm:
            return (step + 1) / (warm + 1)
        return self._after_warmup(step, warm, steps, steps_per_epoch)

    def _after_warmup(self, step: int, warm: int, steps: int, steps_per_epoch: int) -> float:
        raise NotImplementedError


def _step_of(point: Point, steps: int, steps_per_epoch: int) -> int:
    return point * steps_per_epoch if isinstance(point, int) else round(point * steps)


class MultiStep(_Schedule):
    """The rate falls by a factor at fixed points (the paper's: x 0.1 at epochs 60, 90, 110 of 200).

    Example:
        >>> [MultiStep(milestones=(0.5, 0.75)).factor(step, 4) for step in range(4)]
        [1.0, 1.0, 0.1, 0.01]
        >>> [MultiStep(milestones=(1, 3)).factor(step, 8, steps_per_epoch=2) for step in range(8)]
        [1.0, 1.0, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01]
    """

    kind: Literal["multi_step"] = "multi_step"
    milestones: tuple[Point, ...] = Field(
        (0.3, 0.45, 0.55),
        description="Points at which the rate falls: fractions of all steps, or numbers of epochs.",
    )
    gamma: float = Field(
        0.1, gt=0, le=1, description="Factor by which the rate is multiplied at each milestone."
    )

    def _after_warmup(self, step: int, warm: int, steps: int, steps_per_epoch: int) -> float:
        falls = sorted(_step_of(point, steps, steps_per_epoch) for point in self.milestones)
        passed = bisect_right(falls, step)
        return round(self.gamma**passed, 12)


class Cosine(_Schedule):
    """The rate falls along half a cosine (Loshchilov and Hutter, "SGDR", 2017, without restarts).

    Example:
        >>> [round(Cosine(warmup=0.25).factor(step, 8), 3) for step in range(8)]
        [0.333, 0.667, 1.0, 0.933, 0.75, 0.5, 0.25, 0.067]
    """

    kind: Literal["cosine"] = "cosine"
    floor: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Learning rate of the last step, as a fraction of the peak (min_lr of others).",
    )

    def _after_warmup(self, step: int, warm: int, steps: int, steps_per_epoch: int) -> float:
        progress = (step - warm) / max(1, steps - warm)
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


ScheduleConfig = Annotated[MultiStep | Cosine, Field(discriminator="kind")]
"""Any schedule, distinguished by `kind`."""
