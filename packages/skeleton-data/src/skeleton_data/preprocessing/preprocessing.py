"""What clips went through before a model saw them; it travels with the weights."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skeleton_data.clips import Cleaning, Units, kind_of_joints
from skeleton_data.errors import DataError
from skeleton_data.file_options import FileOptions
from skeleton_data.files.text import read_bytes
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.mistakes import first_mistake
from skeleton_data.printable import Name
from skeleton_data.transforms.sampling import ClipSampling

MAX_CLIP = 10_000_000
"""Joints of a sampled clip, T M V: above all recordings, and still in memory."""
MAX_BYTES = 2**20
"""Bytes of the largest file that is read; real ones have some thousands."""


class Preprocessing(BaseModel):
    """Skeleton, cleaning, sampling and class names that a model's weights belong to.

    Example:
        >>> from skeleton_data import layout
        >>> preprocessing = Preprocessing(layout=layout("ntu"), bodies=2, sampling=ClipSampling(), fps=30)
        >>> Preprocessing.parse(preprocessing.model_dump_json(), "model.onnx") == preprocessing
        True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    FILE: ClassVar = "preprocessing.json"

    layout: SkeletonLayout = Field(description="The skeleton.")
    units: Units = Field("m", description="Units of the joints: m, or picture (2D).")
    bodies: int = Field(ge=1, description="Bodies of a clip, M.")
    cleaning: Cleaning | None = Field(
        None, description="How raw recordings were cleaned; none of imported data, or where it is not known."
    )
    fps: float | None = Field(
        None, gt=0, le=10_000, description="Frames per second of the clips; none where stores differ."
    )
    imported: tuple[FileOptions, ...] = Field(
        (),
        max_length=1000,
        description="With which options the files of the training were imported; none where it is not known.",
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
        (folder / self.FILE).write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from beside the weights.

        Raises:
            DataError: If it is missing or damaged; names file and field.
        """
        path = folder / cls.FILE
        return cls.parse(read_bytes(path, most=MAX_BYTES), path)

    @classmethod
    def parse(cls, text: str | bytes, source: str | Path) -> Self:
        """Read it from JSON.

        Raises:
            DataError: If it is damaged; names the source and the field.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise first_mistake(error, source, cls) from error

    def require_same_input(self, other: Self, *, here: str, there: str) -> None:
        """Refuse weights that were trained on another kind of input; `bodies` and augmentation may differ.

        Raises:
            DataError: Naming what differs, and both values.
        """
        if self.layout.joints != other.layout.joints:
            raise DataError(
                f"{here} has layout {self.layout.name} ({len(self.layout.joints)} joints), "
                f"but {there} was made for {other.layout.name} ({len(other.layout.joints)} joints)"
            )
        if self.units != other.units:
            ours, theirs = kind_of_joints(self.units), kind_of_joints(other.units)
            raise DataError(f"{here} holds {ours}, but {there} was made for {theirs}")
        for field in ("frames", "origin", "face_forward", "stream"):
            ours, theirs = getattr(self.sampling, field), getattr(other.sampling, field)
            turned = field != "face_forward" or self.units == "m"  # joints in pictures are not
            if turned and ours != theirs:
                raise DataError(
                    f"data.sampling.{field} is {ours!r}, but {there} was made for {theirs!r}:"
                    " give it that value"
                )
        if self.cleaning and other.cleaning and self.cleaning != other.cleaning:
            raise DataError(
                f"{here}: its recordings were cleaned as {self.cleaning!r}, but those of {there} "
                f"as {other.cleaning!r}"
            )
