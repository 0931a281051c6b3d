"""Learning-rate schedules: functions of the step, without a state that a checkpoint would have to hold.

Points of a schedule are shares of the whole training, so that a recipe keeps its shape at any number of
epochs or steps: epoch 60 of 200 is 0.3.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Annotated, Literal

from pydantic import Field

from skeleton_lab.recipe.recipe import RecipeSection

Share = Annotated[float, Field(ge=0, le=1)]


class _Schedule(RecipeSection):
    warmup: float = Field(0.0, ge=0, lt=1, description="Share of all steps in which the rate grows linearly.")

    def factor(self, step: int, steps: int) -> float:
        """Factor of the learning rate in step `step` = 0, 1, ... of `steps`."""
        warm = round(self.warmup * steps)
        return (step + 1) / (warm + 1) if step < warm else self._after_warmup(step, warm, steps)

    def _after_warmup(self, step: int, warm: int, steps: int) -> float:
        raise NotImplementedError


class MultiStep(_Schedule):
    """The rate falls by a factor at fixed points (the paper's: x 0.1 at epochs 60, 90, 110 of 200).

    Example:
        >>> [MultiStep(milestones=(0.5, 0.75)).factor(step, 4) for step in range(4)]
        [1.0, 1.0, 0.1, 0.01]
    """

    kind: Literal["multi_step"] = "multi_step"
    milestones: tuple[Share, ...] = Field(
        (0.3, 0.45, 0.55), description="Where the rate falls, as shares of all steps."
    )
    gamma: float = Field(0.1, gt=0, le=1, description="Factor of the rate at each milestone.")

    def _after_warmup(self, step: int, warm: int, steps: int) -> float:
        passed = bisect_right(sorted(round(share * steps) for share in self.milestones), step)
        return round(self.gamma**passed, 12)


class Cosine(_Schedule):
    """The rate falls along half a cosine (Loshchilov and Hutter, "SGDR", 2017, without restarts).

    Example:
        >>> [round(Cosine(warmup=0.25).factor(step, 8), 3) for step in range(8)]
        [0.333, 0.667, 1.0, 0.933, 0.75, 0.5, 0.25, 0.067]
    """

    kind: Literal["cosine"] = "cosine"
    floor: float = Field(0.0, ge=0, lt=1, description="Where the rate ends, as a share of its highest.")

    def _after_warmup(self, step: int, warm: int, steps: int) -> float:
        progress = (step - warm) / max(1, steps - warm)
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


ScheduleConfig = Annotated[MultiStep | Cosine, Field(discriminator="kind")]
"""Any schedule, told apart by `kind`."""
