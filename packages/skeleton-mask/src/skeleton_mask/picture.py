"""Draw what each way of masking hides: `python -m skeleton_mask.picture strategies.png` (needs the extra `draw`)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from skeleton_mask.config import (
    BodyPartConfig,
    FrameOnlyConfig,
    JointOnlyConfig,
    MaskConfig,
    MotionAwareConfig,
    SpatialTemporalConfig,
    TemporalBlocksConfig,
    TubeConfig,
)
from skeleton_mask.figure import BONES, PARTS, waving
from skeleton_mask.noise import clip_seeds

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
    for frame in range(FRAMES):
        # A figure as wide as its column would be too small to see: every second one, over two columns.
        if frame % 2 == 0:
            _figure(axes, x[:, frame], visible[frame], middle=frame + 0.5)


def _table(axes: Axes, visible: Tensor) -> None:
    """Draw a row for each joint and a column for each frame."""
    from matplotlib.patches import Rectangle

    height = 0.62
    for part in PARTS:
        for joint in part.joints:
            for frame in range(FRAMES):
                colour = part.colour if visible[frame, joint] else HIDDEN
                corner = (frame + 0.05, (JOINTS - 1 - joint) * height + 0.05)
                axes.add_patch(Rectangle(corner, 0.9, height - 0.1, facecolor=colour, linewidth=0))


def _figure(axes: Axes, pose: Tensor, visible: Tensor, middle: float) -> None:
    """Draw one frame: bones in grey, visible joints in colour, hidden ones hollow."""
    across, up = middle + 1.6 * pose[0], 10.3 + 4.4 * pose[1]
    for start, end in BONES:
        seen = bool(visible[start] and visible[end])
        axes.plot(
            across[[start, end]], up[[start, end]], color="#9aa3b0" if seen else "#e3e6ea", lw=1.6, zorder=1
        )
    for part in PARTS:
        for joint in part.joints:
            axes.plot(
                across[joint],
                up[joint],
                marker="o",
                ms=4.6,
                mfc=part.colour if visible[joint] else "white",
                mec=part.colour if visible[joint] else "#cfd4db",
                mew=0.9,
                zorder=2,
            )


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
