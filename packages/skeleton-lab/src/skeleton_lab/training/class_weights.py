"""Cross-entropy in which classes count alike, however many clips they have."""

from __future__ import annotations

import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional as F


def class_weights(clips: ArrayLike) -> Tensor:
    """Return the weight of a clip of each class (K,): inverse to the clips of its class, 1 on average.

    Args:
        clips: (K,) training clips of each class; a class without any has weight 0.

    Example:
        >>> class_weights([30, 10, 0])
        tensor([0.6667, 2.0000, 0.0000])
    """
    counts = torch.as_tensor(clips, dtype=torch.float32)
    there = counts > 0
    return torch.where(there, counts.sum() / (there.sum() * counts.clamp(min=1)), 0.0)


def cross_entropy(scores: Tensor, label: Tensor, weight: Tensor | None, *, label_smoothing: float) -> Tensor:
    """Return the mean cross-entropy over clips, of weighted classes too.

    `torch.nn.functional.cross_entropy` divides by the sum of the weights of a batch, so that it would matter
    how a batch is divided into processes and parts; here it is divided by the number of clips.

    Args:
        scores: (N, K).
        label: (N,) true classes.
        weight: (K,) weight of each class, if they do not count alike.
        label_smoothing: As of the function of torch.
    """
    if weight is None:
        return F.cross_entropy(scores, label, label_smoothing=label_smoothing)
    weight = weight.to(scores)
    losses = F.cross_entropy(scores, label, weight, reduction="none", label_smoothing=label_smoothing)
    return losses.mean()
