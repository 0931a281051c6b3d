"""Features of clips in a plane, as a picture and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from skeleton_data import replacing
from skeleton_lab.runs.folder import write_atomically
from skeletonmae import principal_components

INK = "#1f2733"


def draw_embedding(
    path: Path, features: Tensor, labels: NDArray[np.integer], classes: Sequence[str], names: Sequence[str]
) -> float:
    """Draw features along their two principal components; write the coordinates beside the picture, as CSV.

    Args:
        path: The picture; its ending tells the format.
        features: (N, F).
        labels: Class of each clip (N,).
        classes: Class names.
        names: Names of the clips.

    Returns:
        The fraction of the features' variance that the plane shows.
    """
    coordinates, fraction = principal_components(features)
    points = coordinates.cpu().numpy()
    figure = Figure(figsize=(9, 7), facecolor="white", layout="constrained")
    axes = figure.subplots()
    present = np.unique(labels)
    few = len(present) <= 20
    colours = colormaps["tab20" if few else "turbo"]
    for number, label in enumerate(present):
        colour = colours(number if few else number / len(present))
        x, y = points[labels == label].T
        axes.scatter(x, y, s=12, color=colour, alpha=0.7, linewidths=0, label=classes[label])
    legend = {"fontsize": 8, "markerscale": 2, "frameon": False, "labelcolor": INK}
    figure.legend(loc="outside right upper", ncols=-(-len(present) // 40), **legend)
    for axis, part, number in ((axes.xaxis, fraction[0], 1), (axes.yaxis, fraction[1], 2)):
        axis.set_label_text(f"component {number}, {100 * float(part):.1f} % of the variance", color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=130)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["clip", "class", "component 1", "component 2"])
    for name, label, point in zip(names, labels, points.tolist(), strict=True):
        rows.writerow([name, classes[label], *(f"{value:.6g}" for value in point)])
    write_atomically(path.with_suffix(".csv"), text.getvalue().encode())
    return float(fraction.sum())
