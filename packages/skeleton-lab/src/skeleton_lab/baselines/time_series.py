"""What a practitioner of time series would take: random convolutions of aeon, and dynamic time warping."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import torch
from einops import rearrange
from torch import Tensor, nn

from skeleton_lab.baselines.config import AEON
from skeleton_lab.errors import InputError

NUMBERS = 2**24
"""Costs that are kept at once, 64 MiB."""


def dynamic_time_warping(x: Tensor, y: Tensor) -> Tensor:
    """Return the cost of the cheapest alignment of each pair of clips (Q, N).

    An alignment goes from the first frames of both to the last ones, and in each step forward in one of them
    or in both; it costs the sum of squared distances of the frames that it puts together. Sakoe, Chiba:
    Dynamic Programming Algorithm Optimization for Spoken Word Recognition, 1978; without a window.

    Args:
        x: Clips (Q, T, F).
        y: Clips (N, T', F).

    Example:
        >>> clip = torch.tensor([0.0, 1.0, 1.0, 2.0]).view(1, 4, 1)
        >>> other = torch.tensor([[0.0, 0.0, 1.0, 2.0], [0.0, 1.0, 2.0, 4.0]]).view(2, 4, 1)
        >>> dynamic_time_warping(clip, other)
        tensor([[0., 4.]])
    """
    each = max(1, NUMBERS // (len(y) * x.shape[1] * y.shape[1]))
    return torch.cat([_alignments(part, y) for part in torch.split(x, each)])


def _alignments(x: Tensor, y: Tensor) -> Tensor:
    distance = torch.cdist(rearrange(x, "q t f -> (q t) f"), rearrange(y, "n s f -> (n s) f"))
    cost = rearrange(distance.square(), "(q t) (n s) -> t s q n", t=x.shape[1], s=y.shape[1]).contiguous()
    for t in range(x.shape[1]):
        for s in range(y.shape[1]):
            before = [cost[i, j] for i, j in ((t - 1, s - 1), (t - 1, s), (t, s - 1)) if min(i, j) >= 0]
            if before:
                cost[t, s] += reduce(torch.minimum, before)
    return cost[-1, -1].clone()


class TimeSeriesClassifier(nn.Module):
    """A classifier of aeon: Hydra, MiniRocket or MultiRocketHydra, each with its own defaults.

    Random convolutions of each clip, and a linear classifier of what they say. Hydra: Dempster, Schmidt,
    Webb, 2023. MiniRocket: the same, 2021. MultiRocket: Tan, Dempster, Bergmeir, Webb, 2022.

    Args:
        kind: Which.
        inputs: Labelled clips (N, T, F).
        labels: Their classes (N,).
        classes: Number of classes, K.
        seed: Of the convolutions.

    Raises:
        InputError: If aeon is not installed, or cannot use such clips.
    """

    def __init__(self, kind: str, inputs: Tensor, labels: Tensor, *, classes: int, seed: int) -> None:
        super().__init__()
        self.kind, self.classes = kind, classes
        self.model = getattr(_convolutions(kind), AEON[kind])(random_state=seed)
        try:
            self.model.fit(_series(inputs), labels.numpy())
        except ValueError as error:
            raise InputError(f"model.kind: {kind}: {' '.join(str(error).split())}") from error

    def forward(self, x: Tensor) -> Tensor:
        """Return 1 for the class that is recognised in each clip (N, T, F), 0 for others, (N, K)."""
        found = torch.from_numpy(np.asarray(self.model.predict(_series(x)), dtype=np.int64))
        return nn.functional.one_hot(found, self.classes).float()


def _series(clips: Tensor) -> Any:
    """Return clips (N, T, F) as aeon has them, (N, F, T)."""
    return rearrange(clips, "n t f -> n f t").contiguous().numpy()


def _convolutions(kind: str) -> Any:
    try:
        from aeon.classification import convolution_based
    except ImportError as error:
        problem = f"model.kind: {kind} is aeon's, which is not installed (pip install 'skeleton-lab[aeon]')"
        raise InputError(problem) from error
    return convolution_based
