"""The figure of a study: accuracy of each row with its spread, the published numbers beside it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skeleton_data import replacing
from skeleton_lab.errors import writing
from skeleton_lab.studies.cells import Cell, Spread
from skeleton_lab.studies.columns import Column

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours that the colour-blind can distinguish (Okabe and Ito, 2008), one for each line."""


def draw(cells: Sequence[Cell], path: Path, *, title: str, spread: Spread, rows: Sequence[str] = ()) -> None:
    """Draw a line for each row, accuracy over labelled clips; with fewer than three numbers of them, panels.

    A panel is a column; nothing is drawn where nothing is finished. There are at most six lines: with more
    rows, those that have results in most columns.

    Args:
        cells: What came of the rows.
        path: The picture; its ending tells the format.
        title: Above it.
        spread: What the bands and bars show.
        rows: The rows that have lines, if not chosen so.

    Raises:
        OutputError: If it cannot be written.
    """
    columns = list(dict.fromkeys(cell.column for cell in cells))
    several = len(columns) > 2 and len({(column.store, column.protocol) for column in columns}) == 1
    figure = _lines(cells, title, spread, rows) if several else _panels(cells, columns, title, spread)
    with writing(path), matplotlib.rc_context({"svg.hashsalt": "study"}), replacing(path) as draft:
        figure.savefig(draft, dpi=150)


def _lines(cells: Sequence[Cell], title: str, spread: Spread, names: Sequence[str]) -> Figure:
    figure = Figure(figsize=(9, 5), layout="constrained")
    panel, done = figure.subplots(), [cell for cell in cells if cell.labelled]
    rows = [[cell for cell in done if cell.row.name == name] for name in names or _drawn(done)]
    rows = [row for row in rows if row]  # those that have results
    for colour, row in zip(COLOURS, rows, strict=False):
        _draw_row(panel, sorted(row, key=_labelled), colour, spread)
    if done:
        numbers = sorted({round(_labelled(cell)) for cell in done})
        panel.set_xscale("log")
        panel.set_xticks(numbers, list(map(str, numbers)), fontsize=8)
        panel.minorticks_off()
        _name_lines(panel, [max(row, key=_labelled) for row in rows])
    panel.set_title(title, fontsize=10, loc="left")
    panel.set_xlabel("labelled clips", fontsize=8)
    panel.set_ylabel("top-1 %", fontsize=8)
    panel.grid(alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
    return figure


def _drawn(done: Sequence[Cell]) -> list[str]:
    """Return the names of the rows that have lines: those with most columns, as many as there are colours."""
    counts = Counter(cell.row.name for cell in done)  # in the order of the rows
    chosen = sorted(counts, key=lambda name: -counts[name])[: len(COLOURS)]
    return [name for name in counts if name in chosen]


def _draw_row(panel: Axes, row: Sequence[Cell], colour: str, spread: Spread) -> None:
    labelled, means = [_labelled(cell) for cell in row], [cell.mean or 0 for cell in row]
    widths = [cell.spread(spread) or 0 for cell in row]
    lower, upper = (
        [mean + sign * width for mean, width in zip(means, widths, strict=True)] for sign in (-1, 1)
    )
    panel.plot(labelled, means, "o-", color=colour, markersize=4)
    panel.fill_between(labelled, lower, upper, color=colour, alpha=0.15, linewidth=0)
    for cell in row:
        if cell.published is not None:
            panel.plot(_labelled(cell), cell.published, "D", color=colour, fillstyle="none")


def _name_lines(panel: Axes, ends: Sequence[Cell]) -> None:
    """Write the name of each line at its end; names keep a line's height from each other."""
    bottom, top = panel.get_ylim()
    height, lowest = 0.045 * (top - bottom), -math.inf
    for colour, end in sorted(zip(COLOURS, ends, strict=False), key=lambda pair: pair[1].mean or 0):
        lowest = max(end.mean or 0, lowest + height)
        panel.annotate(
            end.row.name,
            (_labelled(end), lowest),
            xytext=(8, 0),
            textcoords="offset points",
            color=colour,
            fontsize=8,
            va="center",
            annotation_clip=False,
        )


def _labelled(cell: Cell) -> float:
    return cell.labelled or 0


def _panels(cells: Sequence[Cell], columns: Sequence[Column], title: str, spread: Spread) -> Figure:
    rows = list(dict.fromkeys(cell.row.name for cell in cells))
    names = 0.07 * max(map(len, rows), default=0)  # inches that the longest name takes
    size = (0.5 + names + 2.5 * len(columns), 1.4 + 0.3 * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for column, panel in zip(columns, panels, strict=True):
        for cell in cells:
            if cell.column == column:
                _draw_cell(panel, cell, rows.index(cell.row.name), spread)
        panel.set_title(column.heading, fontsize=9)
        panel.set_xlabel("top-1 %", fontsize=8)
        panel.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(rows)), rows, fontsize=8)
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    figure.suptitle(title, fontsize=10)
    return figure


def _draw_cell(panel: Axes, cell: Cell, place: int, spread: Spread) -> None:
    if cell.mean is not None:
        panel.errorbar(cell.mean, place, xerr=cell.spread(spread) or 0, fmt="o", color="C0", capsize=3)
    if cell.published is not None:
        panel.plot(cell.published, place, "D", color="C1", fillstyle="none")
