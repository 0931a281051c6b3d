"""Clips on which an exported network is compared with the one that it was exported from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from skeleton_data import Preprocessing, SkeletonStore, sample_clips
from skeleton_lab.models.saved_model import SavedModel

COUNT = 32


def example_clips(model: SavedModel, preprocessing: Preprocessing) -> tuple[Tensor, str]:
    """Return clips of the store that a model was trained on; drawn ones where it is no longer there.

    Args:
        model: Its run names the store.
        preprocessing: What the clips go through.

    Returns:
        (N, C=3, T, V, M), and what they are.
    """
    data = model.recipe.get("data", {})
    for source in data.get("sources", [data]):
        try:
            store = SkeletonStore.open(Path(source["store"]))
        except (KeyError, ValueError):
            continue
        if store.layout.joints == preprocessing.layout.joints and len(store):
            numbers = np.unique(np.linspace(0, len(store) - 1, COUNT).astype(int)).tolist()
            clips = [store.read(number) for number in numbers]
            return torch.from_numpy(sample_clips(clips, preprocessing)), f"clips of {store.path.name}"
    return torch.from_numpy(sample_clips(_drawn(preprocessing), preprocessing)), "drawn clips"


def _drawn(preprocessing: Preprocessing) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Return bodies that tremble, in every second clip one alone."""
    rng, clips = np.random.default_rng(0), []
    for number in range(COUNT):
        shape = (preprocessing.sampling.frames, preprocessing.bodies, len(preprocessing.layout.joints), 3)
        clip = rng.normal(0, 0.5, (1, *shape[1:])) + np.cumsum(rng.normal(0, 0.05, shape), axis=0)
        clip[:, 1:] *= number % 2
        clips.append(clip.astype(np.float32))
    return clips
