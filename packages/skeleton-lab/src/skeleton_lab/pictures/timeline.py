"""What happens when in long recordings, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from skeleton_data import replacing
from skeleton_runtime import Event

GREY = {"unknown": "#bbbbbb", "nobody": "#eeeeee"}
"""Colours of the answers that are no class."""


def draw_timeline(found: Sequence[Event], path: Path) -> None:
    """Draw a line for each recording, on which events of one class have one colour.

    Args:
        found: The events.
        path: The picture; its ending, .png, .svg or .pdf, tells the format.
    """
    recordings = list(dict.fromkeys((event.file, event.clip) for event in found))
    names = sorted({event.label for event in found} - GREY.keys())
    palette = colormaps["tab20"]
    colours = {name: palette(place % 20) for place, name in enumerate(names)} | GREY
    figure = Figure(figsize=(11, 1.4 + 0.5 * len(recordings)), facecolor="white", layout="constrained")
    axes = figure.subplots()
    seconds = all(event.fps for event in found)
    for event in found:
        rate = event.fps if seconds and event.fps else 1.0
        start, length = event.first_frame / rate, (event.last_frame + 1 - event.first_frame) / rate
        line = recordings.index((event.file, event.clip))
        axes.barh(line, length, left=start, height=0.7, color=colours[event.label], edgecolor="white")
    axes.set_yticks(range(len(recordings)), [clip or "stream" for _, clip in recordings], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("seconds" if seconds else "frames", fontsize=8)
    if shown := [name for name in (*names, *GREY) if any(name == event.label for event in found)]:
        handles = [Patch(color=colours[name]) for name in shown]
        figure.legend(handles, shown, loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=110, format=path.suffix.removeprefix(".") or "png")
