"""The figure of a study: accuracy of each row with its spread, the published numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skeleton_lab.studies.columns import Column
from skeleton_lab.studies.table import Cell, Spread


def draw(cells: Sequence[Cell], path: Path, *, title: str, spread: Spread) -> None:
    """Draw a line for each row, accuracy over labelled clips; with fewer than three numbers of them, panels.

    A panel is a column; nothing is drawn where nothing is finished.

    Args:
        cells: What came of the rows.
        path: The picture; its ending tells the format.
        title: Above it.
        spread: What the bars show.
    """
    columns = list(dict.fromkeys(cell.column for cell in cells))
    several = len(columns) > 2 and len({(column.store, column.protocol) for column in columns}) == 1
    figure = _lines(cells, title, spread) if several else _panels(cells, columns, title, spread)
    with matplotlib.rc_context({"svg.hashsalt": "study"}):
        figure.savefig(path, dpi=150)


def _lines(cells: Sequence[Cell], title: str, spread: Spread) -> Figure:
    figure = Figure(figsize=(12, 6), layout="constrained")
    panel, done = figure.subplots(), [cell for cell in cells if cell.labelled]
    for place, name in enumerate(dict.fromkeys(cell.row.name for cell in done)):
        row = sorted((cell for cell in done if cell.row.name == name), key=_labelled)
        _draw_row(panel, row, place, spread)
    if done:
        numbers = sorted({round(_labelled(cell)) for cell in done})
        panel.set_xscale("log")
        panel.set_xticks(numbers, list(map(str, numbers)), fontsize=8)
        panel.minorticks_off()
        panel.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8, frameon=False)
    panel.set_title(title, fontsize=10)
    panel.set_xlabel("labelled clips", fontsize=8)
    panel.set_ylabel("top-1 %", fontsize=8)
    panel.grid(alpha=0.3)
    return figure


def _draw_row(panel: Axes, row: Sequence[Cell], place: int, spread: Spread) -> None:
    colour, style = f"C{place % 10}", ("o-", "s--", "^:")[place // 10 % 3]  # ten colours, then other lines
    panel.errorbar(
        [_labelled(cell) for cell in row],
        [cell.mean or 0 for cell in row],
        [cell.spread(spread) or 0 for cell in row],
        fmt=style,
        color=colour,
        label=row[0].row.name,
        markersize=4,
        capsize=2,
        elinewidth=0.8,
    )
    for cell in row:
        if cell.published is not None:
            panel.plot(_labelled(cell), cell.published, "D", color=colour, fillstyle="none")


def _labelled(cell: Cell) -> float:
    return cell.labelled or 0


def _panels(cells: Sequence[Cell], columns: Sequence[Column], title: str, spread: Spread) -> Figure:
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
    return figure


def _draw_cell(panel: Axes, cell: Cell, place: int, spread: Spread) -> None:
    if cell.mean is not None:
        panel.errorbar(cell.mean, place, xerr=cell.spread(spread) or 0, fmt="o", color="C0", capsize=3)
    if cell.published is not None:
        panel.plot(cell.published, place, "D", color="C1", fillstyle="none")
