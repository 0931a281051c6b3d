"""What to say about own data when it is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ImportConfig(BaseModel):
    """How to understand own data: which layout, units and columns.

    Example:
        >>> ImportConfig(layout="kinect_v1", replication="take").units
        'auto'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: str = Field(description="name of a built-in layout, or a .toml file; joints are found by name")
    units: Literal["auto", "m", "mm"] = Field(
        default="auto", description="units of the positions; auto: from the name positions_m or positions_mm"
    )
    fps: float | None = Field(default=None, gt=0, description="frames per second; else 'fps' of the data")
    joints: Path | None = Field(
        default=None,
        description="text file, one joint name a line; else 'joint_names' of the data, or the layout's order",
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
