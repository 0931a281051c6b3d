"""What clips went through before a model saw them; it travels with the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skeleton_data import Cleaning, ClipSampling, Name, SkeletonLayout, Units
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.text_files import read_json

FILE = "preprocessing.json"
KINDS: dict[Units, str] = {"m": "3D joints in metres", "picture": "2D joints in pictures"}
"""What units of joints mean."""
MAX_CLIP = 10_000_000
"""Joints of a sampled clip, T M V: above all recordings, and still in memory."""


class Preprocessing(BaseModel):
    """Skeleton, cleaning, sampling and class names that a model's weights belong to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: SkeletonLayout = Field(description="The skeleton.")
    units: Units = Field("m", description="Units of the joints: m, or picture (2D).")
    bodies: int = Field(ge=1, description="Bodies of a clip, M.")
    cleaning: Cleaning | None = Field(
        None, description="How raw recordings were cleaned; none of imported data, or where it is not known."
    )
    sampling: ClipSampling = Field(description="How clips are cut to length, and in which coordinates.")
    classes: tuple[Name, ...] = Field(
        (), description="Class names in the order of scores; none without a head."
    )

    @model_validator(mode="after")
    def _clip_is_small(self) -> Self:
        frames, joints = self.sampling.frames, len(self.layout.joints)
        if (size := frames * self.bodies * joints) > MAX_CLIP:
            raise ValueError(
                f"{frames} frames of {self.bodies} bodies with {joints} joints are {size:,}, "
                f"more than {MAX_CLIP:,}"
            )
        return self

    def save(self, folder: Path) -> None:
        """Write it beside the weights."""
        (folder / FILE).write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from beside the weights.

        Raises:
            InputError: If it is damaged; names file and field.
        """
        try:
            return cls.model_validate(read_json(folder / FILE))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "the file"
            raise InputError(f"{folder / FILE}: {field}: {first['msg']}") from error

    def require_same_input(self, other: Self, *, here: str, there: str) -> None:
        """Refuse weights that were trained on another kind of input; `bodies` and augmentation may differ.

        Raises:
            InputError: Naming what differs, and both values.
        """
        if self.layout.joints != other.layout.joints:
            raise InputError(
                f"{here} has layout {self.layout.name} ({len(self.layout.joints)} joints), "
                f"but {there} was made for {other.layout.name} ({len(other.layout.joints)} joints)"
            )
        if self.units != other.units:
            raise InputError(
                f"{here} holds {KINDS[self.units]}, but {there} was made for {KINDS[other.units]}"
            )
        for field in ("frames", "origin", "heading", "stream"):
            ours, theirs = getattr(self.sampling, field), getattr(other.sampling, field)
            if ours != theirs:
                raise InputError(f"data.sampling.{field} is {ours!r}, but {there} was made for {theirs!r}")
        if self.cleaning and other.cleaning and self.cleaning != other.cleaning:
            raise InputError(
                f"{here}: its recordings were cleaned as {self.cleaning!r}, but those of {there} "
                f"as {other.cleaning!r}"
            )
