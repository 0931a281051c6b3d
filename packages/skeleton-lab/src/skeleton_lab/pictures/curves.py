"""Learning curves as a picture: of one run, or means and ranges over seeds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skeleton_data import replacing
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.text_files import MAX_RESULT, read_small_text

CURVES = "curves.png"
"""The picture that a run leaves in its folder."""
PANELS = {"loss": ("train", "validation"), "top1": ("validation", "test")}
"""Values that are drawn, and of which sides."""
LABELS = {"loss": "loss", "top1": "top-1 %"}

Curve = Mapping[int, float]
"""A value by the number of steps done."""


def draw_curves(groups: Mapping[str, Sequence[Path]], path: Path, *, title: str = "") -> None:
    """Draw loss and accuracy over steps.

    Args:
        groups: Names, each with the folders of its runs; of several runs, the mean is a line and the range
            from the lowest to the highest a band.
        path: The picture; its ending tells the format.
        title: Above it.

    Raises:
        InputError: If the metrics of a run cannot be read.
    """
    curves = {name: [_curves(run) for run in runs] for name, runs in groups.items()}
    there = {value for runs in curves.values() for run in runs for _, value in run}
    panels = [value for value in PANELS if value in there] or ["loss"]
    figure = Figure(figsize=(5.2 * len(panels), 3.6), facecolor="white", layout="constrained")
    for axes, value in zip(np.atleast_1d(np.array(figure.subplots(1, len(panels)))), panels, strict=True):
        for place, (name, runs) in enumerate(curves.items()):
            for side in PANELS[value]:
                found = [run[side, value] for run in runs if (side, value) in run]
                label = side if len(curves) == 1 else f"{name}, {side}"
                _draw(axes, found, label, f"C{place}" if len(curves) > 1 else None, side, value)
        axes.set_xlabel("step", fontsize=8)
        axes.set_ylabel(LABELS[value], fontsize=8)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=10)
    with mpl.rc_context({"svg.hashsalt": "curves"}), replacing(path) as draft:
        figure.savefig(draft, dpi=110, format=path.suffix.removeprefix(".") or "png")


def _draw(axes: Axes, found: Sequence[Curve], label: str, colour: str | None, side: str, value: str) -> None:
    if not found:
        return
    steps = sorted(set.intersection(*(set(curve) for curve in found)))
    values = np.array([[curve[step] for step in steps] for curve in found])
    values = 100 * values if value == "top1" else values
    marker = "o" if len(steps) == 1 else None
    style = "--" if colour and side == "train" else "-"
    (line,) = axes.plot(steps, values.mean(axis=0), style, color=colour, marker=marker, label=label)
    if len(found) > 1:
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=line.get_color(), alpha=0.2)


def _curves(run: Path) -> dict[tuple[str, str], dict[int, float]]:
    """Return the curves of a run by side and value."""
    found: defaultdict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for step, side, value, number in _rows(run / "metrics.jsonl"):
        found[side, value][step] = number
    return dict(found)


def _rows(path: Path) -> Iterator[tuple[int, str, str, float]]:
    text = read_small_text(path, most=MAX_RESULT)
    try:
        for line in map(json.loads, text.splitlines()):
            for value, sides in PANELS.items():
                if value in line and line["split"] in sides:
                    yield int(line["step"]), line["split"], value, float(line[value])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: not the metrics of a training: {error!r}") from error
