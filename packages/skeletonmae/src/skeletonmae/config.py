"""The choices of a masked autoencoder."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from skeleton_mask import MaskConfig, SpatialTemporalConfig
from sttformer import STTFormerConfig

from .plugins import DecoderPlugin, EncoderPlugin, MaskPlugin, or_plugin
from .transformer_config import TransformerConfig


class STTFormerDecoderConfig(BaseModel):
    """STTFormer blocks of one width over all tokens; the defaults are the paper's (Wu et al. 2023, Table 2).

    Differences from the paper: it does not give heads, query and key channels or the tuple length.

    Example:
        >>> STTFormerDecoderConfig(width=128).depth
        9
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sttformer"] = Field(
        "sttformer", description="Type of the decoder: blocks of an STTFormer."
    )
    width: PositiveInt = Field(
        256, le=16384, description="Number of channels of every block (decoder_embed_dim of others)."
    )
    depth: PositiveInt = Field(9, le=1024, description="Number of blocks (decoder_depth of others).")
    heads: PositiveInt = Field(3, le=1024, description="Number of attention heads in each block.")
    qk_channels: PositiveInt = Field(64, le=16384, description="Number of query and key channels per head.")
    tuple_frames: PositiveInt | None = Field(
        None, description="Number of tokens in time in a tuple (default: the encoder's, if it has tuples)."
    )


class TransformerDecoderConfig(BaseModel):
    """Plain transformer blocks over all tokens; the defaults are MAMP's (Mao et al. 2023, section 4.2).

    Example:
        >>> TransformerDecoderConfig(width=100)
        Traceback (most recent call last):
        pydantic_core._pydantic_core.ValidationError: 1 validation error for TransformerDecoderConfig
          Value error, width must be a multiple of heads, got 100 and 8 ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["transformer"] = Field(
        "transformer", description="Type of the decoder: blocks of a plain transformer."
    )
    width: PositiveInt = Field(
        256, le=16384, description="Number of channels of every block (decoder_embed_dim of others)."
    )
    depth: PositiveInt = Field(5, le=1024, description="Number of blocks (decoder_depth of others).")
    heads: PositiveInt = Field(8, le=1024, description="Number of attention heads in each block.")
    mlp_ratio: PositiveInt = Field(
        4, le=64, description="Hidden channels of a block's MLP, as a multiple of the width."
    )

    @model_validator(mode="after")
    def _heads_divide(self) -> "TransformerDecoderConfig":
        if self.width % self.heads:
            raise ValueError(f"width must be a multiple of heads, got {self.width} and {self.heads}")
        return self


if TYPE_CHECKING:
    EncoderConfig: TypeAlias = STTFormerConfig | TransformerConfig | EncoderPlugin
    """Any encoder, distinguished by `kind`."""
    DecoderConfig: TypeAlias = STTFormerDecoderConfig | TransformerDecoderConfig | DecoderPlugin
    """Any decoder, distinguished by `kind`."""
    AnyMaskConfig: TypeAlias = MaskConfig | MaskPlugin
else:
    _encoders = Annotated[STTFormerConfig | TransformerConfig, Field(discriminator="kind")]
    _decoders = Annotated[STTFormerDecoderConfig | TransformerDecoderConfig, Field(discriminator="kind")]
    EncoderConfig = or_plugin(_encoders, EncoderPlugin)
    DecoderConfig = or_plugin(_decoders, DecoderPlugin)
    AnyMaskConfig = or_plugin(MaskConfig, MaskPlugin)


class TargetConfig(BaseModel):
    """What is reconstructed, and where it counts; the defaults are the paper's (Wu et al. 2023, equation 1).

    Example:
        >>> TargetConfig(kind="motion", standardise="patch", loss_on="masked").patch_frames  # as in MAMP
        4
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["joints", "motion", "joints_and_motion"] = Field(
        "joints",
        description="What the decoder predicts: joint positions, their differences from frame to frame "
        "(motion), or both, which count alike.",
    )
    standardise: Literal["none", "axis", "joint", "body", "patch"] = Field(
        "none",
        description="Normalisation of the target. `axis`, `joint` and `body` subtract each joint's mean over "
        "the clip, and divide by the standard deviation of that joint on each axis (as in NAT), of that "
        "joint, or of all joints of the body. `patch` takes mean and deviation of `patch_frames` frames of "
        "a joint (norm_pix_loss of MAE, as in MAMP).",
    )
    patch_frames: PositiveInt = Field(4, description="Number of frames in a patch, with standardise patch.")
    loss_on: Literal["all", "masked"] = Field(
        "all",
        description=(
            "Where the loss is computed: over all joints and frames, or over the masked ones alone."
        ),
    )

    uncertainty: Literal["none", "joint"] = Field(
        "none",
        description="Whether all joints count alike in training (none), or by a learnt variance (joint): "
        "joints that cannot be predicted count less. The validation loss is the plain error either way.",
    )
    weight: float = Field(
        1.0,
        ge=0,
        allow_inf_nan=False,
        description="Weight of the reconstruction in the loss; 0 learns from latent targets alone.",
    )

    @property
    def parts(self) -> tuple[Literal["joints", "motion"], ...]:
        """What stands in the channels of the target: joints, motion, or one after the other."""
        return ("joints", "motion") if self.kind == "joints_and_motion" else (self.kind,)

    @field_validator("standardise", mode="before")
    @classmethod
    def _named_before(cls, value: object) -> object:
        """Read what the version before wrote."""
        return "none" if value == "no" else value


class LatentConfig(BaseModel):
    """Features of whole bodies as a target, of an encoder that slowly follows the one that is trained.

    Example:
        >>> SkeletonMAEConfig(latent={"momentum": 0.996}, target={"weight": 0.0}).latent.weight
        1.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="Weight of the latent target's error in the loss."
    )
    momentum: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Fraction of its weights that the following encoder keeps in each step (m of others).",
    )
    smallest_variation: float = Field(
        0.02,
        ge=0,
        lt=1,
        description="The training stops if less of the features' size than this fraction differs between "
        "bodies: the features have then collapsed. 0 never stops.",
    )


class SkeletonMAEConfig(BaseModel):
    """Encoder, decoder, masking and target of a SkeletonMAE; networks are of kind sttformer unless they say.

    Classes of your own stand as an import path or as the name of an entry point: see `EncoderPlugin`,
    `DecoderPlugin` and `MaskPlugin`.

    Example:
        >>> SkeletonMAEConfig(encoder={"joints": 20, "tuple_frames": 2}).decoder.width
        256
        >>> SkeletonMAEConfig(encoder={"kind": "transformer"}, decoder={"kind": "transformer"}).decoder.depth
        5
        >>> SkeletonMAEConfig(mask={"kind": "my_module:MyMask", "every": 3}).mask
        MaskPlugin(kind='my_module:MyMask', every=3)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: EncoderConfig = Field(
        default_factory=lambda: STTFormerConfig(tuple_frames=2),
        description="The encoder, which is kept and can be fine-tuned.",
    )
    decoder: DecoderConfig = Field(
        default_factory=STTFormerDecoderConfig, description="The network that reconstructs the masked clip."
    )
    mask: AnyMaskConfig = Field(
        default_factory=SpatialTemporalConfig, description="Which joints and frames are masked."
    )
    target: TargetConfig = Field(default_factory=TargetConfig, description="What the decoder predicts.")
    missing: Literal["fill", "mask"] = Field(
        "fill",
        description="Joints that were not measured: used like all others, where the gap was filled (fill), "
        "or masked, and not counted in the loss (mask).",
    )
    latent: LatentConfig | None = Field(
        None,
        description="Features of a slowly following encoder as a further target (default: there is none).",
    )

    @model_validator(mode="before")
    @classmethod
    def _default_kinds(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        given = [name for name in ("encoder", "decoder") if isinstance(values.get(name), dict)]
        return values | {name: {"kind": "sttformer"} | values[name] for name in given}

    @model_validator(mode="after")
    def _something_is_learnt(self) -> "SkeletonMAEConfig":
        if self.target.weight == 0 and self.latent is None:
            raise ValueError("target.weight is 0, and there is no latent target: nothing would be learnt")
        return self

    @model_validator(mode="after")
    def _tuples_are_known(self) -> "SkeletonMAEConfig":
        decoder = self.decoder
        needs_tuples = isinstance(decoder, STTFormerDecoderConfig) and decoder.tuple_frames is None
        if needs_tuples and not isinstance(self.encoder, STTFormerConfig):
            raise ValueError(
                f"decoder.tuple_frames must be given: an encoder of kind {self.encoder.kind} has no tuples"
            )
        return self
