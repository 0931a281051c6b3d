"""A picture of the joints that each block of an STTFormer looks at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from einops import rearrange
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skeleton_data import SkeletonLayout, SkeletonStore, replacing, viewpoint
from skeleton_lab.errors import InputError
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.pictures.reconstruction import clip_title, sampled
from skeletonmae import attention_maps, joint_attention
from sttformer import STTFormer

INK, BONE, LINK, COLOURS = "#1f2733", "#c3c9d2", "#d9822b", "Blues"
LINKS = 8
"""Pairs of joints that are connected in a panel: those with the most attention."""


def draw_attention(model: SavedModel, store: SkeletonStore, clip: int, path: Path) -> None:
    """Draw, on the first body of a clip, how much attention each joint gets from the others.

    Args:
        model: An encoder or classifier of kind STTFormer.
        store: Where the clip is.
        clip: Its number.
        path: The picture; a panel for each block. Attention is the mean of its absolute value over heads
            and frames of a tuple, in multiples of the panel's mean.

    Raises:
        InputError: If the model is another network, or was made for another layout.
    """
    preprocessing, network = model.preprocessing, model.load()
    if not isinstance(network, STTFormer):
        raise InputError(
            f"{model.path} is a {model.config.kind}, but attention can be drawn only for an sttformer"
        )
    if store.layout.joints != preprocessing.layout.joints:
        raise InputError(
            f"{store.path} has layout {store.layout.name}, {model.path} {preprocessing.layout.name}"
        )
    joints = sampled(store, clip, preprocessing.sampling, bodies=1)
    maps = attention_maps(network, rearrange(joints, "1 c t v 1 -> 1 t v c"))
    blocks = [joint_attention(block[0], len(store.layout.joints)).numpy() for block in maps]
    pose = rearrange(joints, "1 c t v 1 -> t 1 v c").numpy().astype(np.float64)
    points = (pose @ viewpoint(pose, store.layout).T)[len(pose) // 2, 0, :, :2]

    columns = min(4, len(blocks))
    rows = -(-len(blocks) // columns)
    figure = Figure(figsize=(2.4 * columns + 1, 3.8 * rows + 0.5), facecolor="white", layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    from_others = [_paid_to(block) for block in blocks]
    scale = Normalize(float(np.min(from_others)), float(np.max(from_others)))
    for panel in panels:
        panel.set_axis_off()
    for number, (panel, block, received) in enumerate(
        zip(panels, blocks, from_others, strict=False), start=1
    ):
        _panel(panel, points, block, received, store.layout, scale)
        panel.set_title(f"block {number}", fontsize=10, color=INK)
    colours = ScalarMappable(scale, COLOURS)
    figure.colorbar(colours, ax=panels, shrink=0.6, label="attention from other joints (mean: 1)")
    figure.suptitle(clip_title(store, clip), fontsize=11, color=INK)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=130)


def _others(attention: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return attention (V, V) without that of a joint to itself."""
    return np.where(np.eye(len(attention), dtype=bool), 0, attention)


def _paid_to(attention: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return attention that each joint gets from the others (V,), in multiples of the mean."""
    paid: NDArray[np.floating] = _others(attention).sum(axis=1)
    relative: NDArray[np.floating] = paid / max(paid.mean(), 1e-12)
    return relative


def _panel(
    axes: Axes,
    points: NDArray[np.floating],
    attention: NDArray[np.floating],
    received: NDArray[np.floating],
    layout: SkeletonLayout,
    scale: Normalize,
) -> None:
    axes.set_aspect("equal")
    bones = [(points[joint], points[parent]) for joint, parent in layout.bones]
    axes.add_collection(LineCollection(bones, colors=BONE, linewidths=2, zorder=1))
    both = _others(attention + attention.T)
    pairs = np.argsort(np.triu(both), axis=None)[::-1][:LINKS]
    links = [(points[u], points[v]) for u, v in zip(*np.unravel_index(pairs, both.shape), strict=True)]
    axes.add_collection(LineCollection(links, colors=LINK, linewidths=1, alpha=0.7, zorder=2))
    x, y = points.T
    axes.scatter(
        x,
        y,
        s=15 + 75 * scale(received),
        c=received,
        cmap=COLOURS,
        norm=scale,
        edgecolors=INK,
        linewidths=0.6,
        zorder=3,
    )
    axes.margins(0.12)
