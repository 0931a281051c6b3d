"""An animated picture of clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.draw.slots import Flags, SlotPen, Slots
from skeleton_data.draw.strip import check_clip, check_masks, viewpoint
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.replacing import replacing

_WIDEST_LABEL = 0.9  # in heights of a slot
_SHORTEST = 20  # milliseconds a picture: browsers show shorter ones slower, not faster


def draw_gif(
    path: str | Path,
    clips: Mapping[str, NDArray[np.floating[Any]]],
    layout: SkeletonLayout,
    visible: Mapping[str, Flags] | None = None,
    *,
    fps: float,
    frames: int = 60,
    overwrite: bool = True,
) -> None:
    """Draw clips side by side as they move, at their true speed, and save an endless GIF.

    Seen like `draw_strip`; a shorter clip waits in its last frame. Of a label, what
    follows a line break is shown if there is any. Needs matplotlib and pillow
    (`pip install skeleton-data[draw]`), which are imported here.

    Args:
        path: Where to save, `.gif`.
        clips: Label -> clip, (T, V, 3) or (T, M, V, 3), metres, y up. A body that is all zero is
            absent.
        layout: The joints.
        visible: Label -> (T, V) or (T, M, V), false where the joint is masked: it is drawn hollow and grey.
        fps: Frames per second of the clips.
        frames: How many pictures at most, evenly spaced.
        overwrite: Replace a file that is already there.

    Raises:
        ValueError: No clips, one of a wrong shape, with numbers that are not finite or no body at all;
            a mask that fits no clip.

    Example:
        >>> import tempfile
        >>> from skeleton_data import layout
        >>> clip = np.random.default_rng(0).normal(size=(3, 25, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_gif(f"{folder}/clip.gif", {"wave": clip}, layout("ntu"), fps=30)
    """
    if not clips:
        raise ValueError("clips: expected at least one")
    checked = {
        label: check_clip(f"clip {label!r}", clip, layout, somebody=True) for label, clip in clips.items()
    }
    masks = check_masks(visible or {}, checked)
    length = max(len(clip) for clip in checked.values())
    bodies = max(clip.shape[1] for clip in checked.values())
    joints = np.zeros((length, len(checked), bodies, len(layout.joints), 3))
    seen = np.ones(joints.shape[:-1], dtype=bool)
    for column, (label, clip) in enumerate(checked.items()):
        time = np.minimum(np.arange(length), len(clip) - 1)
        joints[:, column, : clip.shape[1]] = clip[time]
        if label in masks:
            seen[:, column, : clip.shape[1]] = masks[label][time]
    there = np.abs(joints).sum(axis=(3, 4)) > 0
    view = viewpoint(next(iter(checked.values())), layout)
    points = (joints @ view.T)[..., :2]
    for column in range(len(checked)):  # each in the middle of its slot
        shown = points[:, column][there[:, column]].reshape(-1, 2)
        points[:, column] -= [(shown[:, 0].max() + shown[:, 0].min()) / 2, shown[:, 1].min()]
    slots = Slots.around(points[there], 1, len(checked))
    slots = replace(slots, width=max(slots.width, _WIDEST_LABEL))
    count = min(frames, length, int(max(1, 1000 * length / fps / _SHORTEST)))
    moments = np.linspace(0, length - 1, count).round().astype(int)
    pictures = [
        _picture(
            slots, layout, points[moment], seen[moment], there[moment], list(checked), f"{moment / fps:.2f} s"
        )
        for moment in moments
    ]
    with replacing(path, overwrite=overwrite) as draft:
        pictures[0].save(
            draft,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            duration=max(_SHORTEST, round(1000 * length / fps / count)),
            loop=0,
        )


def _picture(
    slots: Slots, layout: SkeletonLayout, points: Any, seen: Any, there: Any, labels: list[str], time: str
) -> Any:
    """Return one moment of all clips: points (clips, M, V, 2), seen (clips, M, V), there (clips, M)."""
    from PIL import Image

    pen = SlotPen(slots, layout, there)
    pen.row(0, points, seen, None)
    pen.write([time], [label.partition("\n")[2] or label for label in labels])
    picture = BytesIO()
    pen.figure.savefig(picture, format="png")
    return Image.open(picture).convert("RGB").quantize(64)
