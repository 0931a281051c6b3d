"""STTFormer, from clips to class scores."""

from typing import Any, Self

import torch
from einops import rearrange
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn
from torch.nn import functional as F

from .block import STTFormerBlock
from .config import STTFormerConfig
from .grid import DenseGrid, TokenGrid, VisibleGrid
from .norm import Repeated, TokenBatchNorm


class STTFormer(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="sttformer",
    tags=["skeleton-action-recognition"],
    coders={
        STTFormerConfig: (lambda config: config.model_dump(mode="json"), lambda data: STTFormerConfig(**data))
    },
):
    """Spatio-temporal tuples transformer (Qiu et al., "Spatio-Temporal Tuples Transformer", 2022).

    Frames are divided into tuples; blocks attend within tuples and aggregate between them; tokens and bodies
    are averaged and classified.

    Differences from the paper: none in outputs, gradients or statistics, which equal the published code.
    Bodies that are absent (all zero) are computed once for the whole batch and counted as often as they
    occur, in BatchNorm too, because all of them have the same activations. `encode_visible` extends the
    published model to masked sequences; see `VisibleGrid` for its definition.

    Args:
        config: The shape of the model.

    Example:
        >>> config = STTFormerConfig(width=8, blocks=[(8, 2), (16, 4)], tuple_frames=5, num_classes=60)
        >>> model = STTFormer(config)
        >>> model(torch.randn(2, 3, 20, 25, 2)).shape
        torch.Size([2, 60])
    """

    def __init__(self, config: STTFormerConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(config.channels, config.width)
        self.embed_norm = TokenBatchNorm(config.width)
        widths = [config.width, *(channels for channels, _ in config.blocks)]
        self.blocks = nn.ModuleList(
            STTFormerBlock(
                in_channels,
                out_channels,
                qk_channels,
                heads=config.heads,
                slots=config.slots,
                slot_kernel=config.slot_kernel,
                tuple_kernel=config.tuple_kernel,
                attention_dropout=config.attention_dropout,
            )
            for in_channels, (out_channels, qk_channels) in zip(widths[:-1], config.blocks, strict=True)
        )
        self.apply(init_weights)
        self.reset_classifier(config.num_classes)

    @property
    def num_features(self) -> int:
        """Channels of the features."""
        return self.config.num_features

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the head by a new one for `num_classes` classes; 0 removes it."""
        self.config = self.config.model_copy(update={"num_classes": num_classes})
        self._hub_mixin_config = {"config": self.config.model_dump(mode="json")}
        device = self.embed.weight.device
        self.head = nn.Linear(self.num_features, num_classes, device=device) if num_classes else nn.Identity()
        self.head.apply(_init_head)

    def forward(self, x: Tensor) -> Tensor:
        """Class scores (N, K) of clips (N, C, T, V, M); pooled features (N, C') if there is no head."""
        tokens, owner = self._encode_bodies(x)
        bodies = tokens.mean((1, 2))[owner]
        return self._classify(rearrange(bodies, "(n m) c -> n m c", m=x.shape[4]).mean(1))

    def forward_features(self, x: Tensor) -> Tensor:
        """Token features (N, C', T, V, M) of clips (N, C, T, V, M)."""
        tokens, owner = self._encode_bodies(x)
        return rearrange(tokens[owner], "(n m) t v c -> n c t v m", m=x.shape[4])

    def forward_head(self, features: Tensor, *, pre_logits: bool = False) -> Tensor:
        """Class scores (N, K) of token features (N, C', T, V, M); the pooled features with `pre_logits`."""
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self._classify(pooled)

    def encode_visible(self, x: Tensor, visible: Tensor) -> Tensor:
        """Encode the visible tokens of bodies; nothing else is computed, or can be seen.

        Args:
            x: Joints (B, T, V, C) of bodies.
            visible: Boolean (B, T, V).

        Returns:
            Rows (P, C') of the P visible tokens, in the order of `visible.flatten().nonzero()`.

        Raises:
            ValueError: If shapes do not fit, nothing is visible, or a visible joint is not finite.
        """
        self._check(x.shape[1:])
        if visible.shape != x.shape[:3] or visible.dtype != torch.bool:
            raise ValueError(
                f"visible must be boolean {tuple(x.shape[:3])}, got {visible.dtype} {tuple(visible.shape)}"
            )
        if not visible.any():
            raise ValueError(f"visible must hold a visible joint, all {visible.numel()} are masked")
        grid = VisibleGrid(visible, tuple_frames=self.config.tuple_frames)
        rows = grid.rows(x)
        if not rows.isfinite().all():
            raise ValueError("x must be finite where visible, got NaN or infinity")
        return self._encode(rows, grid)

    def _encode(self, rows: Tensor, grid: TokenGrid) -> Tensor:
        rows = F.leaky_relu(self.embed_norm(self.embed(rows), grid.repeated), 0.1)
        for block in self.blocks:
            rows = block(rows, grid)
        return rows

    def _encode_bodies(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Clips (N, C, T, V, M) to tokens (B, T, V, C') of distinct bodies; which of them each (N M) is."""
        if x.ndim != 5:
            raise ValueError(f"x must be (N, C, T, V, M), got shape {tuple(x.shape)}")
        bodies = rearrange(x, "n c t v m -> (n m) t v c")
        self._check(bodies.shape[1:])
        bodies, owner, repeated = self._distinct(bodies)
        grid = DenseGrid(*bodies.shape[:3], tuple_frames=self.config.tuple_frames, repeated=repeated)
        return grid.tokens(self._encode(grid.rows(bodies), grid)), owner

    def _distinct(self, bodies: Tensor) -> tuple[Tensor, Tensor, Repeated | None]:
        """Keep one of the absent (all zero) bodies (B, T, V, C), the last; say for each where it went."""
        everyone = torch.arange(len(bodies), device=bodies.device)
        differ = self.training and self.config.attention_dropout > 0
        if differ or torch.compiler.is_compiling():
            return bodies, everyone, None
        present = (bodies != 0).flatten(1).any(1)
        kept = present.nonzero()[:, 0]
        copies = len(bodies) - len(kept)
        if copies < 2:
            return bodies, everyone, None
        owner = torch.where(present, present.cumsum(0) - 1, len(kept))
        bodies = torch.cat([bodies[kept], bodies.new_zeros(1, *bodies.shape[1:])])
        return bodies, owner, Repeated(rows=bodies[0, ..., 0].numel(), copies=copies)

    def _classify(self, pooled: Tensor) -> Tensor:
        scores: Tensor = self.head(F.dropout(pooled, self.config.dropout, self.training))
        return scores

    def _check(self, shape: torch.Size) -> None:
        """Check the frames, joints and channels (T, V, C) of the input."""
        frames, joints, channels = shape
        if joints != self.config.joints:
            raise ValueError(f"the clip has {joints} joints, the model {self.config.joints}")
        if channels != self.config.channels:
            raise ValueError(f"the clip has {channels} channels, the model {self.config.channels}")
        if frames == 0 or frames % self.config.tuple_frames:
            raise ValueError(
                f"the clip has {frames} frames, not a multiple of tuple_frames={self.config.tuple_frames}"
            )

    @classmethod
    def _from_pretrained(cls, *, strict: bool = True, **options: Any) -> Self:
        """Load strictly whatever the mixin's default: weights that do not fit are an error."""
        del strict
        model: Self = super()._from_pretrained(strict=True, **options)
        return model


def init_weights(module: nn.Module) -> None:
    """Initialise as the published model: Kaiming normal, fan out, for every map but the head."""
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")


def _init_head(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
