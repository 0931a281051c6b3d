"""Draw skeletons: a strip of frames per row, such as original, masked, reconstructed.

Needs matplotlib (`pip install skeleton-data[draw]`), which is imported when something is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.draw.slots import SlotPen, Slots
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.replacing import replacing

Clip = NDArray[np.float64]
Flags = NDArray[np.bool_]

TURN = math.radians(20)
"""How far the viewer stands beside the front."""


def draw_strip(
    path: str | Path,
    rows: Mapping[str, NDArray[np.floating]],
    layout: SkeletonLayout,
    visible: Mapping[str, Flags] | None = None,
    *,
    reconstructed: Collection[str] = (),
    frames: int = 8,
    title: str = "",
    overwrite: bool = True,
) -> None:
    """Draw clips as rows of skeletons along one time line, all to one scale, and save the picture.

    The viewer stands a little beside the front of the first body in the first row; two bodies are seen next
    to each other. A frame in which no joint is visible is an empty slot.

    Args:
        path: Where to save; the ending chooses the format (`.png`, `.svg`, `.pdf`).
        rows: Label -> clip, (T, V, 3) or (T, M, V, 3), metres, y up, all of one shape. What follows a line
            break in a label is set smaller. A body is left out where it is all zero in the first row.
        layout: The joints.
        visible: Label -> (T, V) or (T, M, V), false where the joint is masked: it is drawn hollow and grey.
        reconstructed: Labels of rows whose masked joints were filled in by a model: these have a colour
            of their own, and the first row stands behind as a shadow.
        frames: How many frames to draw, evenly spaced.
        title: Text above the rows.
        overwrite: Replace a file that is already there.

    Raises:
        ValueError: No rows, rows of different or unknown shape, numbers that are not finite, a mask that fits
            no row.

    Example:
        >>> import tempfile
        >>> from skeleton_data import layout
        >>> clip = np.random.default_rng(0).normal(size=(20, 25, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_strip(f"{folder}/strip.png", {"original": clip}, layout("ntu"))
    """
    clips = _check_rows(rows, layout)
    masks = check_masks(visible or {}, clips)
    if unknown := sorted(set(reconstructed) - set(masks)):
        raise ValueError(f"reconstructed: {unknown} not in visible, which has {sorted(masks)}")
    first = next(iter(clips.values()))
    moments = np.unique(np.linspace(0, len(first) - 1, frames).round().astype(int))
    there = np.abs(first[moments]).sum(axis=(2, 3)) > 0
    if not there.any():
        raise ValueError(f"row {next(iter(clips))!r}: no body, all joints drawn are zero")
    view = viewpoint(first, layout)
    flat = {label: (clip[moments] @ view.T)[..., :2] for label, clip in clips.items()}
    original = next(iter(flat.values()))
    pen = SlotPen(Slots.around(original[there], len(rows), len(moments)), layout, there, title)
    for row, (label, points) in enumerate(flat.items()):
        mask = masks.get(label)
        seen = np.ones(points.shape[:3], dtype=bool) if mask is None else mask[moments]
        pen.row(row, points, seen, original if label in reconstructed else None)
    pen.write(list(rows), [f"frame {moment + 1}" for moment in moments])
    pen.legend(masked=bool(set(masks) - set(reconstructed)), reconstructed=bool(reconstructed))
    with replacing(path, overwrite=overwrite) as draft:
        pen.figure.savefig(draft)


def check_clip(
    name: str, clip: NDArray[np.floating], layout: SkeletonLayout, *, somebody: bool = False
) -> Clip:
    """Return the clip with a body axis, (T, M, V, 3) float64.

    Args:
        name: What to call it in an error.
        clip: (T, V, 3) or (T, M, V, 3).
        layout: The joints.
        somebody: Also refuse a clip in which all is zero.

    Raises:
        ValueError: Another shape, numbers that are not finite, or nobody.

    Example:
        >>> from skeleton_data import layout
        >>> check_clip("clip 0", np.ones((20, 25, 3)), layout("ntu")).shape
        (20, 1, 25, 3)
    """
    joints = np.asarray(clip, dtype=np.float64)
    joints = joints[:, None] if joints.ndim == 3 else joints
    if joints.ndim != 4 or joints.shape[2:] != (len(layout.joints), 3) or 0 in joints.shape:
        expected = f"(T, {len(layout.joints)}, 3) or (T, M, {len(layout.joints)}, 3)"
        found = f"got {np.shape(clip)}"
        raise ValueError(f"{name}: expected {expected} for layout {layout.name!r}, {found}")
    if not np.isfinite(joints).all():
        raise ValueError(f"{name}: a coordinate is not finite")
    if somebody and not joints.any():
        raise ValueError(f"{name}: no body, all joints are zero")
    return joints


def _check_rows(rows: Mapping[str, NDArray[np.floating]], layout: SkeletonLayout) -> dict[str, Clip]:
    """Return the clips with a body axis, (T, M, V, 3)."""
    clips: dict[str, Clip] = {}
    for label, clip in rows.items():
        clips[label] = check_clip(f"row {label!r}", clip, layout)
    if len({clip.shape for clip in clips.values()}) != 1:
        raise ValueError(f"expected rows of one shape, got {[clip.shape for clip in clips.values()]}")
    return clips


def check_masks(visible: Mapping[str, Flags], clips: Mapping[str, Clip]) -> dict[str, Flags]:
    """Return the masks with a body axis, (T, M, V).

    Args:
        visible: Label -> (T, V) or (T, M, V), false where the joint is masked.
        clips: Label -> clip (T, M, V, 3).

    Raises:
        ValueError: A label of no clip, or a mask of another shape than its clip.

    Example:
        >>> clip = np.ones((20, 1, 25, 3))
        >>> check_masks({"masked": np.ones((20, 25), dtype=bool)}, {"masked": clip})["masked"].shape
        (20, 1, 25)
    """
    masks: dict[str, Flags] = {}
    for label, mask in visible.items():
        if label not in clips:
            raise ValueError(f"visible: {label!r} is not a row; the rows are {list(clips)}")
        shape = clips[label].shape[:3]
        flags = np.asarray(mask, dtype=bool)
        flags = flags[:, None] if flags.ndim == 2 else flags
        if flags.shape not in (shape, (shape[0], 1, shape[2])):
            raise ValueError(f"visible: {label!r} is {np.shape(mask)}, but its row (T, M, V) = {shape}")
        masks[label] = np.broadcast_to(flags, shape)
    return masks


def viewpoint(clip: Clip, layout: SkeletonLayout) -> Clip:
    """Return rotation about the vertical, (3, 3), of a clip (T, M, V, 3) to the viewer's right, up and near.

    Example:
        >>> from skeleton_data import layout
        >>> viewpoint(np.ones((1, 1, 25, 3)), layout("ntu"))[1]
        array([0., 1., 0.])
    """
    angle = viewing_angle(clip, layout)
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def viewing_angle(clip: Clip, layout: SkeletonLayout) -> float:
    """Return where to look at a clip (T, M, V, 3) from, radians about the vertical.

    A little beside the front of one body; two are seen next to each other.

    Example:
        >>> from skeleton_data import layout
        >>> viewing_angle(np.ones((1, 1, 25, 3)), layout("ntu"))  # no direction
        0.0
    """
    there = np.abs(clip).sum(axis=(2, 3)) > 0
    bodies = [clip[here, body] for body, here in enumerate(there.T) if here.any()]
    if len(bodies) > 1:
        x, _, z = bodies[1].mean(axis=(0, 1)) - bodies[0].mean(axis=(0, 1))
    else:
        # Seen from the front, a person's left is on the right.
        sides = [pair for pair in (layout.shoulders, layout.hips) if pair is not None]
        lines = [bodies[0][:, left] - bodies[0][:, right] for left, right in sides or [(0, 0)]]
        x, _, z = np.sum(lines, axis=0).mean(axis=0)
    return math.atan2(z, x) + TURN if math.hypot(x, z) > 1e-6 else 0.0
