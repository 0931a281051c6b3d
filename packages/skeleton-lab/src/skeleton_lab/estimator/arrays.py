"""Clips, classes and groups as people hand them over, checked: each complaint names argument and index."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data import SkeletonLayout, Units, layout_names, present_bodies, those_in_view
from skeleton_data import layout as built_in
from skeleton_lab.errors import InputError, input_errors

SMALLEST, LARGEST = 0.3, 5.0
"""Metres: a body of another extent is doubtful."""


def as_layout(layout: Any) -> SkeletonLayout:
    """Return a layout, or that of a name or of a TOML file.

    Raises:
        InputError: If there is none of that name, or the file cannot be read.

    Example:
        >>> len(as_layout("kinect_v1").joints)
        20
    """
    if isinstance(layout, SkeletonLayout):
        return layout
    if isinstance(layout, str | Path):
        with input_errors():
            return (
                SkeletonLayout.from_toml(layout) if str(layout).endswith(".toml") else built_in(str(layout))
            )
    known = ", ".join(layout_names())
    raise InputError(
        f"layout: {layout!r} is not a layout; give a SkeletonLayout, a TOML file, or one of {known}"
    )


def as_clips(
    clips: Any, layout: SkeletonLayout, *, units: Units = "m", name: str = "clips", empty: bool = False
) -> list[NDArray[np.float32]]:
    """Return clips (T, M, V, 3), without bodies that never come, and without frames of zeros at the end.

    Args:
        clips: Arrays (T, V, 3), or (T, M, V, 3) with bodies, of any length.
        layout: Says the joints.
        units: Of the positions.
        name: Of the argument, for messages.
        empty: Whether a clip may have nobody in it; M is 0 then.

    Raises:
        InputError: If they are something else; names the clip, and the frame and joint that is not finite.

    Example:
        >>> body = np.linspace(0, 1.7, 60).reshape(20, 3)
        >>> [clip.shape for clip in as_clips([np.stack([body] * 30)], built_in("kinect_v1"))]
        [(30, 1, 20, 3)]
        >>> as_clips([np.ones((30, 19, 3))], built_in("kinect_v1"))
        Traceback (most recent call last):
        skeleton_lab.errors.InputError: clips[0] has 19 joints, but layout kinect_v1 has 20
    """
    if isinstance(clips, str | bytes | dict) or not isinstance(clips, Iterable):
        raise InputError(f"{name} must be a list of arrays (frames, joints, 3), not a {type(clips).__name__}")
    found = []
    for number, clip in enumerate(clips):
        joints = _as_clip(clip, layout, f"{name}[{number}]")
        someone = those_in_view(joints, picture=units == "picture")
        if someone is None and not empty:
            raise InputError(
                f"{name}[{number}] has nobody in it: all joints are zero, or lie at one point in each frame"
            )
        found.append(joints[:, :0] if someone is None else present_bodies(someone))
    if not found:
        raise InputError(f"{name} has no clip; give at least one")
    somebody = [clip for clip in found if clip.size]
    if units == "m" and layout.hips is not None and somebody:
        extents = [np.median(np.ptp(clip[clip.any(axis=(2, 3))], axis=1).max(axis=-1)) for clip in somebody]
        if not SMALLEST <= (height := float(np.median(extents))) <= LARGEST:
            warning = f"{name}: a body measures {height:.3g} m; positions are expected in metres, y up"
            warnings.warn(warning, stacklevel=3)
    return found


def _as_clip(clip: Any, layout: SkeletonLayout, where: str) -> NDArray[np.float32]:
    try:
        given = np.asarray(clip)
        joints = np.zeros(0, np.float32) if np.iscomplexobj(given) else given.astype(np.float32, copy=False)
    except (ValueError, TypeError) as error:
        raise InputError(f"{where} is no array of numbers: {error}") from error
    if np.iscomplexobj(given):
        raise InputError(f"{where} has complex numbers. Complex data not supported: give real coordinates")
    expected = f"(frames, {len(layout.joints)}, 3) or (frames, bodies, {len(layout.joints)}, 3)"
    if joints.ndim not in (3, 4) or joints.shape[-1] != 3:
        raise InputError(f"{where} has the shape {joints.shape}, but must have {expected}")
    joints = joints[:, None] if joints.ndim == 3 else joints
    if joints.shape[2] != len(layout.joints):
        raise InputError(
            f"{where} has {joints.shape[2]} joints, but layout {layout.name} has {len(layout.joints)}"
        )
    if not joints.size:
        raise InputError(f"{where} has the shape {joints.shape}, and so no frame or no body")
    if not np.isfinite(joints).all():
        frame, _, joint, _ = np.argwhere(~np.isfinite(joints))[0]
        raise InputError(
            f"{where} is NaN or infinite in frame {frame}, joint {joint} ({layout.joints[joint]}); "
            "fill the gaps first, as `skeleton-data import` does"
        )
    return joints


def as_labels(y: Any, clips: int, *, name: str = "y") -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the classes, sorted, and the number of each clip's class among them, -1 without a label.

    Args:
        y: Whole numbers or names, one for each clip, or a column (N, 1) of them; -1, "-1", None, "" and NaN
            say that there is no label.
        clips: Number of clips.
        name: Of the argument, for messages.

    Raises:
        InputError: If there are more or fewer than clips, or one is no class; names the index.

    Example:
        >>> as_labels(["wave", None, "kick", ""], 4)
        (array(['kick', 'wave'], dtype='<U4'), array([ 1, -1,  0, -1]))
        >>> as_labels([7, -1, float("nan"), 5.0], 4)
        (array([5, 7]), array([ 1, -1, -1,  0]))
    """
    values = _column(y, clips, name)
    known = {number: value for number, value in enumerate(values) if not is_missing(value)}
    kinds = {number: _kind(value) for number, value in known.items()}
    for number, kind in kinds.items():
        if kind is None:
            what = ", a continuous number" * isinstance(values[number], float)
            raise InputError(
                f"{name}[{number}] is {values[number]!r}{what}; a class is a whole number or a name"
            )
        if kind != (first := kinds[next(iter(kinds))]):
            raise InputError(f"{name}[{number}] is {values[number]!r}, a {kind}, but others are a {first}")
    classes = np.array(sorted(set(map(_plain, known.values()))))
    number_of = {_plain(value): number for number, value in enumerate(classes.tolist())}
    codes = [number_of[_plain(known[number])] if number in known else -1 for number in range(clips)]
    return classes, np.array(codes, dtype=np.int64)


def as_groups(groups: Any, clips: int) -> NDArray[np.int64]:
    """Return a number for each clip's group: itself, of whole numbers; else its place among the groups.

    Args:
        groups: Who moves, for each clip; None where that is not known: then all are -1.
        clips: Number of clips.

    Raises:
        InputError: If there are more or fewer than clips, or one is not known; names the index.

    Example:
        >>> as_groups(["ann", "bob", "ann"], 3), as_groups([8, 2], 2), as_groups(None, 1)
        (array([0, 1, 0]), array([8, 2]), array([-1]))
    """
    if groups is None:
        return np.full(clips, -1, dtype=np.int64)
    values = _column(groups, clips, "groups")
    for number, value in enumerate(values):
        if is_missing(value):
            raise InputError(f"groups[{number}] is {value!r}; a group is needed for each clip, or for none")
    if all(_kind(value) == "number" and 0 <= value < 2**31 for value in values):
        return np.array([int(value) for value in values], dtype=np.int64)
    return np.unique([str(value) for value in values], return_inverse=True)[1].astype(np.int64)


def is_missing(value: Any) -> bool:
    """Whether a value of `y` says that there is no label.

    "-1" does, too: NumPy makes it of -1 in an array beside names.
    """
    if isinstance(value, str):
        return value in ("", "-1")
    if value is None or type(value).__name__ in ("NAType", "NaTType"):  # pandas
        return True
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(value == -1 or value != value)


def _column(values: Any, clips: int, name: str) -> list[Any]:
    try:
        # A list is taken as it is: NumPy would make names of numbers beside names.
        column = np.asarray(values, dtype=None if hasattr(values, "__array__") else object)
    except ValueError as error:
        raise InputError(f"{name} must have one value for each clip: {error}") from error
    if column.ndim == 2 and column.shape[1] == 1:
        message = f"A column-vector {name} was passed when a 1d array was expected; its column is taken"
        known = getattr(sys.modules.get("sklearn.exceptions"), "DataConversionWarning", UserWarning)
        warnings.warn(message, known, stacklevel=4)
        column = column[:, 0]
    if column.ndim != 1:
        raise InputError(f"{name} must have one value for each clip, but has the shape {column.shape}")
    if len(column) != clips:
        raise InputError(f"{name} has {len(column)} values for {clips} clips")
    found: list[Any] = column.tolist()
    return found


def _kind(value: Any) -> str | None:
    match value:
        case str():
            return "name"
        case bool() | np.bool_():
            return "truth value"
        case int() | np.integer():
            return "number"
        case float() | np.floating() if float(value).is_integer():
            return "number"
    return None


def _plain(value: Any) -> Any:
    """Return a class as a value of Python's own."""
    return {"name": str, "truth value": bool, "number": int}[_kind(value) or ""](value)
