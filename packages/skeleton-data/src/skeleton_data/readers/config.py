"""What to say about a data set when it is imported."""

from __future__ import annotations

import re
from collections.abc import Set
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from skeleton_data.clips import Up
from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import layout_names

Format = Literal[
    "own",
    "ctr-gcn",
    "pyskl",
    "nw-ucla",
    "pku-mmd",
    "ut-kinect",
    "kinetics",
    "bvh",
    "store",
    "mediapipe",
    "openpose",
    "alphapose",
    "mmpose",
    "azure",
    "c3d",
    "trc",
    "table",
    "array",
    "st-gcn",
    "txt2npy",
    "deeplabcut",
    "sleap",
    "movement",
    "pose",
    "huggingface",
]


Missing = Literal["refuse", "interpolate", "hold", "drop-frame"]
"""What to do about joints that were not measured."""


def _width_and_height(value: object) -> object:
    """Read "640x480", as a command line gives it, alone or in a list of one."""
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(text, str | int):
        return value
    found = re.fullmatch(r"(\d+)x(\d+)", str(text))
    if found is None:
        raise ValueError("expected width and height, like 640x480")
    return found.groups()


PictureSize = Annotated[int, Field(ge=1, le=100_000)]
Picture = Annotated[tuple[PictureSize, PictureSize], BeforeValidator(_width_and_height)]
"""Width and height of a picture, in pixels."""


class ImportConfig(BaseModel):
    """How to understand data: which format, layout, units and, of own data, columns.

    Example:
        >>> ImportConfig(layout="kinect_v1", replication="take").units
        'auto'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(
        default="auto",
        description=f"Format of the data: {', '.join(get_args(Format))} or that of an installed package;"
        " auto: recognised by its content.",
    )
    layout: str | None = Field(
        default=None,
        description=f"Layout of the store: {', '.join(layout_names())} or a .toml file;"
        " without it that of the data.",
    )
    source_layout: str | None = Field(
        default=None,
        description=(
            "Layout of data that does not name its joints; without it that of the store, or the "
            "one with as many joints."
        ),
    )
    derive: bool = Field(
        default=False,
        description=(
            "Whether to compute joints that the data lacks from others: the middle of the hips, "
            "the hand from the wrist."
        ),
    )
    units: Literal["auto", "m", "cm", "mm", "px"] = Field(
        default="auto",
        description="Unit of the positions, px for pixels; auto: what the data says, or the format's.",
    )
    up: Literal["auto", Up] = Field(
        default="auto",
        description="Axis of the positions that points up; -y where y points down; auto: the format's.",
    )
    picture: Picture | None = Field(
        default=None,
        description="Width and height of the picture in pixels, where positions are pixels: 640x480.",
    )
    missing: Missing = Field(
        default="interpolate",
        description=(
            "What to do about joints that were not measured: refuse the clip, interpolate in "
            "time, hold the last position, or drop the frame."
        ),
    )
    max_gap: str = Field(
        default="0.5s",
        pattern=r"^([0-9]+|[0-9]*\.?[0-9]+s)$",
        examples=["15", "0.5s"],
        description="Longest gap that is filled, from 0, in frames (15) or seconds (0.5s).",
    )
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Confidence below which a joint counts as missing, 0 to 1; without it the format's.",
    )
    resample: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description=(
            "Frames per second, above 0, to which clips are resampled, by linear interpolation; "
            "without it they stay as they are."
        ),
    )
    fps: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Frames per second, above 0, of data that does not say it.",
    )
    insist: bool = Field(
        default=False,
        description="Whether to import implausible clips too: bodies of 50 m, upside down, or mirrored.",
    )
    part: str | None = Field(
        default=None,
        description=(
            "Part to import: of ctr-gcn and huggingface train or test, of pyskl one of its "
            "splits; without it all."
        ),
    )
    labels: Path | None = Field(
        default=None,
        description=(
            "CSV table with the columns file, label, subject, ... for formats with one file a "
            "clip; for pku-mmd the folder of label files; for kinetics the file ..._label.json."
        ),
    )
    cut: Path | None = Field(
        default=None,
        description=(
            "CSV table that cuts recordings into clips, a line for each: file, start and end in seconds or"
            " first_frame and last_frame, and as far as needed label, subject, ..."
        ),
    )
    name: str | None = Field(
        default=None,
        description=(
            "Pattern of the file names for formats with one file a clip, such as 'S{subject}A{label}'."
        ),
    )
    joints: Path | None = Field(
        default=None,
        description="Text file with one joint name a line, in place of the names in own data or bvh.",
    )
    clips: Path | None = Field(
        default=None,
        description=(
            "CSV table of clips with at least the column 'frames'; without it the columns of the .npz."
        ),
    )
    label: str | None = Field(
        default=None, description="Column of the class; without it 'label', if there is one."
    )
    class_names: str | None = Field(
        default=None,
        description=(
            "Entry of the .npz with the class names; without it LABEL_names, or 'class_names' for 'label'."
        ),
    )
    subject: str | None = Field(default=None, description="Column of the subject; without it 'subject'.")
    camera: str | None = Field(default=None, description="Column of the camera; without it 'camera'.")
    setup: str | None = Field(default=None, description="Column of the camera setup; without it 'setup'.")
    replication: str | None = Field(
        default=None, description="Column of the repetition; without it 'replication'."
    )

    @property
    def tables(self) -> tuple[Path, ...]:
        """Tables that may lie among the recordings, and are none."""
        return tuple(table for table in (self.labels, self.cut) if table is not None)

    @model_validator(mode="after")
    def _gaps_are_filled(self) -> Self:
        filled = self.missing in ("interpolate", "hold")
        if not filled and self.max_gap != type(self).model_fields["max_gap"].default:
            raise ValueError(f"max_gap: with missing {self.missing} no gap is filled; leave max_gap out")
        return self

    def refuse_but(self, known: Set[str], source: str | Path, kind: str) -> None:
        """Refuse options that would be ignored, of those that only some data know.

        Args:
            known: The options that the data know.
            source: The data, for the message.
            kind: What they are.

        Raises:
            DataError: Another one has been given; names it.

        Example:
            >>> ImportConfig(units="mm").refuse_but({"units"}, "walk.bvh", "the format bvh")
            >>> ImportConfig(fps=30).refuse_but({"units"}, "walk.bvh", "the format bvh")
            Traceback (most recent call last):
            ...
            skeleton_data.errors.DataError: walk.bvh: the format bvh does not know the option fps
        """
        for option in sorted(OF_SOME - known):
            if getattr(self, option) != type(self).model_fields[option].default:
                raise DataError.at(source, f"{kind} does not know the option {option}")


OF_COLUMNS = frozenset({"clips", "label", "class_names", "subject", "camera", "setup", "replication"})
"""Options that say which column of own data is what."""
OF_ALL_FORMATS = frozenset({"format", "resample", "min_confidence", "cut"})
"""Options that all formats know, but not all other data."""
OF_SOME = (
    OF_COLUMNS
    | OF_ALL_FORMATS
    | {"source_layout", "units", "fps", "joints", "part", "labels", "name", "picture"}
)
"""Options that only some data know."""
