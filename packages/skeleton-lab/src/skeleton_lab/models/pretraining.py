"""The whole model of a finished pre-training: the encoder and the decoder."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from skeleton_data import Preprocessing
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.mistakes import first_problem
from skeleton_lab.recipe.text_files import read_toml
from skeletonmae import Plugin, SkeletonMAE, SkeletonMAEConfig
from sttformer import build_with_weights, read_weights


def load_pretraining(run: Path) -> tuple[SkeletonMAE, Preprocessing]:
    """Return the whole model of a finished pre-training, in evaluation mode, and what its clips go through.

    Raises:
        InputError: If there is none, or its recipe is damaged.
        ValueError: If the weights do not fit the recipe, or are damaged; or if a class is not trusted.
    """
    if not has_pretraining(run):
        raise InputError(f"{run} is not a finished pre-training: it has no config.toml or model.safetensors")
    path, weights = run / "config.toml", run / "model.safetensors"
    try:
        config = SkeletonMAEConfig.model_validate(read_toml(path).get("model"))
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error, 'model')}") from error
    for part in (config.encoder, config.decoder, config.mask):
        if isinstance(part, Plugin):
            part.require_trust(path)
    model = build_with_weights(lambda: SkeletonMAE(config), read_weights(weights), source=weights)
    return model.eval(), Preprocessing.load(run / "encoder")


def has_pretraining(run: Path) -> bool:
    """Whether a folder is that of a finished pre-training by reconstruction."""
    return all((run / name).is_file() for name in ("config.toml", "model.safetensors"))
