"""A model is written, with all that belongs to it."""

from __future__ import annotations

from pathlib import Path

from skeleton_data import Preprocessing, replacing_folder
from skeleton_lab.models.model_card import CARD, model_card
from skeleton_lab.models.model_folder import run_of, write_checksums
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.models.weights import Network
from skeleton_lab.runs.results import RunResult
from skeleton_runtime import Calibration


def save_network(
    network: Network,
    folder: Path,
    preprocessing: Preprocessing,
    result: RunResult | None = None,
    calibration: Calibration | None = None,
) -> None:
    """Write a folder for `SavedModel.open` and the network's `from_pretrained`, atomically.

    Args:
        network: With or without a head.
        folder: Where it goes, in the folder of its run, whose recipe goes on the model's card.
        preprocessing: What its clips go through; kept beside the weights.
        result: What the run ended with, for the card.
        calibration: How the scores become probabilities, if that was chosen on held-out clips.
    """
    with replacing_folder(folder) as draft:
        network.save_pretrained(draft)
        preprocessing.save(draft)
        if calibration:
            calibration.save(draft)
        saved = SavedModel(draft, network.config, preprocessing, run_of(folder))
        (draft / CARD).write_text(model_card(saved, [result] if result else []), encoding="utf-8")
        write_checksums(draft)
