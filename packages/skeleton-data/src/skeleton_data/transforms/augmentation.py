"""Random augmentation of training clips, beyond the crop and the rotation of every published feeder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _refuse_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("expected a number from 0 to 1, as 0.5")
    return value


Probability = Annotated[float, Field(ge=0, le=1), BeforeValidator(_refuse_flag)]
Amount = Annotated[float, Field(ge=0)]
_RENAMED = {
    "chance": "probability",
    "axis_rotation_chance": "axis_rotation_probability",
    "noise_chance": "noise_probability",
}


class Augmentation(BaseModel):
    """Random changes of a clip, each off by default; `skeleton_data.transforms.augment` makes them.

    The order is: temporal padding, rotation about one axis, scale, shear, flip, swap, noise, blur; then,
    after the stream was formed, axis drop, frame dropout and joint dropout. Each clip draws for itself, anew
    in each epoch, also whether it is changed at all.

    Example:
        >>> Augmentation(flip=0.5, shear=0.3).noise
        0.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    probability: Probability = Field(
        default=1.0, description="Probability that a clip is changed at all; the others stay as they are."
    )
    temporal_padding: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description=(
            "Fraction of the frames by which both ends are lengthened, by reflection, before a "
            "random crop (AimCLR: 1/6); 0 is off."
        ),
    )
    axis_rotation: float = Field(
        default=0.0,
        ge=0,
        le=math.pi,
        description="Largest angle, in radians, of a rotation about one axis drawn at random; 0 is off.",
    )
    axis_rotation_probability: Probability = Field(
        default=1.0, description="Probability that a clip is rotated by axis_rotation."
    )
    scale: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Largest change of size: the factor is drawn from 1 - scale to 1 + scale; 0 is off.",
    )
    shear: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description=(
            "Largest fraction of each coordinate that is added to each other one (AimCLR: 0.5); 0 is off."
        ),
    )
    flip: Probability = Field(
        default=0.0,
        description="Probability that a clip is mirrored: left joints become right ones, and x becomes -x.",
    )
    swap: Probability = Field(
        default=0.0,
        description="Probability that left and right joints change names without mirroring, as in AimCLR.",
    )
    noise: float = Field(
        default=0.0,
        ge=0,
        description=(
            "Standard deviation of Gaussian noise (jitter) on each coordinate: in metres; in 2D, in parts "
            "of the picture's longer side; 0 is off."
        ),
    )
    noise_probability: Probability = Field(default=1.0, description="Probability that a clip gets the noise.")
    blur: Probability = Field(
        default=0.0, description="Probability that a clip is blurred in time by a Gaussian filter."
    )
    blur_sigma: tuple[Amount, Amount] = Field(
        default=(0.1, 2.0), description="Smallest and largest standard deviation of the blur, in frames."
    )
    axis_drop: Probability = Field(
        default=0.0, description="Probability that one coordinate axis of a clip is set to zero."
    )
    frame_dropout: Probability = Field(
        default=0.0, description="Probability that a frame is set to zero, drawn for each frame of each clip."
    )
    joint_dropout: Probability = Field(
        default=0.0,
        description=(
            "Probability that a joint is set to zero in all frames, drawn for each joint of each clip."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _named_before(cls, values: Any) -> Any:
        """Read what the version before wrote: what is a probability ended in `chance`."""
        if not isinstance(values, Mapping):
            return values
        return {
            name if name in cls.model_fields else _RENAMED.get(name, name): values[name] for name in values
        }

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.blur_sigma
        if low > high:
            raise ValueError(f"blur_sigma must be (smallest, largest), got ({low}, {high})")
        return self


AIMCLR_NORMAL = Augmentation(temporal_padding=1 / 6, shear=0.5)
"""The normal augmentation of AimCLR, and of CrosSCLR (Guo et al., AAAI 2022; Li et al., CVPR 2021)."""

AIMCLR_EXTREME = Augmentation(
    temporal_padding=1 / 6,
    shear=0.5,
    swap=0.5,
    axis_rotation=math.radians(30),
    axis_rotation_probability=0.5,
    noise=0.01,
    noise_probability=0.5,
    blur=0.5,
    axis_drop=0.5,
)
"""The extreme augmentation of AimCLR."""
