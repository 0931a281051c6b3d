"""BatchNorm when several processes share a batch."""

from __future__ import annotations

from accelerate import Accelerator
from einops import rearrange
from torch import Tensor, nn

from sttformer import TokenBatchNorm


def synchronise_batch_norm(model: nn.Module) -> None:
    """Let every BatchNorm of a model take its statistics over the batches of all processes.

    The normalisation of tokens can do so itself. Others are replaced by one that does it in the same way, and
    keeps their weights and names: `torch.nn.SyncBatchNorm` has no CPU version.
    """
    for module in list(model.modules()):
        if isinstance(module, TokenBatchNorm):
            module.synchronised = True
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d) and not isinstance(child, TokenBatchNorm):
                setattr(module, name, _SynchronisedBatchNorm.like(child))


def biases_before_norm(model: nn.Module) -> list[nn.Parameter]:
    """Return the biases of a model whose effect a BatchNorm removes, which takes the statistics of the batch.

    Each module names its own by a method `biases_before_norm`. Their gradient is zero but for rounding, which
    Adam would turn into whole steps: the means that BatchNorm keeps for evaluation would then lag behind.

    Example:
        >>> from sttformer import create
        >>> [bias.shape for bias in biases_before_norm(create("tiny"))][:2]
        [torch.Size([16]), torch.Size([16])]
    """
    return [
        module.get_parameter(name)
        for module in model.modules()
        for name in sorted(getattr(module, "biases_before_norm", set)())
    ]


def average_statistics(accelerator: Accelerator, model: nn.Module) -> None:
    """Give every process the mean of all processes' statistics, to evaluate and save.

    They differ, unless they are synchronised: each process normalises its own share of a batch.
    """
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.copy_(accelerator.reduce(buffer, "mean"))


class _SynchronisedBatchNorm(TokenBatchNorm):
    """Batch normalisation of maps (N, C, ...), synchronised."""

    synchronised = True

    @classmethod
    def like(cls, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> _SynchronisedBatchNorm:
        """Make one in place of another, of the same tensors."""
        made = cls(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            setattr(made, name, getattr(norm, name))
        return made.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # no row of a map is repeated
        """Normalise (N, C, ...) over everything but channels."""
        shape = x.movedim(1, -1).shape
        rows = rearrange(x, "n c ... -> (n ...) c")
        return super().forward(rows).view(shape).movedim(-1, 1)
