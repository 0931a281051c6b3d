"""Arrays of joints that a program has at hand, as recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skeleton_data import (
    Clip,
    ClipSource,
    DataError,
    ImportConfig,
    ImportReport,
    OpenedClips,
    Preprocessing,
    layout,
)
from skeleton_runtime.recordings import FPS, Joints, Recording, map_joints, prepared
from skeleton_runtime.training_options import up_of_arrays

SCALES = {"auto": 1.0, "m": 1.0, "cm": 0.01, "mm": 0.001}
"""Metres of a unit."""
MAX_COORDINATE = 1e9
"""Largest coordinate of an array or a frame, in its units: a million metres in millimetres."""
MAX_PARTS = 10
"""Largest coordinate of a joint in parts of a picture: larger ones are pixels."""
MAX_BODIES = 64
"""People of a frame; more are a mistake, such as axes in another order."""


def array_recordings(
    clips: Iterable[tuple[int, ArrayLike]],
    preprocessing: Preprocessing,
    config: ImportConfig,
    *,
    notes: list[str] | None = None,
) -> Iterator[Recording]:
    """Prepare arrays as `skeleton-data import` prepares clips.

    Args:
        clips: Each with its number, (T, V, 3) or (T, M, V, 3); NaN is a joint that was not measured, zero an
            absent body.
        preprocessing: That of the model.
        config: Source layout, units and axis that points up; what is not said is the model's, metres, and y.
            With the size of a picture, clips are [x, y, confidence] in its pixels.
        notes: Gets a sentence if clips may have been understood wrongly.

    Yields:
        Each clip, in the model's layout.

    Raises:
        DataError: If a clip cannot be used; says which.
    """
    known = {"source_layout", "units", "fps", "picture", "resample", "min_confidence"}
    config.refuse_but(known, "the array", "an array")
    if config.units != "auto" or config.picture:
        require_picture(preprocessing, config.picture)
    names = layout(config.source_layout).joints if config.source_layout else preprocessing.layout.joints
    scale, fps = scale_of(config.units, config.up, preprocessing), config.fps or preprocessing.fps or FPS
    read = _clip if preprocessing.units == "m" else _pixels if config.picture else _in_parts
    source = ClipSource(
        kind="arrays",
        joints=names,
        fps=fps,
        count=0,
        clips=(read(number, clip, len(names), scale) for number, clip in clips),
        units="pixels" if config.picture else preprocessing.units,
        up=up_of_arrays(preprocessing, config, "the array"),
    )
    mapping = map_joints(names, preprocessing.layout, derive=config.derive, source="the array")
    report = ImportReport(
        preprocessing.layout, preprocessing.units, insist=config.insist, up=source.up or "y"
    )
    data = OpenedClips(source, config, preprocessing.layout, mapping, report)
    for recording in prepared(data, preprocessing, "the array", [] if notes is None else notes):
        if isinstance(recording, DataError):
            raise recording
        yield recording


def scale_of(units: str, up: str, preprocessing: Preprocessing) -> np.float32:
    """Return how many metres a unit is; pixels, and what is not said, stay as they are.

    Raises:
        DataError: If units or axis are not those of joints as the model was made for: 2D or 3D.
    """
    flat = preprocessing.units == "picture"
    if units == "px" and not flat:
        raise DataError("the option units is px, but the model was made for 3D joints; give m, cm or mm")
    if flat and (units in ("cm", "mm") or up not in ("auto", "y")):
        wrong = f"units is {units}" if units in ("cm", "mm") else f"up is {up}"
        raise DataError(f"the option {wrong}, but the model was made for 2D joints in pictures; leave it out")
    return np.float32(SCALES.get(units, 1.0))


def require_picture(preprocessing: Preprocessing, picture: tuple[int, int] | None) -> None:
    """Check that the size of the picture is given for a model of 2D joints, and for no other.

    Raises:
        DataError: If it is not.
    """
    if preprocessing.units == "picture" and picture is None:
        raise DataError(
            "the option picture: the model was made for 2D joints; give width and height, such as 640x480,"
            " and [x, y, confidence] in pixels"
        )
    if preprocessing.units == "m" and picture is not None:
        raise DataError("the option picture: the model was made for 3D joints in metres; leave it out")


def _clip(number: int, clip: ArrayLike, joints: int, scale: np.float32) -> Clip:
    rows = as_bodies(clip, joints, f"clip {number}", frames=True)
    return Clip(f"clip {number}", rows * scale, {}, Path("array"))


def _in_parts(number: int, clip: ArrayLike, joints: int, scale: np.float32) -> Clip:
    """Return a clip whose joints are parts of the picture from its middle, and how sure the detector was."""
    read = _clip(number, clip, joints, scale)
    if (np.abs(read.joints[..., :2]) > MAX_PARTS).any():
        raise DataError(
            f"the option picture: clip {number} has positions beyond {MAX_PARTS} pictures; if they are"
            " pixels, give width and height, such as 640x480"
        )
    return read


def _pixels(number: int, clip: ArrayLike, joints: int, scale: np.float32) -> Clip:
    rows = as_bodies(clip, joints, f"clip {number}", frames=True)
    sure, flat = np.nan_to_num(rows[..., 2]), rows.copy()
    flat[..., 2] = 0
    return Clip(f"clip {number}", flat, {}, Path("array"), confidence=sure)


def as_bodies(given: Any, joints: int, source: str, *, frames: bool) -> Joints:
    """Return joints (T, M, V, 3) of a clip, or with `frames=False` (M, V, 3) of a frame.

    Raises:
        DataError: If they are no numbers, of another shape, infinite or too large, or of too many people.
    """
    if getattr(getattr(given, "dtype", None), "kind", "f") not in "fiuO":
        raise DataError(f"{source} must be an array of real numbers, but is one of {given.dtype}")
    if hasattr(given, "mask") and hasattr(given, "filled"):  # what is masked was not measured
        given = given.astype(np.float32).filled(np.nan)
    try:
        with np.errstate(over="ignore"):  # too large for float32 is infinite, which is refused below
            rows = np.asarray(given, dtype=np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        ragged = "its rows have different lengths; a joint that is missing is [null, null, null] or NaN"
        problem = ragged if "inhomogeneous" in str(error) else error
        raise DataError(f"{source} must be an array of numbers ({problem})") from None
    whole = 4 if frames else 3
    if rows.ndim == whole - 1:
        rows = rows[:, None] if frames else rows[None]
    if rows.ndim != whole or rows.shape[-2:] != (joints, 3) or 0 in rows.shape:
        each = "T, " if frames else ""
        shapes = f"({each}{joints}, 3) or ({each}M, {joints}, 3)"
        raise DataError(f"{source} must have the shape {shapes}, but has {np.shape(given)}")
    if rows.shape[-3] > MAX_BODIES:
        raise DataError(f"{source} has {rows.shape[-3]} people, but at most {MAX_BODIES} are read")
    if (np.abs(rows) > MAX_COORDINATE).any():  # NaN, a missing joint, is not
        raise DataError(f"{source} has a coordinate that is infinite, or above {MAX_COORDINATE:g}")
    return rows
