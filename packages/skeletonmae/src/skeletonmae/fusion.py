"""One answer from several models, such as those of joints, bones and motion."""

from collections.abc import Sequence

import torch
from torch import Tensor


def fuse_scores(scores: Sequence[Tensor], weights: Sequence[float] | None = None) -> Tensor:
    """Fuse the class scores of several models for the same clips.

    The weighted mean of the models' log-probabilities. Its order of classes is that of the weighted sum of
    the scores themselves, which is what is usually published (joint, bone and motion with 0.6, 0.6 and 0.4,
    Guo et al., "AimCLR", 2022): what the softmax takes off a clip's scores is the same for all its classes.

    Args:
        scores: For each model class scores (N, K) before the softmax; clips in one order.
        weights: For each model how much it counts; equally by default.

    Returns:
        (N, K), whose softmax are probabilities.

    Raises:
        ValueError: If shapes differ, or weights are not one positive number a model.

    Example:
        >>> joint, bone = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 2.0]])
        >>> fuse_scores([joint, bone]).argmax(), fuse_scores([joint, bone], [0.2, 0.8]).argmax()
        (tensor(0), tensor(1))
    """
    weights = [1.0] * len(scores) if weights is None else weights
    if not scores or len(scores) != len(weights) or not all(weight > 0 for weight in weights):
        raise ValueError(f"weights must be one positive number for each of {len(scores)} models: {weights}")
    shapes = {tuple(each.shape) for each in scores}
    if len(shapes) > 1 or scores[0].ndim != 2:
        raise ValueError(f"scores must be (N, K), the same for all models, got {sorted(shapes)}")
    fractions = torch.tensor(weights).to(scores[0]) / sum(weights)
    return torch.stack([each.log_softmax(1) for each in scores], dim=-1) @ fractions
