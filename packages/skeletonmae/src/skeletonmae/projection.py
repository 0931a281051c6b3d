"""Features in a plane, to look at them."""

import torch
from torch import Tensor


def principal_components(features: Tensor, count: int = 2) -> tuple[Tensor, Tensor]:
    """Project features onto the directions in which they vary most.

    Args:
        features: (N, F).
        count: Directions.

    Returns:
        The projections (N, count), centred, and the fraction of the variance (count,) of each direction.
        Signs are such that the largest number of each direction is positive.

    Raises:
        ValueError: If there are not as many clips and channels as directions.

    Example:
        >>> line = torch.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
        >>> principal_components(line, 1)[1]
        tensor([1.])
    """
    if features.ndim != 2 or min(features.shape) < count:
        raise ValueError(f"features must be at least ({count}, {count}), got {tuple(features.shape)}")
    centred = features - features.mean(0)
    _, values, directions = torch.linalg.svd(centred, full_matrices=False)
    largest = directions.abs().argmax(1, keepdim=True)
    directions = directions * directions.gather(1, largest).sign()
    variance = values.square()
    return centred @ directions[:count].T, variance[:count] / variance.sum().clamp(min=1e-30)
