"""How much a mask hides, over the steps of a pre-training."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from skeleton_lab.recipe.recipe import RecipeSection


class MaskSchedule(RecipeSection):
    """All ratios of the mask begin as a multiple of what the recipe says, and end as the recipe says.

    It is a function of the step, without a state that a checkpoint would have to hold.

    Example:
        >>> [MaskSchedule(kind="linear", start=0.5).factor(step, 4) for step in (0, 2, 4)]
        [0.5, 0.75, 1.0]
        >>> [round(MaskSchedule(kind="cosine", start=0.5, until=0.5).factor(step, 8), 3) for step in range(6)]
        [0.5, 0.573, 0.75, 0.927, 1.0, 1.0]
    """

    kind: Literal["constant", "linear", "cosine"] = Field(
        "constant",
        description="How the ratios of the mask change over the steps: not at all, along a line, or along "
        "half a cosine.",
    )
    start: float = Field(
        0.5,
        ge=0,
        allow_inf_nan=False,
        description="What the ratios are multiplied by in the first step: 0.5 begins with half of them, and "
        "a number above 1 with more than the recipe says.",
    )
    until: float = Field(
        1.0, gt=0, le=1, description="Fraction of all steps after which the ratios are those of the recipe."
    )

    def factor(self, step: int, steps: int) -> float:
        """Factor of the ratios in step `step` = 0, 1, ... of `steps`."""
        progress = min(1.0, step / (self.until * steps))
        match self.kind:
            case "constant":
                return 1.0
            case "linear":
                return self.start + (1 - self.start) * progress
            case "cosine":
                return 1 + (self.start - 1) * (1 + math.cos(math.pi * progress)) / 2
