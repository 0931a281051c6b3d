"""The graph of ST-GCN: who is whose neighbour, in three subsets."""

import torch
from torch import Tensor

from .config import distances


def spatial_graph(
    edges: tuple[tuple[int, int], ...], *, joints: int, centre: int, centre_hops: int | None = 1
) -> Tensor:
    r"""Build the adjacency matrices of the spatial partition.

    With neighbours being the two ends of a bone, and every joint its own neighbour, entry :math:`(k, v, w)`
    is the weight of joint v in what joint w receives, if v belongs to subset k of its neighbours, and else
    zero:

    - subset 0: w itself,
    - subset 1: neighbours that are as far from the centre as w, or farther,
    - subset 2: neighbours that are nearer to it.

    Each of the d neighbours has weight 1 / d: summed over k and v a column is one.

    Args:
        edges: Bones as pairs of joint numbers.
        joints: Number of joints V.
        centre: The joint from which distance is counted, in bones.
        centre_hops: Distances above this count as equal; None keeps all of them distinct.

    Returns:
        float32 `(3, V, V)`.

    References:
        Yan et al., "Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action Recognition"
        (2018), section 3.3, spatial configuration partitioning. The paper sets no limit to the distance; its
        published code, and all that build on it, do not tell distances above one bone apart, so that farther
        out both directions of a bone are in subset 1. That is the default, for published weights were
        trained so.

    Example:
        >>> chain = spatial_graph(((0, 1), (1, 2)), joints=3, centre=0)
        >>> chain[1].tolist()
        [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.3333333432674408, 0.0]]
    """
    adjacency = torch.eye(joints)
    for start, end in edges:
        adjacency[start, end] = adjacency[end, start] = 1
    adjacency = adjacency / adjacency.sum(dim=0)

    found = distances(edges, centre)
    limit = joints if centre_hops is None else centre_hops + 1
    away = torch.tensor([min(found[joint], limit) for joint in range(joints)])
    itself = torch.eye(joints, dtype=torch.bool)
    nearer = away[:, None] < away[None, :]
    return torch.stack([adjacency * subset for subset in (itself, ~itself & ~nearer, nearer)])
