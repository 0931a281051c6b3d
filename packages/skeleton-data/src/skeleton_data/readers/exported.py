"""What the exports of this package say of all clips: their layout, and the units of their positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from skeleton_data.clips import Units
from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.mistakes import first_mistake


def exported_layout(text: Any, file: Path) -> SkeletonLayout:
    """Return the skeleton that an export wrote as JSON.

    Raises:
        DataError: It is none.

    Example:
        >>> from skeleton_data.layouts.layout import layout
        >>> exported_layout(layout("ntu").model_dump_json(), Path("x.npz")) == layout("ntu")
        True
    """
    try:
        return SkeletonLayout.model_validate_json(text)
    except ValidationError as error:
        raise first_mistake(error, file, SkeletonLayout, note="layout: no skeleton") from None


def exported_units(text: Any, file: Path) -> Units:
    """Return the units that an export wrote.

    Raises:
        DataError: There are no such units.
    """
    if text not in ("m", "picture"):
        raise DataError.at(file, field="units", expected="m or picture", found=f"{text!r:.40}")
    units: Units = text
    return units
