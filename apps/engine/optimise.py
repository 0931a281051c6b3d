"""One step of optimisation."""

from __future__ import annotations

from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def optimise(
    accelerator: Accelerator,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler,
    loss: Tensor,
    *,
    clip_norm: float | None,
) -> None:
    """Move the weights against the gradient of `loss`.

    Args:
        accelerator: Scales the loss and averages the gradient over processes.
        model: Its parameters' gradient is clipped.
        optimizer: As prepared by the accelerator.
        scheduler: As prepared by the accelerator; one step, too.
        loss: Scalar, mean over this process's share of the batch.
        clip_norm: Largest norm of the gradient over all parameters; None for any.
    """
    accelerator.backward(loss)
    if clip_norm is not None:
        accelerator.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
