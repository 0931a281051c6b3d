"""The energy-based attention-guided drop module of AimCLR."""

import torch
from einops import rearrange
from torch import Tensor

REGULARISATION = 1e-4


def energy_attention(features: Tensor) -> Tensor:
    r"""Say how much each position of a feature map stands out.

    .. math:: a = \mathrm{sigmoid}\left(\frac{(f - \mu)^2}{4 (\sigma^2 + \lambda)} + \frac12\right)

    with mean and variance of each channel of a body over frames and joints: the inverse of a neuron's minimal
    energy. It is between 0.62, at the mean, and 1.

    Args:
        features: `(B, C, T, V)` of bodies.

    Returns:
        `(B, C, T, V)`.

    References:
        Yang et al., "SimAM: A Simple, Parameter-Free Attention Module for Convolutional Neural Networks"
        (2021), equation 5; Guo et al. (AimCLR, 2022), equation 3.
    """
    positions = features.shape[2] * features.shape[3]
    deviation = (features - features.mean(dim=(2, 3), keepdim=True)).square()
    variance = deviation.sum(dim=(2, 3), keepdim=True) / max(positions - 1, 1)
    return torch.sigmoid(deviation / (4 * (variance + REGULARISATION)) + 0.5)


def energy_drop(features: Tensor, *, threshold: float = 0.7) -> Tensor:
    """Drop what stands out most: whole joints first, then single values.

    Dropped are the joints of a body whose attention, averaged over channels and frames, reaches the
    threshold, and every value whose own attention does. What is left is scaled up, in either step by the
    fraction that was dropped in the batch. No gradient reaches the choice.

    Args:
        features: Feature maps `(N, C, T, V, M)`.
        threshold: At least 0.68, which no mean over all joints can reach; the published value is 0.7.

    Returns:
        `(N, C, T, V, M)`.

    References:
        Guo et al., "Contrastive Learning from Extremely Augmented Skeleton Sequences for Self-supervised
        Action Recognition" (2022), section 3.3; steps and scaling as in the published code.

    Example:
        >>> x = torch.zeros(1, 1, 1, 8, 1)
        >>> x[..., :2, :] = 3.0  # two of eight joints stand out
        >>> energy_drop(x + 1, threshold=0.7).flatten().round(decimals=2)
        tensor([0.0000, 0.0000, 1.7800, 1.7800, 1.7800, 1.7800, 1.7800, 1.7800])
    """
    bodies = rearrange(features, "n c t v m -> (n m) c t v")
    with torch.no_grad():
        # In half precision the mean over a joint would fall on either side of the threshold by rounding.
        attention = energy_attention(bodies.to(torch.promote_types(bodies.dtype, torch.float32)))
        joints = (attention.mean(dim=(1, 2)) < threshold).to(bodies.dtype)
        values = (attention < threshold).to(bodies.dtype)
        kept = joints[:, None, None, :] / joints.mean() * values / values.mean()
    return rearrange(bodies * kept, "(n m) c t v -> n c t v m", m=features.shape[4])
