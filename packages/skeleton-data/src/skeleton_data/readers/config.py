"""What to say about a data set when it is imported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from skeleton_data.clips import Up
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
        description=f"format of the data, {', '.join(get_args(Format))} or that of a package; auto:"
        " by its look",
    )
    layout: str | None = Field(
        default=None,
        description=f"layout of the store: {', '.join(layout_names())} or a .toml file; else the data's",
    )
    source_layout: str | None = Field(
        default=None,
        description="layout of data that does not name its joints; else layout, or by number",
    )
    derive: bool = Field(
        default=False,
        description="take joints that the data lacks from others: middle of the hips, wrist for hand, ...",
    )
    units: Literal["auto", "m", "cm", "mm", "px"] = Field(
        default="auto",
        description="units of the positions, px for pixels; auto: what the data says, or its format",
    )
    up: Literal["auto", Up] = Field(
        default="auto",
        description="axis of the positions that points up, -y where y points down; auto: by the format",
    )
    picture: Picture | None = Field(
        default=None, description="width and height of the picture, where positions are pixels: 640x480"
    )
    missing: Missing = Field(
        default="interpolate",
        description="joints that were not measured: refuse the clip, interpolate in time, hold the last"
        " place, or leave the frame out",
    )
    max_gap: str = Field(
        default="0.5s",
        pattern=r"^([0-9]+|[0-9]*\.?[0-9]+s)$",
        description="longest gap that is filled, in frames (15) or seconds (0.5s)",
    )
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="a joint of less confidence counts as missing; else by the format",
    )
    resample: float | None = Field(
        default=None, gt=0, description="frames per second of the store: clips are interpolated in time"
    )
    fps: float | None = Field(default=None, gt=0, description="frames per second; else what the data says")
    insist: bool = Field(
        default=False, description="import clips that cannot be right: bodies of 50 m, or on their heads"
    )
    part: str | None = Field(
        default=None,
        description="only this part: of ctr-gcn and huggingface train or test, of pyskl one of its splits",
    )
    labels: Path | None = Field(
        default=None,
        description="of formats of a file a clip a CSV table with the columns file, label, subject, ...; of"
        " pku-mmd the folder with the label files; of kinetics the file ..._label.json",
    )
    name: str | None = Field(
        default=None,
        description="of formats of a file a clip how files are called, like 'S{subject}A{label}'",
    )
    joints: Path | None = Field(
        default=None,
        description="text file, one joint name a line, instead of the names in own data or bvh",
    )
    clips: Path | None = Field(
        default=None,
        description="CSV table of clips with at least the column 'frames'; else the columns of the .npz",
    )
    label: str | None = Field(default=None, description="column of the class; else 'label' if there is one")
    class_names: str | None = Field(
        default=None,
        description="entry of the .npz with the class names; else LABEL_names, or 'class_names' for 'label'",
    )
    subject: str | None = Field(default=None, description="column of the subject; else 'subject'")
    camera: str | None = Field(default=None, description="column of the camera; else 'camera'")
    setup: str | None = Field(default=None, description="column of the camera setup; else 'setup'")
    replication: str | None = Field(default=None, description="column of the repetition; else 'replication'")
