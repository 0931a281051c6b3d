"""With which options files were imported: predictions from files of the same format need the same."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from skeleton_data.clips import Up
from skeleton_data.printable import Name

ShortName = Annotated[Name, Field(min_length=1, max_length=100)]


class FileOptions(BaseModel):
    """Options of an import without which files of the format may be read wrongly, and nobody would notice.

    Units and the size of pictures are not among them: data that do not say them are refused, and bodies of
    other units are too large or too small.

    Example:
        >>> FileOptions(format="table", up="z").model_dump(exclude_none=True)
        {'format': 'table', 'up': 'z'}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: ShortName = Field(description="Format of the files; raw: raw recordings of NTU.")
    up: Up | None = Field(None, description="Axis that was said to point up; none: that of the format.")
    source_layout: ShortName | None = Field(
        None, description="Layout that the joints were said to have; a file by its name."
    )
    fps: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Frames per second of files that do not say it."
    )
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Confidence below which joints counted as missing."
    )
