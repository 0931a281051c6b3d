"""Self-training: a network that was trained with few labels answers to the other clips, and teaches the next.

Each round trains a network anew, on the labelled clips, and on the unlabelled ones with the answers of the
round before (Lee, "Pseudo-Label", 2013). Answers are aligned with the classes of the labelled clips
(Berthelot et al., "ReMixMatch", 2020) and sharpened; they stay probabilities.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def soft_targets(
    probabilities: Tensor, prior: Tensor, *, sharpening: float = 2.0, alignment: bool = True
) -> Tensor:
    """Return what a network is taught (N, K), from the answers of another one.

    Args:
        probabilities: (N, K) answers.
        prior: (K,) frequencies of the classes among the labelled clips.
        sharpening: Power that probabilities are raised to.
        alignment: Whether they are multiplied by `prior` over their mean, before that.

    Example:
        >>> answers = torch.tensor([[0.9, 0.1], [0.6, 0.4]])
        >>> soft_targets(answers, torch.tensor([0.5, 0.5])).round(decimals=2)
        tensor([[0.9000, 0.1000],
                [0.2000, 0.8000]])
    """
    smallest = torch.finfo(torch.float32).tiny
    if alignment:
        probabilities = probabilities * prior / probabilities.mean(0).clamp(min=smallest)
        probabilities = probabilities / probabilities.sum(1, keepdim=True).clamp(min=smallest)
    powers = (sharpening * probabilities.clamp(min=smallest).log()).softmax(1)
    return powers.to(torch.float32)


def target_table(labels: Tensor, soft: Tensor) -> Tensor:
    """Return the targets (L + N, K) of L labelled clips and N others, in that order.

    Args:
        labels: (L,) true classes.
        soft: (N, K) what is taught of the others.
    """
    return torch.cat([F.one_hot(labels, soft.shape[1]).to(soft), soft])


def fraction_right(soft: Tensor, labels: Tensor) -> float | None:
    """Return how many of the most probable classes are right, where that is known; it influences nothing.

    Args:
        soft: (N, K) what is taught.
        labels: (N,) true classes, -1 where they are not known.

    Example:
        >>> fraction_right(torch.eye(3), torch.tensor([0, 2, -1]))
        0.5
    """
    known = labels >= 0
    return (soft.argmax(1) == labels)[known].float().mean().item() if known.any() else None
