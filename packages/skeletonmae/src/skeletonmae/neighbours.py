"""Recognition by the most similar clips: what features tell with nothing trained on them."""

from torch import Tensor
from torch.nn import functional as F

CHUNK = 1024
"""Queries whose similarities to all clips are held at once."""


def nearest_neighbours(
    queries: Tensor, features: Tensor, labels: Tensor, *, classes: int, k: int = 1, temperature: float = 0.07
) -> Tensor:
    """Return votes of the k nearest labelled clips by cosine similarity.

    A neighbour votes for its class with the weight exp(similarity / temperature) (Wu et al., "Unsupervised
    Feature Learning via Non-Parametric Instance Discrimination", 2018, section 3.4).

    Args:
        queries: Features (Q, F) of the clips to recognise.
        features: Features (N, F) of labelled clips.
        labels: Their classes (N,), int64.
        classes: Number of classes, K.
        k: Neighbours that vote; all clips, if there are fewer.
        temperature: The lower, the more the nearest ones count.

    Returns:
        Fractions of the votes (Q, K), which sum to 1.

    Raises:
        ValueError: If shapes do not fit, or `k` or `temperature` is not positive.

    Example:
        >>> import torch
        >>> features = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> queries = torch.tensor([[0.9, 0.1], [0.2, 0.8]])
        >>> nearest_neighbours(queries, features, torch.tensor([4, 2]), classes=5).argmax(1)
        tensor([4, 2])
    """
    if queries.ndim != 2 or queries.shape[1:] != features.shape[1:] or labels.shape != features.shape[:1]:
        raise ValueError(
            f"expected queries (Q, F), features (N, F) and labels (N,), got {tuple(queries.shape)}, "
            f"{tuple(features.shape)} and {tuple(labels.shape)}"
        )
    if k < 1 or temperature <= 0 or not len(features):
        raise ValueError(f"k={k} and temperature={temperature} must be positive, with {len(features)} clips")
    queries, features = F.normalize(queries, dim=1), F.normalize(features, dim=1)
    votes = queries.new_zeros(len(queries), classes)
    for start in range(0, len(queries), CHUNK):
        similarity = queries[start : start + CHUNK] @ features.T
        nearest = similarity.topk(min(k, len(features)), dim=1)
        weight = (nearest.values / temperature).softmax(1)
        votes[start : start + CHUNK].scatter_add_(1, labels[nearest.indices], weight)
    return votes
