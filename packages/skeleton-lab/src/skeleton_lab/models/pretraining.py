"""The whole model of a finished pre-training: the encoder, and what rebuilt by it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from safetensors.torch import load_model

from skeleton_lab.data.preprocessing import Preprocessing
from skeleton_lab.errors import InputError
from skeletonmae import Plugin, SkeletonMAE, SkeletonMAEConfig


def load_pretraining(run: Path) -> tuple[SkeletonMAE, Preprocessing]:
    """The whole model of a finished pre-training, in evaluation mode, and what its clips go through.

    Raises:
        ValueError: If there is none, or it is of a class that is not trusted.
    """
    if not has_pretraining(run):
        raise InputError(f"{run}: no finished pre-training (it has no config.toml or model.safetensors)")
    recipe = tomllib.loads((run / "config.toml").read_text())
    config = SkeletonMAEConfig(**recipe["model"])
    for part in (config.encoder, config.decoder, config.mask):
        if isinstance(part, Plugin):
            part.require_trust(run / "config.toml")
    model = SkeletonMAE(config).eval()
    load_model(model, run / "model.safetensors", strict=True)
    return model, Preprocessing.load(run / "encoder")


def has_pretraining(run: Path) -> bool:
    """Whether a folder is that of a finished pre-training by rebuilding."""
    return all((run / name).is_file() for name in ("config.toml", "model.safetensors"))
