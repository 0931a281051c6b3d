"""How strongly clips are augmented; the defaults are published."""

import math
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

Probability = Annotated[float, Field(ge=0, le=1)]
Angle = Annotated[float, Field(ge=0, le=math.pi)]


class NormalAugmentationConfig(BaseModel):
    """Crop and shear: the augmentation of CrosSCLR, and the normal one of AimCLR."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    crop_divisor: PositiveInt = Field(
        6,
        description=(
            "Fraction of the length, as 1 / crop_divisor, by which both ends are lengthened "
            "before a random crop."
        ),
    )
    shear: NonNegativeFloat = Field(
        0.5, description="Largest fraction of each coordinate that is added to each other one."
    )


class ExtremeAugmentationConfig(NormalAugmentationConfig):
    """The eight augmentations of AimCLR, each with its published strength; reversal is off."""

    swap_probability: Probability = Field(
        0.5, description="Probability that left and right joints are exchanged."
    )
    main_rotation: Angle = Field(
        math.pi / 6, description="Largest rotation about one main axis, drawn at random, in radians."
    )
    other_rotation: Angle = Field(
        math.pi / 180, description="Largest rotation about the two other axes, in radians."
    )
    noise_probability: Probability = Field(0.5, description="Probability that a clip gets Gaussian noise.")
    noise: NonNegativeFloat = Field(
        0.01, description="Standard deviation of the noise, in units of the data."
    )
    blur_probability: Probability = Field(0.5, description="Probability that a clip is blurred in time.")
    blur_sigma: tuple[PositiveFloat, PositiveFloat] = Field(
        (0.1, 2.0), description="Smallest and largest standard deviation of the blur, in frames."
    )
    blur_kernel: PositiveInt = Field(15, description="Number of frames in the kernel of the blur; odd.")
    plane_probability: Probability = Field(0.5, description="Probability that one coordinate is set to zero.")
    reverse_probability: Probability = Field(
        0.0,
        description=(
            "Probability that time is reversed; the paper names it, and versions of its code use 0.5 or 0."
        ),
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.blur_sigma
        if low > high:
            raise ValueError(f"blur_sigma must be (smallest, largest), got ({low}, {high})")
        if self.blur_kernel % 2 == 0:
            raise ValueError(f"blur_kernel must be odd, got {self.blur_kernel}")
        return self
