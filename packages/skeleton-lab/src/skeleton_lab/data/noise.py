"""Random numbers for augmentation on the device, for each clip its own."""

from __future__ import annotations

from torch import Tensor

from skeleton_mask import clip_noise, clip_seeds


class ClipNoise:
    """Uniform noise, other noise at each call, that depends on the seeds of the clips alone.

    Neither the batch that a clip is in matters nor the number of processes.

    Args:
        seeds: One for each clip `(N,)`, of `clip_seeds`.

    Example:
        >>> import torch
        >>> noise = ClipNoise(clip_seeds(0, 0, torch.arange(3)))
        >>> first, second = noise((3, 2)), noise((3, 2))
        >>> bool((first != second).all())
        True
        >>> bool((ClipNoise(clip_seeds(0, 0, torch.tensor([2])))((1, 2)) == first[2]).all())
        True
    """

    def __init__(self, seeds: Tensor) -> None:
        self.seeds, self.calls = seeds, 0

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        """Draw noise whose first axis counts the clips."""
        self.calls += 1
        return clip_noise(shape, clip_seeds(self.calls, 0, self.seeds))
