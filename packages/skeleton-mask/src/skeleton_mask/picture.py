"""Draw what each way of masking hides: `python -m skeleton_mask.picture strategies.png`.

Needs the extra `draw`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from .config import (
    BodyPartConfig,
    FrameOnlyConfig,
    JointOnlyConfig,
    MaskConfig,
    MotionAwareConfig,
    SpatialTemporalConfig,
    TemporalBlocksConfig,
    TubeConfig,
)
from .figure import BONES, PARTS, waving
from .noise import clip_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor

FRAMES, JOINTS = 20, 15
HIDDEN = "#e6e8ec"
INK = "#1f2733"

STRATEGIES: tuple[tuple[str, MaskConfig], ...] = (
    ("spatial-temporal", SpatialTemporalConfig(frame_ratio=0.4, joint_ratio=0.5)),
    ("spatial-temporal", SpatialTemporalConfig(frame_ratio=0.4, joint_ratio=0.5, joints="fixed")),
    ("joint only", JointOnlyConfig(joint_ratio=0.6)),
    ("frame only", FrameOnlyConfig(frame_ratio=0.6)),
    ("motion-aware", MotionAwareConfig(ratio=0.6, tau=0.05)),
    ("body part", BodyPartConfig(joint_ratio=0.6, parts=tuple(part.joints for part in PARTS))),
    ("temporal blocks", TemporalBlocksConfig(frame_ratio=0.6, block_frames=4)),
    ("tubes", TubeConfig(joint_ratio=0.6, tube_frames=5)),
)


def draw(path: Path, seed: int = 3) -> None:
    """Draw one mask of every strategy, over a waving figure and as a table of joints and frames.

    Args:
        path: Picture to write; the ending tells its format.
        seed: Seed of the masks.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    x = waving(FRAMES)
    rows = len(STRATEGIES) // 2
    figure = Figure(figsize=(13, 3.15 * rows + 0.5), facecolor="white")
    panels = figure.subplots(rows, 2, gridspec_kw={"hspace": 0.16, "wspace": 0.05}).flatten()
    figure.subplots_adjust(left=0.02, right=0.98, top=0.985, bottom=0.045)
    for panel, (name, config) in zip(panels, STRATEGIES, strict=True):
        mask = config.sample((1, FRAMES, JOINTS), clip_seeds(seed, 0, torch.zeros(1, dtype=torch.int64)), x)
        _panel(panel, x[0], mask.visible[0])
        values = ", ".join(f"{field} {value}" for field, value in config if field not in {"kind", "parts"})
        panel.text(0, 20.0, name, fontsize=13, fontweight="bold", color=INK)
        visible = f"{values}  |  {mask.visible_per_clip} of {FRAMES * JOINTS} visible"
        panel.text(FRAMES, 20.0, visible, fontsize=8.5, color="#6b7482", ha="right")
    handles = [Line2D([], [], color=p.colour, marker="s", ls="", ms=9, label=p.name) for p in PARTS]
    handles.append(Line2D([], [], color=HIDDEN, marker="s", ls="", ms=9, label="hidden"))
    figure.legend(handles=handles, loc="lower center", ncols=6, frameon=False, fontsize=11, labelcolor=INK)
    figure.savefig(path, dpi=110)


def _panel(axes: Axes, x: Tensor, visible: Tensor) -> None:
    axes.set(xlim=(-0.4, FRAMES + 0.1), ylim=(-0.3, 21.2))
    axes.axis("off")
    _table(axes, visible)
    # A figure as narrow as its column would be too small to see: every second frame, over two columns.
    for frame in range(0, FRAMES, 2):
        _figure(axes, x[:, frame], visible[frame], middle=frame + 0.5)


def _table(axes: Axes, visible: Tensor) -> None:
    """Draw a row for each joint and a column for each frame."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    height = 0.62
    cells, colours = [], []
    for joint, colour in _colours():
        for frame in range(FRAMES):
            corner = (frame + 0.05, (JOINTS - 1 - joint) * height + 0.05)
            cells.append(Rectangle(corner, 0.9, height - 0.1))
            colours.append(colour if visible[frame, joint] else HIDDEN)
    axes.add_collection(PatchCollection(cells, facecolors=colours, linewidths=0))


def _figure(axes: Axes, pose: Tensor, visible: Tensor, middle: float) -> None:
    """Draw one frame: bones in grey, visible joints in colour, hidden ones hollow."""
    from matplotlib.collections import LineCollection

    points = torch.stack([middle + 1.6 * pose[0], 10.3 + 4.4 * pose[1]], dim=1).tolist()
    bones = [(points[start], points[end]) for start, end in BONES]
    greys = ["#9aa3b0" if visible[start] and visible[end] else "#e3e6ea" for start, end in BONES]
    axes.add_collection(LineCollection(bones, colors=greys, linewidths=1.6, zorder=1))
    faces = [colour if visible[joint] else "white" for joint, colour in _colours()]
    edges = [colour if visible[joint] else "#cfd4db" for joint, colour in _colours()]
    across, up = zip(*points, strict=True)
    axes.scatter(across, up, s=21, c=faces, edgecolors=edges, linewidths=0.9, zorder=2)


def _colours() -> list[tuple[int, str]]:
    """Return every joint, in order, with the colour of its part."""
    return sorted((joint, part.colour) for part in PARTS for joint in part.joints)


def main() -> None:
    """Write the picture to the path that was given."""
    parser = argparse.ArgumentParser(prog="python -m skeleton_mask.picture", description=__doc__)
    parser.add_argument("path", type=Path, help="picture to write, for example strategies.png")
    parser.add_argument("--seed", type=int, default=3, help="seed of the masks (default: 3)")
    arguments = parser.parse_args()
    try:
        draw(arguments.path, arguments.seed)
    except (ImportError, OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    sys.stdout.write(f"{arguments.path}\n")


if __name__ == "__main__":
    main()
