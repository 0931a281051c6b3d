"""The figure of a study: accuracy of each row with its spread, the published numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import matplotlib
from matplotlib.figure import Figure

from engine.study_table import Cell


def draw(cells: Sequence[Cell], path: Path, *, title: str, spread: Literal["deviation", "interval"]) -> None:
    """Draw one panel for each column, one line for each row; nothing where nothing is finished.

    Args:
        cells: What came of the rows.
        path: The picture; its ending tells the format.
        title: Above it.
        spread: What the bars show.
    """
    columns = list(dict.fromkeys(cell.column for cell in cells))
    rows = list(dict.fromkeys(cell.row.name for cell in cells))
    size = (2.5 + 2.5 * len(columns), 1.4 + 0.3 * len(rows))
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
    with matplotlib.rc_context({"svg.hashsalt": "study"}):
        figure.savefig(path, dpi=150)


def _draw_cell(
    panel: matplotlib.axes.Axes, cell: Cell, place: int, spread: Literal["deviation", "interval"]
) -> None:
    if cell.mean is not None:
        panel.errorbar(cell.mean, place, xerr=cell.spread(spread) or 0, fmt="o", color="C0", capsize=3)
    if cell.published is not None:
        panel.plot(cell.published, place, "D", color="C1", fillstyle="none")
