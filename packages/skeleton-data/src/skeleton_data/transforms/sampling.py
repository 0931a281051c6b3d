"""How a clip of any length becomes one of fixed length, and in which coordinates."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from skeleton_data.transforms.augmentation import Augmentation

Stream = Literal["joint", "bone", "motion", "bone_motion"]
Share = Annotated[float, Field(gt=0, le=1)]


class ClipSampling(BaseModel):
    """Sampling of clips for training and evaluation, after the published feeders (CTR-GCN, STTFormer).

    The order of the steps is: crop in time, resize to `frames`, `origin`, `face_forward`, rotation,
    `augment`, `stream`, and what `augment` hides.

    Example:
        >>> ClipSampling(frames=64, rotation=0.0).test_crop
        0.95
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int = Field(default=20, ge=1, description="frames of a sampled clip")
    train_crop: tuple[Share, Share] = Field(
        default=(0.5, 1.0),
        description="training: smallest and largest share of the clip's frames to crop at random",
    )
    min_crop_frames: int = Field(
        default=0,
        ge=0,
        description="training: crop at least this many frames, or all of fewer (published feeders: 64)",
    )
    test_crop: Share = Field(
        default=0.95, description="evaluation: share of the clip's frames to crop at its centre"
    )
    rotation: float = Field(
        default=0.3,
        ge=0,
        le=math.pi,
        description="training: largest angle of the random rotation about each axis (radians)",
    )
    origin: Literal["none", "first_frame"] = Field(
        default="none",
        description="first_frame: the centre joint of body 0 in the first sampled frame becomes the origin",
    )
    face_forward: bool = Field(
        default=False,
        description="turn 3D clips about the vertical axis: body 0 faces +z in the first sampled frame",
    )
    stream: Stream = Field(default="joint", description="joints, bones (joint minus parent), or their motion")
    augment: Augmentation = Field(
        default=Augmentation(), description="training: further random changes, each off by default"
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
