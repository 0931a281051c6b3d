"""InfoNCE with a queue of negatives, and with more than one positive."""

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(query: Tensor, key: Tensor, queue: Tensor, *, temperature: float = 0.07) -> Tensor:
    r"""Contrast a query with its key against a queue.

    .. math:: -\log \frac{\exp(q \cdot k / \tau)}{\exp(q \cdot k / \tau) + \sum_i \exp(q \cdot m_i / \tau)}

    averaged over the batch.

    Args:
        query: Features `(N, D)`; they are brought to unit length here.
        key: Features `(N, D)` of the same clips, likewise; no gradient is meant to reach them.
        queue: Keys of earlier clips `(D, Q)`, of unit length.
        temperature: :math:`\tau`, above zero.

    Returns:
        The loss, a scalar.

    Raises:
        ValueError: If shapes do not fit or the temperature is not above zero.

    References:
        He et al., "Momentum Contrast for Unsupervised Visual Representation Learning" (2020), equation 1.

    Example:
        >>> query, queue = torch.eye(2), torch.zeros(2, 3)
        >>> round(info_nce(query, query, queue, temperature=1.0).item(), 4)  # log(e + 3) - 1
        0.7437
    """
    positive, negative = similarities(query, key, queue)
    logits = scores(positive, negative, temperature=temperature)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64, device=logits.device))


def similarities(query: Tensor, key: Tensor, queue: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cosines of queries `(N, D)` with their keys, `(N, 1)`, and with the queue, `(N, Q)`.

    Queries and keys are brought to unit length; the queue is taken to have it. All is in the precision of the
    queue, under mixed precision too: divided by a small temperature, cosines of half a float are too coarse.

    Raises:
        ValueError: If shapes do not fit.
    """
    if query.ndim != 2 or key.shape != query.shape:
        shapes = f"{tuple(key.shape)} and {tuple(query.shape)}"
        raise ValueError(f"key must have the shape (N, D) of query, got {shapes}")
    if queue.ndim != 2 or len(queue) != query.shape[1]:
        raise ValueError(f"queue must be (D, Q) with D = {query.shape[1]} of query, got {tuple(queue.shape)}")
    with torch.autocast(query.device.type, enabled=False):
        query, key = (F.normalize(features.to(queue.dtype), dim=1) for features in (query, key))
        return (query * key).sum(dim=1, keepdim=True), query @ queue


def scores(*columns: Tensor, temperature: float) -> Tensor:
    """Put cosines side by side and divide them by the temperature.

    Raises:
        ValueError: If the temperature is not above zero.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.cat(columns, dim=1) / temperature


def nearest(negative: Tensor, top: int) -> Tensor:
    """Mark the `top` nearest entries of the queue for each query: cosines `(N, Q)` to bool `(N, Q)`.

    Raises:
        ValueError: If `top` is not between 1 and the length of the queue.
    """
    if not 1 <= top <= negative.shape[1]:
        raise ValueError(f"top must be between 1 and the {negative.shape[1]} keys of the queue, got {top}")
    marks = torch.zeros_like(negative, dtype=torch.bool)
    return marks.scatter(1, negative.topk(top, dim=1).indices, True)


def several_positives(logits: Tensor, positives: Tensor) -> Tensor:
    """Average the cross-entropy over all positives of a query, then over the batch.

    Args:
        logits: `(N, L)`, the query's own key first.
        positives: Bool `(N, L)`, at least one in every row.

    Returns:
        The loss, a scalar.
    """
    picked = logits.log_softmax(dim=1) * positives
    return -(picked.sum(dim=1) / positives.sum(dim=1)).mean()
