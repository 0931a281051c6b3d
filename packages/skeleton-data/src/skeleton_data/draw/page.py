"""A web page that plays clips in 3D: one file without any other, for any browser, with no connection."""

from __future__ import annotations

import base64
import html
import json
import math
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.draw.slots import LEFT, MIDDLE, RIGHT
from skeleton_data.draw.strip import TURN, check_clip, viewing_angle
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.replacing import replacing

MOST_CLIPS = 2


def draw_page(
    path: str | Path,
    clips: Mapping[str, NDArray[np.floating[Any]]],
    layout: SkeletonLayout,
    *,
    fps: float,
    title: str = "",
    overwrite: bool = True,
) -> None:
    """Write a page that plays one clip, or two side by side, on one clock and from one side.

    Drag to turn, scrub with the slider. The page is drawn by some lines of script in it; it loads nothing.
    Positions are kept as 16-bit steps of the largest coordinate (0.1 mm at 3 m).

    Args:
        path: Where to save, `.html`.
        clips: Label -> clip, (T, V, 3) or (T, M, V, 3), metres, y up; lengths and bodies may differ. What
            follows a line break in a label is set smaller. A body is absent where it is all zero.
        layout: The joints.
        fps: Frames per second.
        title: Of the page; by default the labels.
        overwrite: Replace a file that is already there.

    Raises:
        ValueError: Not one or two clips, one of a wrong shape, with numbers that are not finite or no body
            at all; `fps` not above 0.

    Example:
        >>> import tempfile
        >>> from skeleton_data import layout
        >>> clip = np.random.default_rng(0).normal(size=(20, 25, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_page(f"{folder}/clip.html", {"wave": clip}, layout("ntu"), fps=30)
        ...     "://" in Path(folder, "clip.html").read_text()
        False
    """
    if not 1 <= len(clips) <= MOST_CLIPS:
        raise ValueError(f"clips: expected 1 to {MOST_CLIPS}, got {len(clips)}")
    if not (fps > 0 and math.isfinite(fps)):
        raise ValueError(f"fps must be above 0, got {fps}")
    checked = {
        label: check_clip(f"clip {label!r}", clip, layout, somebody=True) for label, clip in clips.items()
    }
    title = title or " and ".join(label.partition("\n")[0] for label in clips)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": player_file("player.css"),
        "SCRIPT": player_file("player.js"),
    }
    parts["DATA"] = json.dumps(player_data(checked, layout, fps=fps)).replace("<", "\\u003c")
    page = player_file("page.html")
    page = re.sub(rf"\b({'|'.join(parts)})\b", lambda found: parts[found[1]], page)
    with replacing(path, overwrite=overwrite) as draft:
        draft.write_text(page, encoding="utf-8")


def player_file(name: str) -> str:
    """Return a file of the player: `page.html`, `player.css` or `player.js`."""
    return (files("skeleton_data.draw") / name).read_text(encoding="utf-8")


def player_data(
    clips: Mapping[str, NDArray[np.float64]], layout: SkeletonLayout, *, fps: float
) -> dict[str, Any]:
    """Return what the script of the player is given, as JSON can hold it.

    Args:
        clips: Label -> clip (T, M, V, 3); at least one, each with somebody in it, all finite.
        layout: The joints.
        fps: Frames per second.
    """
    return player_looks(layout) | {
        "fps": fps,
        "yaw": viewing_angle(next(iter(clips.values())), layout),
        "clips": [_packed(label, clip) for label, clip in clips.items()],
    }


def player_looks(layout: SkeletonLayout) -> dict[str, Any]:
    """Return of `player_data` what is the same for all clips: bones, sides, their colours, the side view."""
    left, right = ({pair[side] for pair in layout.pairs} for side in (0, 1))
    return {
        "bones": layout.bones,
        "sides": [1 if v in left else 2 if v in right else 0 for v in range(len(layout.joints))],
        "colours": (MIDDLE, LEFT, RIGHT),
        "turn": TURN,
    }


def _packed(label: str, clip: NDArray[np.float64]) -> dict[str, Any]:
    """Return a clip (T, M, V, 3) as the script of the page reads it."""
    title, _, note = label.partition("\n")
    unit = float(np.abs(clip).max()) / 32767
    joints = np.round(clip / unit).astype("<i2")
    frames, bodies = clip.shape[:2]
    coded = base64.b64encode(joints.tobytes()).decode()
    return {
        "title": title,
        "note": note,
        "frames": frames,
        "bodies": bodies,
        "unit": unit,
        "joints": coded,
    }
