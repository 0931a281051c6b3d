"""BatchNorm statistics for another kind of input than the one that was trained on."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def recalibrate(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the running statistics of BatchNorm by those of the batches; no weight changes.

    In masked pre-training an encoder meets visible tokens alone, and its running statistics are theirs.
    Before its features of whole clips are used as they are, for a probe or for neighbours, statistics of
    whole clips have to take their place; fine-tuning does that on its way. No label is needed.

    Statistics are the mean over batches of each batch's mean and variance, so batches should be large and
    mixed. Everything but BatchNorm runs in evaluation mode. A model without BatchNorm stays as it is.

    Args:
        model: Any network on clips; left in the mode that it was in.
        batches: Clips (N, C, T, V, M) such as the model will see.

    Raises:
        ValueError: If there is no batch.

    Example:
        >>> norm = nn.BatchNorm1d(1)
        >>> recalibrate(norm, [torch.tensor([[4.0], [6.0]]), torch.tensor([[5.0], [7.0]])])
        >>> norm.running_mean, norm.running_var, norm.momentum
        (tensor([5.5000]), tensor([2.]), 0.1)
    """
    norms = [part for part in model.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]
    before = [(part, part.training) for part in model.modules()]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches, each counted once
        norm.training = True
    seen = 0
    for batch in batches if norms else ():
        model(batch)
        seen += 1
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    for part, training in before:
        part.training = training
    if norms and not seen:
        raise ValueError("batches must hold at least one batch of clips")
