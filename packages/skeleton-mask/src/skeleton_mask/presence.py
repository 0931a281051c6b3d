"""Masks of clips in which joints are missing: they show what is there."""

import torch
from einops import rearrange
from torch import Tensor

from .mask import Mask
from .noise import NoiseSource, clip_noise


def show_present(mask: Mask, present: Tensor, *, generator: NoiseSource) -> Mask:
    """Exchange visible tokens that are missing for masked ones that are there.

    Each clip shows as many tokens as before, so that it stays dense. The token that becomes visible is drawn
    from the same frame if there is one, else from the frames in which something is visible, else from all.
    A missing token stays visible only in a clip in which fewer are there than the mask shows.

    Args:
        mask: Any mask `(N, T, V)`.
        present: Bool `(N, T, V)`, true where a joint was measured; on the device of the mask.
        generator: A `torch.Generator`, or one seed for each clip, int64 `(N,)`; see `clip_noise`.

    Returns:
        The mask; where nothing is missing, the same tokens.

    Raises:
        ValueError: If `present` does not have the clips, frames and joints of the mask.

    Example:
        >>> mask = Mask(torch.tensor([[[True, True, False, False]]]))
        >>> present = torch.tensor([[[True, False, False, True]]])
        >>> show_present(mask, present, generator=torch.Generator()).visible.tolist()
        [[[True, False, False, True]]]
    """
    if present.shape != mask.visible.shape or present.dtype != torch.bool:
        kind = str(present.dtype).removeprefix("torch.")
        raise ValueError(f"present must be bool of {mask.shape}, got {kind} of {tuple(present.shape)}")
    other = ~generator if isinstance(generator, Tensor) else generator  # not the noise of the mask
    noise = clip_noise(mask.shape, other)
    visible = _exchange(mask.visible, present, noise)
    last = noise + ~mask.frames[:, :, None]  # hidden frames come after all others
    whole = (rearrange(each, "n t v -> n (t v)") for each in (visible, present, last))
    visible = rearrange(_exchange(*whole), "n (t v) -> n t v", v=mask.shape[2])
    return Mask(visible, mask.visible_per_clip)


def _exchange(visible: Tensor, present: Tensor, keys: Tensor) -> Tensor:
    """Exchange as many as possible along the last axis, those with the lowest keys first."""
    leaving, coming = visible & ~present, ~visible & present
    count = torch.minimum(leaving.sum(-1, keepdim=True), coming.sum(-1, keepdim=True))
    chosen = [
        keys.masked_fill(~each, torch.inf).argsort(dim=-1, stable=True).argsort(dim=-1) < count
        for each in (leaving, coming)
    ]
    return visible & ~chosen[0] | chosen[1]
