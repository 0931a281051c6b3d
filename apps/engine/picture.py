"""Pictures of what a pre-trained model sees of a clip, and of what it rebuilds from that."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import torch
from einops import rearrange
from safetensors.torch import load_model

from engine.preprocessing import Preprocessing
from skeleton_data import ClipSet, SkeletonDataset, SkeletonStore, draw_strip
from skeletonmae import SkeletonMAE, SkeletonMAEConfig


def load_pretraining(run: Path) -> tuple[SkeletonMAE, Preprocessing]:
    """The whole model of a finished pre-training, in evaluation mode, and what its clips go through."""
    recipe = tomllib.loads((run / "config.toml").read_text())
    model = SkeletonMAE(SkeletonMAEConfig(**recipe["model"])).eval()
    load_model(model, run / "model.safetensors", strict=True)
    return model, Preprocessing.load(run / "encoder")


def draw_reconstruction(run: Path, store: SkeletonStore, clip: int, path: Path, *, seed: int = 0) -> None:
    """Draw a clip, what is visible of it, and what is rebuilt.

    Args:
        run: Folder of a finished pre-training.
        store: Where the clip is.
        clip: Its number.
        path: The picture; its ending tells the format.
        seed: Seed of the mask.
    """
    model, preprocessing = load_pretraining(run)
    dataset = SkeletonDataset(
        [ClipSet(store, np.array([clip]))],
        preprocessing.sampling,
        bodies=preprocessing.bodies,
        training=False,
        seed=seed,
    )
    seen = model.reconstruct(dataset[0].joints, generator=torch.Generator().manual_seed(seed))
    original, rebuilt = (rearrange(x[0], "c t v m -> t m v c").numpy() for x in (seen.original, seen.rebuilt))
    visible = rearrange(seen.visible[0], "t v m -> t m v").numpy()
    masked, result = "masked\nall that the model sees", "rebuilt\nby the model"
    draw_strip(
        path,
        {"original": original, masked: original, result: rebuilt},
        preprocessing.layout,
        visible={masked: visible, result: visible},
        rebuilt=[result],
        title=f"{store.class_names[store.index.label[clip]]} ({store.name(clip)})"
        if store.class_names
        else "",
    )
