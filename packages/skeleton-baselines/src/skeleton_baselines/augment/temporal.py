"""Augmentations of a clip in time."""

import torch
from einops import rearrange
from torch import Tensor


def reflected_crop(x: Tensor, start: Tensor, *, padding: int) -> Tensor:
    """Lengthen clips at both ends by their reflection, and cut out as many frames as there were.

    The reflection begins with the outermost frame itself: `c b a | a b c d | d c b`.

    Args:
        x: Clips `(N, C, T, V, M)`.
        start: `(N,)`, first frame of the lengthened clip that is kept, from 0 to twice the padding.
        padding: Frames that are added at each end, at most T.

    Returns:
        `(N, C, T, V, M)`.

    Example:
        >>> x = torch.arange(4.0).reshape(1, 1, 4, 1, 1)
        >>> reflected_crop(x, torch.tensor([0]), padding=2).flatten()
        tensor([1., 0., 0., 1.])
    """
    frames = x.shape[2]
    frame = start[:, None] - padding + torch.arange(frames, device=x.device)
    frame = torch.where(frame < 0, -1 - frame, frame)
    frame = torch.where(frame >= frames, 2 * frames - 1 - frame, frame)
    clip = torch.arange(len(x), device=x.device)[:, None]
    return rearrange(x[clip, :, frame], "n t c v m -> n c t v m")


def blur(x: Tensor, sigma: Tensor, *, kernel: int, normalise: bool = True) -> Tensor:
    r"""Blur clips in time by a Gaussian that is cut off at `kernel // 2` frames.

    .. math:: y_t = \sum_s w_{t-s} x_s / \sum_s w_{t-s}, \quad w_d = \exp(-d^2 / 2 \sigma^2)

    so that a body at rest stays where it is.

    Args:
        x: Clips `(N, C, T, V, M)`.
        sigma: `(N,)`, frames, above zero.
        kernel: Frames that the Gaussian covers, odd.
        normalise: Without it there is no denominator, as in the published code of AimCLR: the clip is
            enlarged up to fivefold, and less at its ends.

    Returns:
        `(N, C, T, V, M)`.

    Example:
        >>> x = torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0]).reshape(1, 1, 5, 1, 1)
        >>> blur(x, torch.tensor([0.5]), kernel=3).flatten()
        tensor([0.0000, 0.1065, 0.7870, 0.1065, 0.0000])
    """
    frame = torch.arange(x.shape[2], device=x.device)
    distance = (frame[:, None] - frame[None, :]).to(x.dtype)
    weight = torch.exp(-distance.square() / (2 * sigma[:, None, None].square()))
    weight = weight * (distance.abs() <= kernel // 2)
    if normalise:
        weight = weight / weight.sum(dim=2, keepdim=True)
    return torch.einsum("nts,ncsvm->nctvm", weight, x)
