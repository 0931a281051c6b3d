"""A confusion matrix as a picture and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skeleton_data import replacing
from skeleton_lab.errors import input_errors, writing
from skeleton_lab.runs.folder import write_atomically
from skeleton_lab.runs.results import Evaluation

INK, PAPER, COLOURS = "#1f2733", "white", "Blues"

Counts = Sequence[Sequence[int]]
"""Clips by true class (row) and recognised class (column)."""


def save_evaluation(folder: Path, result: Evaluation, confusions: Mapping[str, Counts]) -> None:
    """Write evaluation.json, and the confusion matrix of each method as CSV and as a picture.

    Raises:
        OutputError: If the folder cannot be written, as on a full disk.
        InputError: If it cannot be made.
    """
    with input_errors():
        folder.mkdir(parents=True, exist_ok=True)
    with input_errors(), writing(folder):
        for method, confusion in confusions.items():
            accuracy = result.methods[method]
            names, path = list(accuracy.per_class), folder / f"confusion-{method.replace(' ', '-')}"
            write_confusion(path.with_suffix(".csv"), confusion, names)
            title = f"{method}: {100 * accuracy.top1:.1f} % of {accuracy.clips} clips; rows in percent"
            draw_confusion(path.with_suffix(".png"), confusion, names, title=title)
        write_atomically(folder / "evaluation.json", (result.model_dump_json(indent=2) + "\n").encode())


def write_confusion(path: Path, confusion: Counts, names: Sequence[str]) -> None:
    """Write a CSV file: a row for each true class, a column for each recognised one, clips counted."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["true class", *names])
    rows.writerows([name, *row] for name, row in zip(names, confusion, strict=True))
    write_atomically(path, text.getvalue().encode())


def draw_confusion(path: Path, confusion: Counts, names: Sequence[str], *, title: str = "") -> None:
    """Draw a confusion matrix: of each true class (row), how much was taken for each class, in percent.

    Args:
        path: The picture; its ending tells the format.
        confusion: The counts.
        names: Class names.
        title: Text above it.
    """
    from matplotlib.figure import Figure

    counts = np.asarray(confusion, dtype=np.float64)
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = len(names)
    side = min(3 + 0.32 * classes, 24)
    font = min(9.0, 72 * side / 1.6 / classes)
    figure = Figure(figsize=(side + 1, side + 0.6), facecolor=PAPER, layout="constrained")
    axes = figure.subplots()
    axes.imshow(fractions, cmap=COLOURS, vmin=0, vmax=1)
    axes.set_xticks(range(classes), names, rotation=90, fontsize=font, color=INK)
    axes.set_yticks(range(classes), names, fontsize=font, color=INK)
    axes.set_xlabel("recognised as", color=INK)
    axes.set_ylabel("true class", color=INK)
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, column in zip(*np.nonzero(fractions >= 0.005), strict=True):
        fraction = fractions[row, column]
        colour = PAPER if fraction > 0.5 else INK
        place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": font * 0.85, "color": colour}
        axes.text(column, row, f"{100 * fraction:.0f}", **place)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=130)
