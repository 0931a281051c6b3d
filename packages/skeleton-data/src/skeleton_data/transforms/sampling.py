"""How a clip of any length becomes one of fixed length, and in which coordinates."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from skeleton_data.transforms.augmentation import Augmentation

Stream = Literal["joint", "bone", "motion", "bone_motion"]
Fraction = Annotated[float, Field(gt=0, le=1)]


class ClipSampling(BaseModel):
    """Sampling of clips for training and evaluation, after the published feeders (CTR-GCN, STTFormer).

    The order of the steps is: crop in time, resize to `frames`, `origin`, `face_forward`, rotation,
    `augment`, `stream`, and what `augment` hides.

    Example:
        >>> ClipSampling(frames=64, rotation=0.0).test_crop
        0.95
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int = Field(default=20, ge=1, description="Frames of a clip, T, after it is cropped and resized.")
    train_crop: tuple[Fraction, Fraction] = Field(
        default=(0.5, 1.0),
        description="In training: smallest and largest fraction of the frames that a random crop keeps.",
    )
    min_crop_frames: int = Field(
        default=0,
        ge=0,
        description="In training: least number of frames of a crop; shorter clips stay whole "
        "(published feeders: 64).",
    )
    test_crop: Fraction = Field(
        default=0.95, description="In evaluation: fraction of the frames that the crop at the centre keeps."
    )
    rotation: float = Field(
        default=0.3,
        ge=0,
        le=math.pi,
        description="In training: largest angle of the random rotation about each axis, in radians.",
    )
    origin: Literal["none", "first_frame"] = Field(
        default="none",
        description="Origin of the coordinates; first_frame: the centre joint of body 0 in the first "
        "sampled frame.",
    )
    face_forward: bool = Field(
        default=False,
        description="Whether 3D clips are turned about the vertical axis, so that body 0 faces +z in "
        "the first frame.",
    )
    stream: Stream = Field(
        default="joint",
        description="Input stream (modality): joints, bones (joint minus parent), or their motion "
        "between frames.",
    )
    augment: Augmentation = Field(
        default=Augmentation(), description="In training: further augmentation; each is off until it is set."
    )

    @model_validator(mode="before")
    @classmethod
    def _named_before(cls, values: Any) -> Any:
        """Read what the version before wrote: `heading` is now `face_forward`."""
        if isinstance(values, dict) and "heading" in values and "face_forward" not in values:
            return {{"heading": "face_forward"}.get(name, name): value for name, value in values.items()}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.train_crop
        if low > high:
            raise ValueError(f"train_crop must be (smallest, largest), got ({low}, {high})")
        return self
