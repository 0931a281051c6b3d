"""The choices of CrosSCLR and AimCLR; the defaults are published."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from ..augment.config import ExtremeAugmentationConfig, NormalAugmentationConfig
from ..config import NTU_EDGES

ViewName = Literal["joint", "motion", "bone"]
Pairs = tuple[tuple[NonNegativeInt, NonNegativeInt], ...]

NTU_PAIRS = (*zip((4, 5, 6, 7, 12, 13, 14, 15, 21, 22), (8, 9, 10, 11, 16, 17, 18, 19, 23, 24), strict=True),)
"""Left and right joints of NTU RGB+D."""


class MoCoConfig(BaseModel):
    """Momentum contrast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queue_size: PositiveInt = Field(
        32768, description="Number of keys in the queue, which are the negatives."
    )
    momentum: float = Field(
        0.999,
        ge=0,
        le=1,
        description="Momentum of the key encoder: the fraction of its weights that it keeps in each step.",
    )
    temperature: PositiveFloat = Field(0.07, description="Temperature of the contrastive loss (InfoNCE).")
    channels: PositiveInt = Field(128, description="Number of channels of queries and keys.")


class _Method(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    moco: MoCoConfig = Field(MoCoConfig(), description="Momentum contrast.")
    mining_from: float = Field(
        0.5,
        ge=0,
        le=1,
        description=(
            "Fraction of the training after which nearest neighbours become positives, too (mining)."
        ),
    )
    bones: Pairs = Field(NTU_EDGES, description="Bones as (joint, parent) pairs, for the bone stream.")
    flat: bool = Field(
        False,
        description=(
            "Whether joints lie in a picture, with the confidence of the detector in the place of z, which is"
            " neither augmented nor subtracted; without it what the data are."
        ),
    )
    published_behaviour: bool = Field(
        False, description="Whether to reproduce the known faults of the published code."
    )


class CrosSCLRConfig(_Method):
    """CrosSCLR: what is near in one view of a skeleton is positive in the others.

    With `published_behaviour`, only the key encoder of the motion view follows its query encoder while
    positives are mined.
    """

    kind: Literal["crossclr"] = Field("crossclr", description="Type of the contrastive method.")
    views: tuple[ViewName, ...] = Field(
        ("joint", "motion", "bone"),
        description="Input streams, two or three; each has an encoder of its own.",
    )
    augmentation: NormalAugmentationConfig = Field(
        NormalAugmentationConfig(), description="Augmentation of queries and keys."
    )
    top: PositiveInt = Field(
        1, description="Number of nearest neighbours that one stream gives another as positives."
    )
    context: bool = Field(
        True,
        description="Whether similarities in the other stream count in the loss, too (context block).",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.views)) < 2 or len(set(self.views)) < len(self.views):
            raise ValueError(f"views must be two or three different ones, got {self.views}")
        if self.top > self.moco.queue_size:
            raise ValueError(f"top is {self.top}, but moco.queue_size only {self.moco.queue_size}")
        return self


class AimCLRConfig(_Method):
    """AimCLR: extremely augmented clips follow the normally augmented ones.

    With `published_behaviour`, the blur of the extreme augmentation is not normalised, and absent bodies get
    noise.
    """

    kind: Literal["aimclr"] = Field("aimclr", description="Type of the contrastive method.")
    view: ViewName = Field("joint", description="Input stream of the encoder.")
    normal: NormalAugmentationConfig = Field(
        NormalAugmentationConfig(), description="Augmentation of queries and keys."
    )
    extreme: ExtremeAugmentationConfig = Field(
        ExtremeAugmentationConfig(), description="Augmentation of the extreme queries."
    )
    pairs: Pairs = Field(
        NTU_PAIRS, description="Pairs of left and right joints, which the augmentation swaps."
    )
    drop_threshold: float = Field(
        0.7, ge=0.68, le=1, description="Attention, 0.68 to 1, from which features are dropped."
    )
    neighbours: NonNegativeInt = Field(
        1, description="Number of nearest neighbours that become positives of each query."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.neighbours > self.moco.queue_size:
            raise ValueError(
                f"neighbours is {self.neighbours}, but moco.queue_size only {self.moco.queue_size}"
            )
        return self


MethodConfig = Annotated[CrosSCLRConfig | AimCLRConfig, Field(discriminator="kind")]
"""Any contrastive method, distinguished by `kind`."""
