"""The losses of AimCLR: contrast, agreement of extreme views with the normal one, and mined neighbours."""

from typing import NamedTuple

import torch
from torch import Tensor

from .info_nce import nearest, scores, several_positives, similarities


class AimCLRLosses(NamedTuple):
    """The three terms of AimCLR, scalars.

    Attributes:
        contrast: Contrast of the normal query with its key (and mined neighbours) against the queue.
        extreme: Disagreement of the extremely augmented query with the normal one.
        dropped: Disagreement of the extremely augmented query with dropped features.
    """

    contrast: Tensor
    extreme: Tensor
    dropped: Tensor

    @property
    def total(self) -> Tensor:
        """What is trained on: the contrast, and half of each disagreement."""
        return self.contrast + (self.extreme + self.dropped) / 2


def aimclr(
    query: Tensor,
    extreme: Tensor,
    dropped: Tensor,
    key: Tensor,
    queue: Tensor,
    *,
    neighbours: int = 0,
    temperature: float = 0.07,
) -> AimCLRLosses:
    r"""Compare three queries of each clip with its key and the queue.

    Each query has a distribution :math:`p = \mathrm{softmax}(q \cdot [k, m_1, \dots] / \tau)`. The normal
    one is contrasted with the key; the other two are pulled towards its distribution by a cross-entropy
    :math:`-\sum p \log p'`, through which no gradient reaches the normal query. With `neighbours`, what is
    nearest to any of the three queries in the queue is positive too.

    Args:
        query: Features `(N, D)` of the normally augmented clip; like the others brought to unit length here.
        extreme: Features `(N, D)` of the extremely augmented clip.
        dropped: The same with the most salient features dropped `(N, D)`.
        key: Features `(N, D)` from the key encoder; no gradient is meant to reach them.
        queue: Keys of earlier clips `(D, Q)`, of unit length.
        neighbours: How many entries of the queue each query adds to the positives; 0 in the first stage.
        temperature: :math:`\tau`, above zero.

    Returns:
        The three terms.

    Raises:
        ValueError: If shapes do not fit, or `neighbours` or the temperature is out of range.

    References:
        Guo et al., "Contrastive Learning from Extremely Augmented Skeleton Sequences for Self-supervised
        Action Recognition" (2022), equations 4 to 9.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> unit = lambda *shape: torch.nn.functional.normalize(torch.randn(shape), dim=-1)
        >>> losses = aimclr(unit(4, 8), unit(4, 8), unit(4, 8), unit(4, 8), unit(32, 8).T, neighbours=1)
        >>> losses.total.shape
        torch.Size([])
    """
    products = [similarities(features, key, queue) for features in (query, extreme, dropped)]
    normal, other, other_dropped = (scores(*product, temperature=temperature) for product in products)
    target = normal.detach().softmax(dim=1)
    return AimCLRLosses(
        contrast=several_positives(normal, _positives([negative for _, negative in products], neighbours)),
        extreme=-(target * other.log_softmax(dim=1)).sum(dim=1).mean(),
        dropped=-(target * other_dropped.log_softmax(dim=1)).sum(dim=1).mean(),
    )


def _positives(negatives: list[Tensor], neighbours: int) -> Tensor:
    """Mark a query's own key, and of the queue what is nearest to any query: bool `(N, 1 + Q)`."""
    own = torch.ones_like(negatives[0][:, :1], dtype=torch.bool)
    mined = torch.zeros_like(negatives[0], dtype=torch.bool)
    if neighbours:
        for negative in negatives:
            mined = mined | nearest(negative, neighbours)
    return torch.cat([own, mined], dim=1)
