"""What a request says beside its data: how to understand them, and what to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from skeleton_data import DataError, ImportConfig, Missing, Picture, Up, layout_names
from skeleton_runtime.smoothing import MOST_WINDOWS

NAME = r"^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$"
"""Of an uploaded file: no folder, and not hidden."""


class QueryError(DataError):
    """A request that is not understood."""


class _Understanding(BaseModel):
    """How to understand joints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_layout: str | None = Field(None, description="layout of data that do not name their joints")
    derive: bool = Field(False, description="take joints that the data lack from others")
    picture: Picture | None = Field(None, description="width and height of the picture, as 640x480")
    fps: float | None = Field(None, gt=0, le=10_000, description="frames per second")
    insist: bool = Field(False, description="recognise what cannot be right")
    top: int = Field(5, ge=1, le=10_000, description="number of classes in an answer, best first")
    threshold: float | None = Field(
        None, ge=0, le=1, description='less probable answers are "unknown"; by default the model\'s'
    )
    smooth: int = Field(1, ge=1, le=MOST_WINDOWS, description="windows whose mean probability counts")

    @field_validator("source_layout")
    @classmethod
    def _built_in(cls, name: str | None) -> str | None:
        if name is not None and name not in layout_names():  # a file would be one of the server
            raise ValueError(f"expected {', '.join(layout_names())}")
        return name

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Read the query of an address.

        Raises:
            QueryError: If a field is unknown or of another kind; names it.
        """
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            name, found = ".".join(map(str, first["loc"][:1])), str(first["input"])[:100]
            raise QueryError(f"{name}: {first['msg']} (found {found!r})") from None


class ClipQuery(_Understanding):
    """The query of `POST /predict`.

    Example:
        >>> ClipQuery.read({"name": "wave.bvh", "window": "2s", "top": "3"}).top
        3
    """

    name: str | None = Field(None, pattern=NAME, description="of the file that is sent; without, JSON is")
    window: str | None = Field(None, max_length=20, description="length of a window: 60, or 2s")
    stride: str | None = Field(None, max_length=20, description="from a window to the next, likewise")
    units: Literal["auto", "m", "cm", "mm", "px"] = "auto"
    up: Literal["auto", Up] = "auto"
    missing: Missing = "interpolate"
    max_gap: str = Field("0.5s", pattern=r"^([0-9]{1,6}|[0-9]{0,6}\.?[0-9]{1,6}s)$")
    min_confidence: float | None = Field(None, ge=0, le=1)
    skeletons: bool = Field(
        False, description="tell the joints of the first clip, too, as the page draws them"
    )

    def config(self) -> ImportConfig:
        """Return how the data are to be understood."""
        own = {"name", "window", "stride", "skeletons", "top", "threshold", "smooth"}
        return ImportConfig(**self.model_dump(exclude=own))


class StreamQuery(_Understanding):
    """The query of `/live`."""

    window: str = Field("2s", max_length=20)
    stride: str | None = Field(None, max_length=20)
    units: Literal["m", "cm", "mm"] = "m"
    up: Up = "y"
