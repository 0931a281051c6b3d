"""The slots of a strip, a row per clip and a column per frame, and the pen that draws skeletons into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from skeleton_data.layouts.layout import SkeletonLayout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

Points = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEFT, RIGHT, MIDDLE = "#1f6fb5", "#d9541e", "#3b3b3b"
MASKED, REBUILT, SHADOW = "#b4b4b4", "#00997a", "#d0d0cc"
PANEL, REBUILT_PANEL, FLOOR = "#f5f5f2", "#e6f4ef", "#dededa"
TEXT, FAINT_TEXT = "#222222", "#808080"

INCH, DOTS = 2.1, 120
"""Height of a slot in inches; dots per inch."""
LABELS, HEAD, FOOT, GAP = 1.05, 0.16, 0.24, 0.02
"""Widths and heights around the slots, in slot heights."""


@dataclass(frozen=True)
class Slots:
    """All slots show the same part of space to the same scale; a slot is 1 high."""

    centre: float
    floor: float
    scale: float
    width: float
    rows: int
    columns: int

    @classmethod
    def around(cls, points: Points, rows: int, columns: int) -> Self:
        """Return slots with room for all points (..., 2)."""
        (left, floor), (right, top) = (getattr(points.reshape(-1, 2), end)(axis=0) for end in ("min", "max"))
        scale = 0.84 / max(top - floor, 0.5 * (right - left), 1e-6)
        width = max(0.5, scale * (right - left) + 0.14)
        return cls(0.5 * (left + right), floor, scale, width, rows, columns)

    def place(self, points: Points, row: int) -> Points:
        """Return points (F, ..., 2) in the slots of a row; what lies outside a slot is drawn on its edge."""
        column = np.arange(len(points)).reshape(-1, *[1] * (points.ndim - 2))
        x = 0.5 * self.width + self.scale * (points[..., 0] - self.centre)
        y = 0.08 + self.scale * (points[..., 1] - self.floor)
        x, y = np.clip(x, 0.03, self.width - 0.03), np.clip(y, 0.03, 0.97)
        return np.stack([column * self.width + x, y - row - 1], axis=-1)


class SlotPen:
    """Draws skeletons into slots; where a body is not `there` (F, M) nothing is drawn."""

    def __init__(self, slots: Slots, layout: SkeletonLayout, there: Flags, title: str = "") -> None:
        """Start with an empty sheet."""
        from matplotlib.figure import Figure

        self.slots, self.there = slots, there
        left, right = ({pair[side] for pair in layout.pairs} for side in (0, 1))
        sides = [LEFT if v in left else RIGHT if v in right else MIDDLE for v in range(len(layout.joints))]
        self.sides = np.array(sides)
        self.child, self.parent = np.array(layout.bones, dtype=int).reshape(-1, 2).T
        width = LABELS + slots.columns * slots.width
        head = HEAD + 0.2 * bool(title)
        height = head + slots.rows + FOOT
        self.figure = Figure(figsize=(INCH * width, INCH * height), dpi=DOTS)
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(-LABELS, width - LABELS), ylim=(-slots.rows - FOOT, head))
        self.axes.set_axis_off()
        style: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 15, "weight": "bold"}
        self.axes.text(0.5 * slots.columns * slots.width, HEAD + 0.02, title, color=TEXT, **style)

    def row(self, number: int, points: Points, seen: Flags, shadow: Points | None) -> None:
        """Draw one row: points (F, M, V, 2), seen (F, M, V); a shadow is of a reconstruction."""
        blank = np.logical_not(seen).all(axis=(1, 2), keepdims=True)
        for column, empty in enumerate(blank.ravel()):
            self._panel(number, column, empty=bool(empty), reconstructed=shadow is not None)
        placed = self.slots.place(points, number)
        whole = seen[..., self.child] & seen[..., self.parent]
        if shadow is None:
            self._bones(placed, ~whole & ~blank, MASKED, width=1.3)
            self._joints(placed, ~seen & ~blank, MASKED, hollow=True)
        else:
            self._bones(self.slots.place(shadow, number), np.ones_like(whole), SHADOW, width=5.0)
            self._bones(placed, ~whole, REBUILT, width=2.4)
            self._joints(placed, ~seen, REBUILT)
        self._bones(placed, whole, None, width=2.6)
        self._joints(placed, seen, None)

    def _panel(self, row: int, column: int, *, empty: bool, reconstructed: bool) -> None:
        from matplotlib.patches import FancyBboxPatch

        left, bottom = column * self.slots.width + GAP, -row - 1 + GAP
        width, height = self.slots.width - 2 * GAP, 1 - 2 * GAP
        hidden = empty and not reconstructed
        style: dict[str, Any] = {"facecolor": REBUILT_PANEL if empty else PANEL, "edgecolor": "none"}
        if hidden:
            style = {"facecolor": "white", "edgecolor": MASKED, "linestyle": (0, (4, 4)), "linewidth": 0.9}
        box = f"round,pad=0,rounding_size={1.5 * GAP}"
        self.axes.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle=box, **style))
        if hidden:
            centred: dict[str, Any] = {"ha": "center", "va": "center", "style": "italic"}
            self.axes.text(
                left + width / 2, bottom + height / 2, "hidden", color=MASKED, fontsize=10, **centred
            )
        else:
            self.axes.plot([left + GAP, left + width - GAP], [bottom + 0.045] * 2, color=FLOOR, linewidth=1.2)

    def _bones(self, points: Points, shown: Flags, colour: str | None, *, width: float) -> None:
        """Draw bones (F, M, bones) between points (F, M, V, 2), in one colour or that of the side."""
        from matplotlib.collections import LineCollection

        frame, body, bone = np.nonzero(shown & self.there[..., None])
        ends = [points[frame, body, joint[bone]] for joint in (self.child, self.parent)]
        colours = self.sides[self.child[bone]].tolist() if colour is None else colour
        lines = list(np.stack(ends, axis=1))
        self.axes.add_collection(LineCollection(lines, colors=colours, linewidths=width, capstyle="round"))

    def _joints(self, points: Points, shown: Flags, colour: str | None, *, hollow: bool = False) -> None:
        """Draw joints (F, M, V) at points (F, M, V, 2)."""
        frame, body, joint = np.nonzero(shown & self.there[..., None])
        x, y = points[frame, body, joint].T
        colours = self.sides[joint].tolist() if colour is None else colour
        faces = "white" if hollow else colours
        self.axes.scatter(x, y, s=17, c=faces, edgecolors=colours, linewidths=0.9, zorder=2.1)

    def write(self, labels: list[str], columns: list[str]) -> None:
        """Write row labels on the left, column labels above."""
        beside: dict[str, Any] = {"ha": "right", "va": "center", "linespacing": 1.25}
        above: dict[str, Any] = {"ha": "center", "va": "bottom"}
        for row, label in enumerate(labels):
            name, _, note = label.partition("\n")
            middle = -row - 0.5
            high = middle + 0.06 * bool(note)
            self._fit(self.axes.text(-0.08, high, name, fontsize=17, weight="bold", color=TEXT, **beside))
            self._fit(self.axes.text(-0.08, middle - 0.07, note, fontsize=10.5, color=FAINT_TEXT, **beside))
        for number, column in enumerate(columns):
            middle = (number + 0.5) * self.slots.width
            self.axes.text(middle, 0.03, column, fontsize=9.5, color=FAINT_TEXT, **above)

    def _fit(self, text: Text) -> None:
        """Set a row label smaller if it is too long for its place."""
        room, width = (LABELS - 0.12) * INCH * DOTS, text.get_window_extent().width
        if width > room:
            text.set_fontsize(float(text.get_fontsize()) * room / width)

    def legend(self, *, masked: bool, reconstructed: bool) -> None:
        """Say what the colours mean, below the rows."""
        from matplotlib.lines import Line2D

        def entry(label: str, colour: str, width: float, **style: Any) -> Line2D:
            return Line2D([], [], color=colour, linewidth=width, label=label, markersize=5, **style)

        entries = [entry("left side", LEFT, 2.6, marker="o"), entry("right side", RIGHT, 2.6, marker="o")]
        if masked:
            hollow = {"marker": "o", "markerfacecolor": "white"}
            entries.append(entry("masked: the model does not see it", MASKED, 1.3, **hollow))
        if reconstructed:
            entries.append(entry("reconstructed by the model", REBUILT, 2.4, marker="o"))
            entries.append(entry("original, behind", SHADOW, 5.0))
        size = min(11.0, 1.2 * self.figure.get_figwidth())
        place: dict[str, Any] = {"loc": "lower center", "ncols": len(entries), "frameon": False}
        self.axes.legend(handles=entries, fontsize=size, handlelength=2.2, **place)
