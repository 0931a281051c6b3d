"""AimCLR: extremely augmented clips follow the normally augmented ones."""

from typing import Protocol

import torch
from torch import Tensor, nn

from ..augment.energy_drop import energy_drop
from ..augment.extreme import ExtremeAugmentation
from ..augment.noise import NoiseSource
from ..augment.normal import NormalAugmentation
from ..losses.aimclr import aimclr
from .config import AimCLRConfig
from .moco import MoCo
from .output import ContrastOutput
from .views import view_of


class MapEncoder(Protocol):
    """An encoder whose feature maps can be had: `STGCN` and `STTFormer` without a head."""

    @property
    def num_features(self) -> int:
        """Channels of the features."""

    def forward_features(self, x: Tensor) -> Tensor:
        """Return feature maps `(N, C', T', V, M)` of clips `(N, C, T, V, M)`."""

    def forward_head(self, features: Tensor, *, pre_logits: bool = False) -> Tensor:
        """Pool maps to features `(N, F)`; only with `pre_logits`."""


class AimCLR(nn.Module):
    """Contrastive learning from extremely augmented skeletons (Guo et al., 2022).

    A normally augmented query is contrasted with its key; an extremely augmented one, with and without its
    most salient features, is drawn to the same distribution over key and queue. In the second stage what is
    nearest to any of the three in the queue is positive too.

    Differences from the published code: those of `ExtremeAugmentation`, unless `published_behaviour` is set,
    and key encoders begin as copies, where they begin with other random weights.

    Args:
        encoder: Maps clips to feature maps, and these to features; it becomes part of this module.
        config: The choices.
        generator: Draws the first keys of the queue; processes must give it the same seed.

    Attributes:
        encoders: What is trained, and kept, by view.
        moco: Momentum contrast.

    Example:
        >>> from skeleton_baselines import STGCN, AimCLRConfig, STGCNConfig
        >>> random = torch.Generator().manual_seed(0)
        >>> encoder = STGCN(STGCNConfig(width=2, num_features=8))
        >>> model = AimCLR(encoder, AimCLRConfig(moco={"queue_size": 16}), generator=random)
        >>> output = model(torch.randn(4, 3, 12, 25, 2), generator=random, mine=True)
        >>> output.loss.shape, [*output.terms]
        (torch.Size([]), ['contrast', 'extreme', 'dropped'])
    """

    def __init__(self, encoder: MapEncoder, config: AimCLRConfig, *, generator: torch.Generator) -> None:
        super().__init__()
        if not isinstance(encoder, nn.Module):
            raise ValueError(f"encoder must be a module, got {type(encoder).__name__}")
        self.config = config
        self.normal = NormalAugmentation(config.normal, config.flat)
        self.extreme = ExtremeAugmentation(
            config.extreme,
            config.pairs,
            published_behaviour=config.published_behaviour,
            flat=config.flat,
        )
        self.moco = MoCo(encoder, config.moco, features=encoder.num_features, generator=generator)

    @property
    def encoders(self) -> dict[str, nn.Module]:
        """What is trained, and kept, by view."""
        return {self.config.view: self.moco.encoder}

    def forward(self, x: Tensor, *, generator: NoiseSource, mine: bool = False) -> ContrastOutput:
        """Compare three queries of each clip with a key; in training mode, key encoder and queue go on.

        Args:
            x: Joints of clips `(N, 3, T, V, M)`.
            generator: Draws the augmentations.
            mine: Whether to mine positives in the queue: the second stage.

        Returns:
            The loss, and its three terms by the names of `AimCLRLosses`.
        """
        flat = self.config.flat
        with torch.autocast(x.device.type, enabled=False):  # half a float does not tell millimetres apart
            normal, other, extreme = (
                view_of(augment(x, generator=generator), self.config.view, bones=self.config.bones, flat=flat)
                for augment in (self.normal, self.normal, self.extreme)
            )
        query = self.moco.query(normal)
        extreme_query, dropped_query = self.extreme_queries(extreme)
        if self.training:
            self.moco.follow()
        key = self.moco.key(other)
        losses = aimclr(
            query,
            extreme_query,
            dropped_query,
            key,
            self.moco.queue.keys.clone(),  # it goes on before the gradient is computed from what it was
            neighbours=self.config.neighbours if mine else 0,
            temperature=self.config.moco.temperature,
        )
        if self.training:
            self.moco.queue.push(key)
        return ContrastOutput(losses.total, {name: term.detach() for name, term in losses._asdict().items()})

    def extreme_queries(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return queries `(N, D)` of clips `(N, C, T, V, M)`, of the whole map and of the dropped one."""
        encoder: MapEncoder = self.moco.encoder  # type: ignore[assignment]
        maps = encoder.forward_features(x)
        dropped = energy_drop(maps, threshold=self.config.drop_threshold)
        whole, rest = (encoder.forward_head(part, pre_logits=True) for part in (maps, dropped))
        return self.moco.head(whole), self.moco.head(rest)
