"""Weights that leave a run: safetensors, config, and what their clips went through."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_model

from engine.encoder import EncoderConfig
from engine.preprocessing import Preprocessing
from skeleton_baselines import STGCN, STGCNConfig
from skeletonmae import Transformer, TransformerConfig
from sttformer import STTFormer, STTFormerConfig

Encoder = STTFormer | Transformer | STGCN


def build_encoder(config: EncoderConfig) -> Encoder:
    """Build the encoder of a config, with new weights."""
    match config:
        case STTFormerConfig():
            return STTFormer(config)
        case TransformerConfig():
            return Transformer(config)
        case STGCNConfig():
            return STGCN(config)


def save_encoder(encoder: Encoder, folder: Path, preprocessing: Preprocessing) -> None:
    """Write a folder for the encoder's `from_pretrained`, with the preprocessing, whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    encoder.save_pretrained(partial)
    preprocessing.save(partial)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)


def load_encoder(encoder: Encoder, folder: Path) -> None:
    """Load pre-trained weights into an encoder without a head, every one of them.

    Raises:
        ValueError: If the file is damaged, or a weight is missing, left over, or of another shape.
    """
    try:
        load_model(encoder, folder / "model.safetensors", strict=True)
    except (RuntimeError, SafetensorError) as error:
        raise ValueError(f"{folder}: {' '.join(str(error).split())}") from error
