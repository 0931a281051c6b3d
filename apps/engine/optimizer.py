"""Optimisers: a config for each, which builds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from engine.recipe import RecipeSection

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer

LearningRate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
WeightDecay = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Adam(RecipeSection):
    """Adam; its weight decay is the classic one, added to the gradient (the paper's)."""

    kind: Literal["adam"] = "adam"
    lr: LearningRate = Field(5e-3, description="Learning rate at its highest.")
    weight_decay: WeightDecay = Field(1e-4, description="Weight decay.")
    betas: tuple[Share, Share] = Field((0.9, 0.999), description="Decay of the two moments (Adam).")

    def build(self, parameters: Iterable[Parameter]) -> Optimizer:
        """Build it for these parameters."""
        import torch

        return torch.optim.Adam(parameters, lr=self.lr, weight_decay=self.weight_decay, betas=self.betas)


class AdamW(RecipeSection):
    """Adam with the weight decay apart from the gradient."""

    kind: Literal["adamw"] = "adamw"
    lr: LearningRate = Field(1e-3, description="Learning rate at its highest.")
    weight_decay: WeightDecay = Field(0.05, description="Weight decay.")
    betas: tuple[Share, Share] = Field((0.9, 0.95), description="Decay of the two moments (AdamW).")

    def build(self, parameters: Iterable[Parameter]) -> Optimizer:
        """Build it for these parameters."""
        import torch

        return torch.optim.AdamW(parameters, lr=self.lr, weight_decay=self.weight_decay, betas=self.betas)


class SGD(RecipeSection):
    """Stochastic gradient descent with momentum; Nesterov's is STTFormer's own recipe."""

    kind: Literal["sgd"] = "sgd"
    lr: LearningRate = Field(0.1, description="Learning rate at its highest.")
    weight_decay: WeightDecay = Field(4e-4, description="Weight decay.")
    momentum: Share = Field(0.9, description="Momentum (SGD).")
    nesterov: bool = Field(True, description="Whether the momentum is Nesterov's (SGD).")

    def build(self, parameters: Iterable[Parameter]) -> Optimizer:
        """Build it for these parameters."""
        import torch

        return torch.optim.SGD(
            parameters,
            lr=self.lr,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,
        )


OptimizerConfig = Annotated[Adam | AdamW | SGD, Field(discriminator="kind")]
"""Any optimiser, told apart by `kind`."""
