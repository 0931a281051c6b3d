"""Networks from their configs, with new weights or saved ones."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from torch import Tensor

from skeleton_baselines import STGCN, STGCNConfig
from skeleton_lab.models.model_folder import weights_file
from skeleton_lab.models.network_config import NetworkConfig
from skeletonmae import TokenClassifier, Transformer, build_encoder
from sttformer import STTFormer, build_with_weights, from_official, read_official, read_weights

Network: TypeAlias = STTFormer | Transformer | TokenClassifier | STGCN
"""An encoder, or with a head a classifier."""


def build_network(config: NetworkConfig) -> Network:
    """Build the network of a config, with new weights."""
    return STGCN(config) if isinstance(config, STGCNConfig) else build_encoder(config)


def load_network(config: NetworkConfig, path: Path) -> Network:
    """Build the network of a config with saved weights; shapes are compared before memory is taken.

    Args:
        config: Its shape. Without classes, a head that is saved is left out.
        path: The folder of a model, or a published checkpoint.

    Raises:
        ValueError: If the file is damaged, or a weight is missing, left over, or of another shape.
    """
    state = _read(path)
    if not config.num_classes:
        state = {name: value for name, value in state.items() if not name.startswith("head.")}
    return build_with_weights(lambda: build_network(config), state, source=weights_file(path))


def _read(path: Path) -> dict[str, Tensor]:
    if path.is_dir():
        return read_weights(weights_file(path))
    state = read_official(path)
    try:
        return from_official(state)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
