"""Optimizers: a config for each, which builds it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import RecipeSection

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer

LearningRate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
WeightDecay = Annotated[float, Field(ge=0, allow_inf_nan=False)]
DecayRate = Annotated[float, Field(ge=0, lt=1)]


class _Optimizer(RecipeSection):
    weight_decay: WeightDecay
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Factor by which the rate shrinks from each block to the one below it, in "
        "fine-tuning; 1: none.",
    )
    decay_vectors: bool = Field(
        True, description="Whether weight decay also applies to biases, norm scales and learned positions."
    )

    def build(self, model: Module) -> Optimizer:
        """Build it for the weights of a model that are trained; the rate is set at every step.

        Raises:
            InputError: If the model knows no order of layers, or timm is needed and missing.
        """
        return self._build(self._groups(model))

    @abstractmethod
    def _build(self, groups: Any) -> Optimizer: ...

    def _groups(self, model: Module) -> Any:
        """Return the weights, in groups where some have a rate or a weight decay of their own."""
        if self.layer_decay == 1 and self.decay_vectors:
            return [weights for weights in model.parameters() if weights.requires_grad]
        timm = _timm("optimizer.layer_decay, optimizer.decay_vectors")
        exempt = {
            f"{name}.{weights}" if name else weights
            for name, module in model.named_modules()
            for weights in getattr(module, "no_weight_decay", set)()
        }
        if self.layer_decay == 1:
            return timm.param_groups_weight_decay(model, self.weight_decay, no_weight_decay_list=exempt)
        if not hasattr(model, "group_matcher"):
            name = type(model).__name__
            raise InputError(
                f"optimizer.layer_decay is {self.layer_decay}, but {name} has layers without an order"
            )
        groups = timm.param_groups_layer_decay(
            model,
            self.weight_decay,
            no_weight_decay_list=() if self.decay_vectors else exempt,
            layer_decay=self.layer_decay,
            weight_decay_exclude_1d=not self.decay_vectors,
        )
        if len({group["lr_scale"] for group in groups}) < 2:  # timm has only warned
            raise InputError(f"optimizer.layer_decay is {self.layer_decay}, but timm found a single layer")
        return groups


class Adam(_Optimizer):
    """Adam; its weight decay is the classic one, added to the gradient (the paper's)."""

    kind: Literal["adam"] = "adam"
    lr: LearningRate = Field(
        5e-3, description="Peak learning rate, for the whole batch; it is not scaled by batch_size."
    )
    weight_decay: WeightDecay = Field(1e-4, description="Weight decay, as torch's `weight_decay`.")
    betas: tuple[DecayRate, DecayRate] = Field(
        (0.9, 0.999), description="Decay rates of the two moment estimates (Adam)."
    )

    def _build(self, groups: Any) -> Optimizer:
        import torch

        return torch.optim.Adam(groups, lr=self.lr, weight_decay=self.weight_decay, betas=self.betas)


class AdamW(_Optimizer):
    """Adam with the weight decay apart from the gradient."""

    kind: Literal["adamw"] = "adamw"
    lr: LearningRate = Field(
        1e-3, description="Peak learning rate, for the whole batch; it is not scaled by batch_size."
    )
    weight_decay: WeightDecay = Field(0.05, description="Weight decay, as torch's `weight_decay`.")
    betas: tuple[DecayRate, DecayRate] = Field(
        (0.9, 0.95), description="Decay rates of the two moment estimates (AdamW)."
    )

    def _build(self, groups: Any) -> Optimizer:
        import torch

        return torch.optim.AdamW(groups, lr=self.lr, weight_decay=self.weight_decay, betas=self.betas)


class SGD(_Optimizer):
    """Stochastic gradient descent with momentum; Nesterov's is STTFormer's own recipe."""

    kind: Literal["sgd"] = "sgd"
    lr: LearningRate = Field(
        0.1, description="Peak learning rate, for the whole batch; it is not scaled by batch_size."
    )
    weight_decay: WeightDecay = Field(4e-4, description="Weight decay, as torch's `weight_decay`.")
    momentum: DecayRate = Field(0.9, description="Momentum of SGD.")
    nesterov: bool = Field(True, description="Whether SGD uses Nesterov momentum.")

    def _build(self, groups: Any) -> Optimizer:
        import torch

        return torch.optim.SGD(
            groups,
            lr=self.lr,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,
        )


class Timm(_Optimizer):
    """Any optimizer of timm, by its name there, with timm's defaults for what is not here."""

    kind: Literal["timm"] = "timm"
    name: str = Field("lamb", description="Name of the optimizer in timm, such as lamb, lion or adan.")
    lr: LearningRate = Field(
        1e-3, description="Peak learning rate, for the whole batch; it is not scaled by batch_size."
    )
    weight_decay: WeightDecay = Field(0.05, description="Weight decay, as torch's `weight_decay`.")

    def _build(self, groups: Any) -> Optimizer:
        timm = _timm("optimizer.kind")
        if self.name not in (known := timm.list_optimizers()):
            raise InputError(
                f"optimizer.name: timm has no optimizer {self.name!r}; it has {', '.join(known)}"
            )
        optimizer: Optimizer = timm.create_optimizer_v2(
            groups, opt=self.name, lr=self.lr, weight_decay=self.weight_decay
        )
        return optimizer


OptimizerConfig = Annotated[Adam | AdamW | SGD | Timm, Field(discriminator="kind")]
"""Any optimizer, distinguished by `kind`."""


def _timm(field: str) -> Any:
    try:
        import timm.optim
    except ImportError as error:
        raise InputError(f"{field}: timm is not installed (pip install timm)") from error
    return timm.optim
