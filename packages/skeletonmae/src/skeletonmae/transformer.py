"""A plain transformer on skeletons, as in MAMP: the second encoder, beside STTFormer."""

import torch
from einops import rearrange
from torch import Tensor, nn

from skeleton_mask import Mask
from sttformer import PooledClassifier, distinct_bodies, is_transformed

from .transformer_config import TransformerConfig


class Transformer(
    PooledClassifier,
    library_name="skeletonmae",
    tags=["skeleton-action-recognition"],
    coders={
        TransformerConfig: (
            lambda config: config.model_dump(mode="json"),
            lambda data: TransformerConfig(**data),
        )
    },
):
    """Pre-norm transformer (Vaswani et al. 2017) over tokens of some frames of one joint.

    With x the k frames of joint v from frame t k, in one vector (Mao et al., "Masked Motion Predictors are
    Strong 3D Action Representation Learners", 2023, section 3.2):

        token (t, v) = W x + p_t + q_v        p and q learned
        features     = norm(block ... block (tokens of a body))

    Bodies are encoded apart. Classification averages over tokens and bodies, those that are absent (all
    zero) included; they all have the same features, which are computed once. On CPU the fused attention of
    torch has no second derivative and none in forward mode (`jacfwd`);
    `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)` has both.

    Differences from the paper: stochastic depth skips a block as a whole, not its attention and its MLP by
    themselves; classes come from a linear layer on the mean over all tokens, or over those of each joint with
    `pool="by_joint"`, those of the published code from two layers, with BatchNorm and dropout, on the latter.

    Args:
        config: The shape of the model.

    Example:
        >>> config = TransformerConfig(frames=20, width=16, depth=2, heads=2, num_classes=60)
        >>> model = Transformer(config)
        >>> model(torch.randn(2, 3, 20, 25, 2)).shape
        torch.Size([2, 60])
        >>> model.forward_features(torch.randn(2, 3, 20, 25, 2)).shape  # (N, C', T / k, V, M)
        torch.Size([2, 16, 5, 25, 2])
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(config.token_frames * config.channels, config.width)
        self.temporal_positions = nn.Parameter(torch.empty(config.tokens_in_time, 1, config.width))
        self.joint_positions = nn.Parameter(torch.empty(config.skeleton_joints, config.width))
        self.blocks = transformer_blocks(config.width, config.depth, config.heads, config.mlp_ratio)
        self.norm = nn.LayerNorm(config.width)
        self.apply(init_weights)
        for positions in (self.temporal_positions, self.joint_positions):
            nn.init.trunc_normal_(positions, std=0.02)
        self.reset_classifier(config.num_classes)

    @property
    def token_frames(self) -> int:
        """Frames of a joint that a token stands for, k."""
        frames: int = self.config.token_frames
        return frames

    def forward(self, x: Tensor) -> Tensor:
        """Return class scores (N, K) of clips (N, C, T, V, M); pooled features (N, F) if there is no head."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return token features (N, C', T', V, M) of clips (N, C, T, V, M)."""
        if x.ndim != 5:
            raise ValueError(f"x must be (N, C, T, V, M), got shape {tuple(x.shape)}")
        persons = x.shape[4]
        patches = self._patches(rearrange(x, "n c t v m -> (n m) t v c"))
        index: Tensor | slice = slice(None)
        differ = self.training and self.config.drop_path > 0
        apart = differ or patches.requires_grad or is_transformed()
        if not apart:  # each absent body has a gradient of its own; a graph and vmap cannot count them
            patches, index, _ = distinct_bodies(patches)
        tokens = rearrange(self.embed(_finite(patches)) + self._positions(), "b t v c -> b (t v) c")
        tokens = self._encode(tokens)[index]
        return rearrange(tokens, "(n m) (t v) c -> n c t v m", m=persons, v=self.config.joints)

    def encode_visible(self, x: Tensor, visible: Tensor) -> Tensor:
        """Encode the visible tokens of bodies; nothing else is computed, or can be seen.

        Args:
            x: Joints (B, T, V, C) of bodies.
            visible: Boolean (B, T', V), the tokens, equally many of each body.

        Returns:
            Rows (P, C') of the P visible tokens, in the order of `visible.flatten().nonzero()`.

        Raises:
            ValueError: If shapes do not fit, nothing is visible, or a visible joint is not finite.
        """
        patches = self._patches(x)
        if visible.shape != patches.shape[:3] or visible.dtype != torch.bool:
            raise ValueError(
                f"visible must be boolean {tuple(patches.shape[:3])}, an entry for each token of "
                f"{self.token_frames} frames, got {visible.dtype} {tuple(visible.shape)}"
            )
        mask = Mask(visible)
        positions = mask.gather(self._positions().expand(*visible.shape, -1))
        tokens = self.embed(_finite(mask.gather(patches))) + positions
        return rearrange(self._encode(tokens), "b l c -> (b l) c")

    def no_weight_decay(self) -> set[str]:
        """Return parameters that weight decay leaves alone: learned positions."""
        return {"temporal_positions", "joint_positions"}

    def _positions(self) -> Tensor:
        indices = self.config.joint_indices
        of_joints = self.joint_positions if indices is None else self.joint_positions[list(indices)]
        return self.temporal_positions + of_joints

    def _encode(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, L, C'), with their positions, to features (B, L, C')."""
        for number, block in enumerate(self.blocks):
            passed = block(tokens)
            if self.training and self.config.drop_path:
                keep = 1 - self.config.drop_path * number / max(len(self.blocks) - 1, 1)
                weight = torch.empty_like(tokens[:, :1, :1]).bernoulli_(keep) / keep
                passed = tokens + (passed - tokens) * weight
            tokens = passed
        features: Tensor = self.norm(tokens)
        return features

    def _patches(self, bodies: Tensor) -> Tensor:
        """Map bodies (B, T, V, C) to the vectors (B, T', V, k C) of their tokens."""
        for name, size in zip(("frames", "joints", "channels"), bodies.shape[1:], strict=True):
            if size != getattr(self.config, name):
                raise ValueError(f"the clip has {size} {name}, the model {getattr(self.config, name)}")
        return rearrange(bodies, "b (t k) v c -> b t v (k c)", k=self.token_frames)


def transformer_blocks(width: int, depth: int, heads: int, mlp_ratio: int) -> nn.ModuleList:
    """Pre-norm blocks that map (B, L, C') to the same shape."""
    return nn.ModuleList(
        nn.TransformerEncoderLayer(
            width, heads, mlp_ratio * width, dropout=0, activation="gelu", batch_first=True, norm_first=True
        )
        for _ in range(depth)
    )


def init_weights(module: nn.Module) -> None:
    """Initialise Xavier-uniform maps and zero biases (He et al. 2022, appendix A.1)."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def _finite(x: Tensor) -> Tensor:
    if not is_transformed() and not x.isfinite().all():  # a graph cannot look at values
        raise ValueError("x must be finite where visible, got NaN or infinity")
    return x
