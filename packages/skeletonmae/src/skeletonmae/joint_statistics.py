"""Features of each joint over time: where it is on average, and how much it varies."""

from typing import Any, cast

import torch
from einops import rearrange, reduce
from torch import Tensor, nn


class JointStatistics(nn.Module):
    """An encoder whose features are the mean and the standard deviation over time of each joint's channels.

    The mean over time forgets how much a joint's features vary in a clip. Bodies are averaged before.

    Args:
        encoder: An `STTFormer`, a `Transformer` or a `TokenClassifier`: it has `forward_features`.

    Example:
        >>> from sttformer import create
        >>> model = JointStatistics(create("tiny"))
        >>> model(torch.randn(2, 3, 20, 25, 1)).shape, model.head_hidden_size  # 25 joints, 64 channels, twice
        (torch.Size([2, 3200]), 3200)
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    @property
    def head_hidden_size(self) -> int:
        """Length of the features, F = 2 V C'."""
        encoder = cast(Any, self.encoder)
        return 2 * int(encoder.config.joints) * int(encoder.num_features)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, F) of clips (N, C, T, V, M): all means, then all standard deviations."""
        tokens = reduce(cast(Any, self.encoder).forward_features(x), "n c t v m -> n c t v", "mean")
        deviation, mean = torch.std_mean(tokens, dim=2, correction=0)
        return torch.cat([rearrange(each, "n c v -> n (v c)") for each in (mean, deviation)], dim=1)
