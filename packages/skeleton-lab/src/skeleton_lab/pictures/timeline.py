"""What happens when in long recordings, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from skeleton_data import replacing
from skeleton_runtime import Event

LETTER = 0.009
"""Width of a letter on an event, as a part of the line."""
OUTLINE = [withStroke(linewidth=2, foreground="white")]
"""Around a name, which is legible on any colour then."""
GREY = {"unknown": "#bbbbbb", "nobody": "#eeeeee"}
"""Colours of the answers that are no class."""


def draw_timeline(found: Sequence[Event], path: Path) -> None:
    """Draw a line for each recording; events of one class have one colour, and their name where it fits.

    Args:
        found: The events.
        path: The picture; its ending, .png, .svg or .pdf, tells the format.
    """
    recordings = list(dict.fromkeys((event.file, event.clip) for event in found))
    names = sorted({event.label for event in found} - GREY.keys())
    palette = colormaps["tab20" if len(names) <= 20 else "turbo"].resampled(max(20, len(names)))
    colours = {name: palette(place) for place, name in enumerate(names)} | GREY
    figure = Figure(figsize=(11, 1.4 + 0.5 * len(recordings)), facecolor="white", layout="constrained")
    axes = figure.subplots()
    seconds = all(event.fps for event in found)
    spans = [_span(event, seconds=seconds) for event in found]
    longest = max((start + length for start, length in spans), default=1)
    for event, (start, length) in zip(found, spans, strict=True):
        line = recordings.index((event.file, event.clip))
        axes.barh(line, length, left=start, height=0.7, color=colours[event.label], edgecolor="white")
        if LETTER * len(event.label) * longest < length:
            place = start + length / 2, line
            axes.annotate(event.label, place, fontsize=7, ha="center", va="center", path_effects=OUTLINE)
    axes.set_yticks(range(len(recordings)), [clip or "stream" for _, clip in recordings], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("seconds" if seconds else "frames", fontsize=8)
    if shown := [name for name in (*names, *GREY) if any(name == event.label for event in found)]:
        handles = [Patch(color=colours[name]) for name in shown]
        figure.legend(handles, shown, loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=110, format=path.suffix.removeprefix(".") or "png")


def _span(event: Event, *, seconds: bool) -> tuple[float, float]:
    """Return begin and length of an event, in seconds or in frames."""
    rate = event.fps if seconds and event.fps else 1.0
    return event.first_frame / rate, (event.last_frame + 1 - event.first_frame) / rate
