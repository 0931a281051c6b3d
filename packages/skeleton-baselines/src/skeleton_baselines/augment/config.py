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
        6, description="Clips are lengthened at both ends by their length divided by this, then cropped."
    )
    shear: NonNegativeFloat = Field(0.5, description="Largest share that a coordinate gets of another.")


class ExtremeAugmentationConfig(NormalAugmentationConfig):
    """The eight augmentations of AimCLR, each with its published strength; reversal is off."""

    swap_probability: Probability = Field(0.5, description="How often left and right joints are exchanged.")
    main_rotation: Angle = Field(math.pi / 6, description="Largest angle about one main axis (radians).")
    other_rotation: Angle = Field(math.pi / 180, description="Largest angle about the others (radians).")
    noise_probability: Probability = Field(0.5, description="How often noise is added.")
    noise: NonNegativeFloat = Field(0.01, description="Standard deviation of the noise (units of the data).")
    blur_probability: Probability = Field(0.5, description="How often clips are blurred in time.")
    blur_sigma: tuple[PositiveFloat, PositiveFloat] = Field(
        (0.1, 2.0), description="Smallest and largest standard deviation of the blur (frames)."
    )
    blur_kernel: PositiveInt = Field(15, description="Frames that the blur covers; odd.")
    plane_probability: Probability = Field(0.5, description="How often one coordinate is set to zero.")
    reverse_probability: Probability = Field(
        0.0,
        description="How often time is reversed; named in the paper, 0.5 or never in versions of its code.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.blur_sigma
        if low > high:
            raise ValueError(f"blur_sigma must be (smallest, largest), got ({low}, {high})")
        if self.blur_kernel % 2 == 0:
            raise ValueError(f"blur_kernel must be odd, got {self.blur_kernel}")
        return self
