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


def average_statistics(accelerator: Accelerator, model: nn.Module) -> None:
    """Give every process the mean of all processes' statistics, to evaluate and save.

    They differ, unless they are synchronised: each process normalises its own share of a batch.
    """
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.copy_(accelerator.reduce(buffer, "mean"))


class _SynchronisedBatchNorm(TokenBatchNorm):
    """Batch normalisation of maps (N, C', ...), synchronised."""

    synchronised = True

    @classmethod
    def like(cls, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> _SynchronisedBatchNorm:
        """Make one in place of another, of the same tensors."""
        made = cls(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            setattr(made, name, getattr(norm, name))
        return made.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # no row of a map is repeated
        """Normalise (N, C', ...) over everything but channels."""
        shape = x.movedim(1, -1).shape
        rows = rearrange(x, "n c ... -> (n ...) c")
        return super().forward(rows).view(shape).movedim(-1, 1)
