"""Weights that leave a run: safetensors, config, and what their clips went through."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel
from safetensors import SafetensorError
from safetensors.torch import load_model

from skeleton_baselines import STGCN, STGCNConfig
from skeleton_data import replacing_folder
from skeleton_lab.data.preprocessing import Preprocessing
from skeleton_lab.models.encoder import EncoderConfig
from skeleton_lab.models.model_card import CARD, model_card
from skeleton_lab.models.saved_model import SavedModel, run_of, write_checksums
from skeletonmae import TokenClassifier, Transformer
from skeletonmae import build_encoder as build_token_encoder
from sttformer import STTFormer

Encoder = STTFormer | Transformer | TokenClassifier | STGCN


def build_encoder(config: EncoderConfig) -> Encoder:
    """Build the encoder of a config, with new weights."""
    return STGCN(config) if isinstance(config, STGCNConfig) else build_token_encoder(config)


def save_encoder(
    encoder: Encoder, folder: Path, preprocessing: Preprocessing, result: BaseModel | None = None
) -> None:
    """Write a folder for the encoder's `from_pretrained`, whole or not at all.

    Args:
        encoder: With or without a head.
        folder: Where it goes, in the folder of its run, whose recipe is told on the model's card.
        preprocessing: What its clips go through; kept beside the weights.
        result: What the run ended with, for the card.
    """
    with replacing_folder(folder) as draft:
        encoder.save_pretrained(draft)
        preprocessing.save(draft)
        saved = SavedModel(draft, encoder.config, preprocessing, run_of(folder))
        (draft / CARD).write_text(model_card(saved, [result] if result else []), encoding="utf-8")
        write_checksums(draft)


def load_encoder(encoder: Encoder, folder: Path) -> None:
    """Load pre-trained weights into an encoder without a head, every one of them.

    Raises:
        ValueError: If the file is damaged, or a weight is missing, left over, or of another shape.
    """
    try:
        load_model(encoder, folder / "model.safetensors", strict=True)
    except (RuntimeError, SafetensorError) as error:
        raise ValueError(f"{folder}: {' '.join(str(error).split())}") from error
