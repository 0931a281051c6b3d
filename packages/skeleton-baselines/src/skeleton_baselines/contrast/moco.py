"""Momentum contrast around any encoder."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import MoCoConfig
from .queue import KeyQueue


class ProjectionHead(nn.Sequential):
    """Two linear maps with a ReLU between them: features `(N, F)` to queries or keys `(N, D)`.

    Args:
        features: Channels of the features, d.
        channels: Channels of queries and keys, D.

    Example:
        >>> ProjectionHead(256, 128)(torch.randn(2, 256)).shape
        torch.Size([2, 128])
    """

    def __init__(self, features: int, channels: int) -> None:
        hidden, out = nn.Linear(features, features), nn.Linear(features, channels)
        for linear in (hidden, out):
            nn.init.normal_(linear.weight, 0.0, 0.02)  # as the published training code
            nn.init.zeros_(linear.bias)
        super().__init__(hidden, nn.ReLU(), out)


class MoCo(nn.Module):
    r"""An encoder with a projection head, a copy of both that follows slowly, and a queue of the copy's keys.

    The copy gets no gradient: after each step it moves towards the encoder,
    :math:`\theta_k \leftarrow m \theta_k + (1 - m) \theta_q`. As in the published code of CrosSCLR and
    AimCLR it normalises by its own batches, and clips are not shuffled between processes for that.

    Args:
        encoder: Maps clips `(N, C, T, V, M)` to features `(N, F)`; it becomes part of this module.
        config: Sizes and momentum.
        features: Channels of the features, d.
        generator: Draws the first keys of the queue; processes must give it the same seed.

    Attributes:
        encoder: What is trained, and kept.
        head: Its projection head.
        key_encoder: The copy of the encoder.
        key_head: The copy of the head.
        queue: Keys of earlier clips.

    References:
        He et al., "Momentum Contrast for Unsupervised Visual Representation Learning" (2020).

    Example:
        >>> encoder = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 5, 8))
        >>> config = MoCoConfig(queue_size=16, channels=4)
        >>> moco = MoCo(encoder, config, features=8, generator=torch.Generator().manual_seed(0))
        >>> clips = torch.randn(2, 3, 4, 5, 1)
        >>> moco.query(clips).shape, moco.key(clips).requires_grad
        (torch.Size([2, 4]), False)
    """

    def __init__(
        self, encoder: nn.Module, config: MoCoConfig, *, features: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.head = ProjectionHead(features, config.channels)
        self.key_encoder = deepcopy(encoder).requires_grad_(False)
        self.key_head = deepcopy(self.head).requires_grad_(False)
        self.queue = KeyQueue(config.queue_size, config.channels, generator=generator)

    def query(self, x: Tensor) -> Tensor:
        """Return queries `(N, D)` of clips `(N, C, T, V, M)`."""
        query: Tensor = self.head(self.encoder(x))
        return query

    @torch.no_grad()
    def key(self, x: Tensor) -> Tensor:
        """Return keys `(N, D)` of clips `(N, C, T, V, M)`, of unit length."""
        return F.normalize(self.key_head(self.key_encoder(x)), dim=1)

    @torch.no_grad()
    def follow(self) -> None:
        """Move the key encoder and its head towards what is trained."""
        for ours, theirs in ((self.key_encoder, self.encoder), (self.key_head, self.head)):
            for key, query in zip(ours.parameters(), theirs.parameters(), strict=True):
                key.lerp_(query, 1 - self.config.momentum)
