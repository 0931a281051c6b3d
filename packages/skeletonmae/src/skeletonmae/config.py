"""The choices of a masked autoencoder."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from skeleton_mask import MaskConfig, SpatialTemporalConfig
from sttformer import STTFormerConfig


class DecoderConfig(BaseModel):
    """The decoder: STTFormer blocks of one width over all tokens; the defaults are the paper's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: PositiveInt = Field(256, description="Channels of every block.")
    depth: PositiveInt = Field(9, description="Number of blocks.")
    heads: PositiveInt = Field(3, description="Attention heads of each block.")
    qk_channels: PositiveInt = Field(64, description="Query/key channels per head.")


class TargetConfig(BaseModel):
    """What is rebuilt, and where it counts; the defaults are the paper's (equation 1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["joints", "motion"] = Field(
        "joints", description="Rebuild joint positions, or their steps from frame to frame."
    )
    standardise: Literal["no", "joint", "body"] = Field(
        "no",
        description="Remove each joint's mean over the clip, and the scale of the joint's or of the whole "
        "body's course about it.",
    )
    loss_on: Literal["all", "masked"] = Field(
        "all", description="Average the error over all places, or over the masked ones alone."
    )


class SkeletonMAEConfig(BaseModel):
    """Encoder, decoder, masking and target of a SkeletonMAE.

    Example:
        >>> SkeletonMAEConfig(encoder={"joints": 20, "tuple_frames": 2}).decoder.width
        256
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: STTFormerConfig = Field(
        default_factory=lambda: STTFormerConfig(tuple_frames=2), description="The network that is kept."
    )
    decoder: DecoderConfig = Field(default_factory=DecoderConfig, description="The network that rebuilds.")
    mask: MaskConfig = Field(default_factory=SpatialTemporalConfig, description="What is hidden.")
    target: TargetConfig = Field(default_factory=TargetConfig, description="What is rebuilt.")
