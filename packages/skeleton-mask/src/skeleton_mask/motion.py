"""Masks that hide what moves."""

import torch
from einops import rearrange
from torch import Tensor

from .counts import masked_count
from .mask import Mask, lowest
from .noise import NoiseSource, clip_noise


def motion(x: Tensor, *, patch_frames: int = 1) -> Tensor:
    """Measure how far every joint moves from one patch of frames to the next.

    The mean absolute difference between a patch and the one before it, over channels and the frames of the
    patch. The first patch has none before it and takes the value of the second; a single patch does not move.

    Args:
        x: Joint positions `(N, C, T, V)`.
        patch_frames: Frames in a patch; must divide `T`.

    Returns:
        `(N, T / patch_frames, V)`, in the unit of `x`.

    Raises:
        ValueError: If `x` has not four axes or `patch_frames` does not divide its frames.

    References:
        Mao et al., "Masked Motion Predictors are Strong 3D Action Representation Learners" (2023), section
        3.3.

    Example:
        >>> x = torch.tensor([0.0, 1.0, 1.0, 4.0]).reshape(1, 1, 4, 1)
        >>> motion(x).flatten().tolist(), motion(x, patch_frames=2).flatten().tolist()
        ([1.0, 1.0, 0.0, 3.0], [2.0, 2.0])
    """
    if x.ndim != 4:
        raise ValueError(f"x must be (clips, channels, frames, joints), got shape {tuple(x.shape)}")
    if patch_frames < 1 or x.shape[2] % patch_frames:
        raise ValueError(f"patch_frames must divide the {x.shape[2]} frames of x, got {patch_frames}")
    patches = rearrange(x, "n c (t k) v -> n c t k v", k=patch_frames)
    if patches.shape[2] == 1:
        return torch.zeros_like(patches[:, 0, :, 0])
    steps = patches.diff(dim=2).abs().mean(dim=(1, 3))
    return torch.cat([steps[:, :1], steps], dim=1)


def motion_aware(weights: Tensor, ratio: float, *, tau: float, generator: NoiseSource) -> Mask:
    r"""Hide joints the more likely the more they move.

    Tokens are drawn without replacement, with probability in proportion to
    :math:`\exp(m / (\tau \max m))`, where :math:`m` is the motion of a token and the maximum is over its
    clip. Drawn by the Gumbel trick: the tokens with the largest :math:`m / (\tau \max m) - \log(-\log u)` are
    hidden, with uniform u.

    Args:
        weights: Motion `(N, T, V)`, not negative, for example `motion(x)`.
        ratio: Fraction of the `T * V` tokens that is hidden, `[0, 1)`, or a count; see `masked_count`.
        tau: Temperature, above zero: small hides only what moves most, large ignores motion.
        generator: A `torch.Generator`, or one seed for each clip, int64 `(N,)`, on the device of `weights`.

    Returns:
        The mask.

    Raises:
        ValueError: If the ratio, `tau` or the shape of `weights` is out of range, or if a weight is negative,
            NaN or infinite. The values are looked at only on a CPU: elsewhere that would wait for the device.

    References:
        Mao et al., "Masked Motion Predictors are Strong 3D Action Representation Learners" (2023), section
        3.3.

    Example:
        >>> weights = torch.tensor([[[0.0, 0.0, 9.0, 9.0]]])
        >>> motion_aware(weights, 0.5, tau=0.01, generator=torch.Generator().manual_seed(0)).visible.tolist()
        [[[True, True, False, False]]]
    """
    _check(weights, tau)
    clips, frames, joints = weights.shape
    hidden = masked_count(ratio, frames * joints)
    noise = clip_noise((clips, frames * joints), generator)
    if noise.device != weights.device:
        raise ValueError(f"generator must be on the device of weights, {weights.device}, got {noise.device}")
    weight_of_token = rearrange(weights.detach(), "n t v -> n (t v)").to(torch.float32)
    largest = weight_of_token.amax(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
    gumbel = -(-noise.log()).log()
    kept = ~lowest(-(weight_of_token / largest / tau + gumbel), hidden)
    return Mask(rearrange(kept, "n (t v) -> n t v", t=frames), frames * joints - hidden)


def _check(weights: Tensor, tau: float) -> None:
    if weights.ndim != 3:
        raise ValueError(f"weights must be (clips, frames, joints), got shape {tuple(weights.shape)}")
    if not tau > 0:
        raise ValueError(f"tau must be above 0, got {tau}")
    if weights.device.type == "cpu" and not torch.compiler.is_compiling():
        bad = weights[~((weights >= 0) & weights.isfinite())]
        if bad.numel():
            raise ValueError(f"weights must be finite and not negative, got {bad[0].item()}")
