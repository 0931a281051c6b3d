"""Partial whitening: features in which no single direction decides what is similar."""

import torch
from torch import Tensor, nn


def partial_whitening(features: Tensor, *, components: int = 64, power: float = 0.5) -> nn.Linear:
    r"""Fit a map that centres features, takes their principal components and evens out their variances.

    With the principal directions :math:`u_i` of the features and their standard deviations
    :math:`\sigma_i`, the map is

    .. math:: z_i = \sigma_i^{-p} \, u_i \cdot (x - \mu)

    where p = 0 is the projection alone and p = 1 whitens fully. No label is needed. Where few directions have
    most of the variance, as in features of masked pre-training, cosine similarities of whitened features
    distinguish more classes; directions of small variance are noise, so that `components` should be well
    below the number of clips.

    Args:
        features: (N, F), of clips with or without labels.
        components: Directions that are kept; those without variance are left out, too.
        power: p, from 0 to 1.

    Returns:
        The map of features, C to as many channels as directions are kept.

    Raises:
        ValueError: If features do not vary, or an argument is out of its range.

    References:
        Jégou and Chum, "Negative Evidences and Co-occurrences in Image Retrieval: The Benefit of PCA and
        Whitening" (2012).

    Example:
        >>> features = torch.tensor([[9.0, 1.0], [1.0, 1.0], [5.0, 2.0], [5.0, 0.0]])
        >>> whitened = partial_whitening(features, power=1.0)(features)
        >>> whitened.square().mean(0).round(decimals=3)
        tensor([1., 1.])
    """
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features must be (N, F) of at least two clips, got {tuple(features.shape)}")
    if components < 1 or not 0 <= power <= 1:
        raise ValueError(f"components={components} must be positive, and power={power} from 0 to 1")
    features = features.detach()
    mean = features.mean(0)
    _, values, directions = torch.linalg.svd(features - mean, full_matrices=False)
    varies = values > 1e-5 * values[0].clamp(min=1e-30)
    kept = min(components, int(varies.sum()))
    if not kept:
        raise ValueError(f"features of {len(features)} clips are all the same")
    deviations = values[:kept] / len(features) ** 0.5
    whitening = nn.Linear(features.shape[1], kept, device=features.device, dtype=features.dtype)
    with torch.no_grad():
        whitening.weight.copy_(directions[:kept] * deviations[:, None] ** -power)
        whitening.bias.copy_(-(whitening.weight @ mean))
    return whitening.requires_grad_(False)
