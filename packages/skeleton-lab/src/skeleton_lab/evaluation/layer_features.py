"""The layers of an encoder: their features, how these vary, and the statistics that BatchNorm has met."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import torch
from einops import rearrange, reduce
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from skeleton_lab.runs.results import Statistics

Moments = tuple[Tensor, Tensor]
"""Mean and standard deviation of each channel."""


class LayerFeatures(nn.Module):
    """Features of each layer, pooled over frames and bodies: one row (N, F) for all layers together.

    The first layer is the clip itself; then come the blocks of an encoder that gives its intermediates, or
    else its last features alone.

    Args:
        encoder: A network on clips (N, C, T, V, M).
        joints: V.
        channels: C.
    """

    encoder: Any
    joints: int
    widths: dict[str, int]

    def __init__(self, encoder: nn.Module, *, joints: int, channels: int) -> None:
        super().__init__()
        self.encoder, self.joints = encoder, joints
        blocks = getattr(encoder, "feature_info", None)
        widths = [block["num_chs"] for block in blocks] if blocks else [self.encoder.num_features]
        names = [f"block {number}" for number, _ in enumerate(widths, start=1)] if blocks else ["last block"]
        self.widths = dict(zip(("coordinates", *names), (channels, *widths), strict=True))

    @property
    def head_hidden_size(self) -> int:
        """Length of a row, F."""
        return self.joints * sum(self.widths.values())

    def forward(self, x: Tensor) -> Tensor:
        """Return rows (N, F) of clips (N, C, T, V, M)."""
        if hasattr(self.encoder, "forward_intermediates"):
            layers = self.encoder.forward_intermediates(x, intermediates_only=True)
        else:
            layers = [self.encoder.forward_features(x)]
        return torch.cat([reduce(layer, "n c t v m -> n (c v)", "mean") for layer in (x, *layers)], dim=1)

    def split(self, rows: Tensor) -> dict[str, Tensor]:
        """Split rows (N, F) by layer: (N, C', V)."""
        sizes = [width * self.joints for width in self.widths.values()]
        parts = (
            rearrange(part, "n (c v) -> n c v", v=self.joints) for part in torch.split(rows, sizes, dim=1)
        )
        return dict(zip(self.widths, parts, strict=True))


def dimensions(features: Tensor) -> float:
    """Count the directions among which the variance of features (N, F) is spread.

    (sum of variances)² / sum of squared variances along the principal components: C if all are equal, 1 if
    features lie on a line, as after a collapse.

    Example:
        >>> round(dimensions(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])), 3)
        2.0
    """
    variances = torch.linalg.svdvals(features.double() - features.double().mean(0)).square()
    return float(variances.sum() ** 2 / variances.square().sum().clamp(min=1e-300))


def norms(network: nn.Module) -> dict[str, Moments]:
    """Return the running mean and standard deviation of each BatchNorm, by name, as they are now."""
    found: dict[str, Moments] = {}
    for name, part in network.named_modules():
        if isinstance(part, _BatchNorm) and part.running_mean is not None and part.running_var is not None:
            found[name] = (part.running_mean.clone(), part.running_var.sqrt())
    return found


def shifts(before: dict[str, Moments], after: dict[str, Moments]) -> dict[str, Statistics]:
    """Return how far statistics of masked clips are from those of whole ones, by block.

    Args:
        before: Of masked clips, as `norms` gives them.
        after: Of whole clips.
    """
    found: dict[str, list[Statistics]] = {}
    for name, (mean, spread) in before.items():
        whole_mean, whole_spread = after[name]
        floor = whole_spread.clamp(min=1e-6)
        shift = ((mean - whole_mean).abs() / floor).mean()
        scale = (spread.clamp(min=1e-6) / floor).log().mean().exp()
        place = name.split(".")
        layer = f"block {int(place[1]) + 1}" if place[0] == "blocks" else "coordinates"
        found.setdefault(layer, []).append(Statistics(shift=float(shift), scale=float(scale)))
    return {
        layer: Statistics(
            shift=fmean(each.shift for each in moved), scale=fmean(each.scale for each in moved)
        )
        for layer, moved in found.items()
    }
