"""Random augmentation of training clips, beyond the crop and the rotation of every published feeder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _refuse_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("Input should be a number from 0 to 1, as 0.5")
    return value


Probability = Annotated[float, BeforeValidator(_refuse_flag), Field(ge=0, le=1)]
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

    model_config = ConfigDict(frozen=True, extra="forbid")

    probability: Probability = Field(
        default=1.0, description="share of the clips that are changed at all; the others stay as they are"
    )
    temporal_padding: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of the frames by which both ends are lengthened by reflection before a crop at"
        " random (AimCLR: 1/6)",
    )
    axis_rotation: float = Field(
        default=0.0, ge=0, le=math.pi, description="largest angle about one axis drawn at random (radians)"
    )
    axis_rotation_probability: Probability = Field(
        default=1.0, description="share of the clips that axis_rotation turns"
    )
    scale: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="largest change of size: the factor is within 1 - scale, 1 + scale",
    )
    shear: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="largest amount of each axis added to each other one (AimCLR: 0.5)",
    )
    flip: Probability = Field(
        default=0.0, description="share of the clips that are mirrored: left becomes right, x becomes -x"
    )
    swap: Probability = Field(
        default=0.0, description="share of the clips whose left and right joints change names, as in AimCLR"
    )
    noise: float = Field(
        default=0.0, ge=0, description="standard deviation of the noise on each coordinate (metres)"
    )
    noise_probability: Probability = Field(default=1.0, description="share of the clips that get noise")
    blur: Probability = Field(default=0.0, description="share of the clips that are blurred in time")
    blur_sigma: tuple[Amount, Amount] = Field(
        default=(0.1, 2.0), description="smallest and largest standard deviation of the blur (frames)"
    )
    axis_drop: Probability = Field(
        default=0.0, description="share of the clips in which one axis is set to zero"
    )
    frame_dropout: Probability = Field(default=0.0, description="share of the frames that are set to zero")
    joint_dropout: Probability = Field(
        default=0.0, description="share of the joints that are set to zero, each in all frames"
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
