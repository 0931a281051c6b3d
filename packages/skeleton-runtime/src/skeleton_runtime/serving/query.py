"""What a request says beside its data: how to understand them, and what to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.datastructures import QueryParams

from skeleton_data import DataError, ImportConfig, Missing, Picture, Up, first_mistake, layout_names
from skeleton_runtime.smoothing import MOST_WINDOWS

NAME = r"^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$"
"""Pattern of the name of an uploaded file: without a folder, and not hidden."""


class QueryError(DataError):
    """A request that is not understood."""


class _Understanding(BaseModel):
    """How to understand joints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_layout: str | None = Field(
        None, description="Skeleton layout of data that does not name its joints."
    )
    derive: bool = Field(False, description="Whether joints that the data lacks are computed from others.")
    picture: Picture | None = Field(None, description="Width and height of the picture in pixels: 640x480.")
    fps: float | None = Field(
        None, gt=0, le=10_000, description="Frames per second of data that does not say it."
    )
    insist: bool = Field(False, description="Whether implausible recordings are recognised too.")
    top: int = Field(
        5, ge=1, le=10_000, description="Number of classes in an answer, the most probable first."
    )
    threshold: float | None = Field(
        None,
        ge=0,
        le=1,
        description='Probability of the best class below which it is "unknown" (default: the model\'s).',
    )
    smooth: int = Field(
        1, ge=1, le=MOST_WINDOWS, description="Number of windows over which probabilities are averaged."
    )

    @field_validator("source_layout")
    @classmethod
    def _built_in(cls, name: str | None) -> str | None:
        if name is not None and name not in layout_names():  # a file would be one of the server
            raise ValueError(f"there is no such layout; there are {', '.join(layout_names())}")
        return name

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Read the query of an address.

        Raises:
            QueryError: If a field is unknown, given twice or of another kind; names it.
        """
        names = [name for name, _ in given.multi_items()] if isinstance(given, QueryParams) else list(given)
        if twice := [name for name in names if names.count(name) > 1]:
            raise QueryError(f"{twice[0][:100]}: it is given twice; give it once")
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            raise QueryError(str(first_mistake(error, model=cls))) from None


class ClipQuery(_Understanding):
    """The query of `POST /predict`.

    Example:
        >>> ClipQuery.read({"name": "wave.csv", "window": "2s", "top": "3"}).top
        3
    """

    name: str | None = Field(
        None,
        pattern=NAME,
        examples=["wave.csv"],
        description="Name of the file that is sent; without a name the body is JSON.",
    )
    window: str | None = Field(
        None, max_length=20, description="Length of a window in frames (60) or seconds (2s)."
    )
    stride: str | None = Field(
        None, max_length=20, description="Distance between two windows in frames or seconds."
    )
    units: Literal["auto", "m", "cm", "mm", "px"] = "auto"
    up: Literal["auto", Up] = "auto"
    missing: Missing = "interpolate"
    max_gap: str = Field("0.5s", pattern=r"^([0-9]{1,6}|[0-9]{0,6}\.?[0-9]{1,6}s)$", examples=["15", "0.5s"])
    min_confidence: float | None = Field(None, ge=0, le=1)
    skeletons: bool = Field(
        False, description="Whether the answer has the joints of the first clip, for the page to draw."
    )

    def config(self) -> ImportConfig:
        """Return how the data are to be understood.

        Raises:
            QueryError: If options do not go together; names them.
        """
        own = {"name", "window", "stride", "skeletons", "top", "threshold", "smooth"}
        try:
            return ImportConfig(**self.model_dump(exclude=own))
        except ValidationError as error:
            raise QueryError(str(first_mistake(error, model=ImportConfig))) from None


class StreamQuery(_Understanding):
    """The query of `/live`."""

    window: str = Field("2s", max_length=20)
    stride: str | None = Field(None, max_length=20)
    units: Literal["m", "cm", "mm"] = "m"
    up: Literal["auto", Up] = "auto"
