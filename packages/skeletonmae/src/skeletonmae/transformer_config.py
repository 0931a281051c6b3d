"""The shape of a plain transformer."""

from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from sttformer import JointSubset, Pool


class TransformerConfig(JointSubset):
    """Every choice that shapes a `Transformer`; the defaults are MAMP's (Mao et al. 2023, section 4.2).

    Example:
        >>> TransformerConfig(frames=20, token_frames=2).tokens_in_time
        10
    """

    kind: Literal["transformer"] = Field("transformer", description="Type of the encoder.")
    frames: PositiveInt = Field(
        120,
        le=1_000_000,
        description="Number of frames in a clip, T, for which positional embeddings are learned.",
    )
    channels: PositiveInt = Field(
        3, le=1024, description="Number of input channels of a joint, C: its coordinates."
    )
    token_frames: PositiveInt = Field(
        4,
        le=4096,
        description=(
            "Number of consecutive frames of a joint in a token (the patch of a vision transformer)."
        ),
    )
    width: PositiveInt = Field(
        256, le=16384, description="Number of channels of every block (embed_dim of others)."
    )
    depth: PositiveInt = Field(8, le=1024, description="Number of blocks.")
    heads: PositiveInt = Field(8, le=1024, description="Number of attention heads in each block.")
    mlp_ratio: PositiveInt = Field(
        4, le=64, description="Hidden channels of a block's MLP, as a multiple of the width."
    )
    num_classes: int = Field(
        0,
        le=1_000_000,
        ge=0,
        description="Number of classes of the head; 0: no head, the output is the pooled features.",
    )
    pool: Pool = Field(
        "mean",
        description=(
            "Features that the head sees: the mean over tokens and bodies, or the mean of each "
            "joint over time and bodies."
        ),
    )
    drop_path: float = Field(
        0.0,
        ge=0,
        lt=1,
        description=(
            "Stochastic depth: probability that the last block is skipped; it falls linearly to "
            "0 at the first block."
        ),
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="Dropout probability of the pooled features before the head."
    )

    @model_validator(mode="after")
    def _parts_divide(self) -> "TransformerConfig":
        for name, part in (("frames", "token_frames"), ("width", "heads")):
            whole, parts = getattr(self, name), getattr(self, part)
            if whole % parts:
                raise ValueError(f"{name} must be a multiple of {part}, got {whole} and {parts}")
        return self

    @property
    def tokens_in_time(self) -> int:
        """Tokens of a joint, T'."""
        return self.frames // self.token_frames

    @property
    def num_features(self) -> int:
        """Channels of the features."""
        return self.width
