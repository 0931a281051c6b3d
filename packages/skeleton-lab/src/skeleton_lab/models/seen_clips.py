"""Whether a pre-trained model has met the clips that a fine-tuning is tested on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError

from skeleton_lab.data.clips import FinetuneClips
from skeleton_lab.data.division import TrainingSide, whole_sides
from skeleton_lab.errors import InputError
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.runs.fingerprints import read_fingerprints

Seen = Literal["not", "unlabelled", "labelled"]
"""Whether clips of the test side were met: not at all, without their labels, or with them."""

TOLD: dict[Seen, str] = {
    "not": "it has not seen the test clips",
    "unlabelled": "it has seen the test clips without their labels (transductive)",
    "labelled": "it has seen the test clips with their labels",
}


def seen_of_test(model: SavedModel, clips: FinetuneClips) -> Seen | None:
    """Return what a model, or one that it began with, has met of the test side; None where that is not known.

    Its run tells which stores it was trained on, and how they were divided; stores are compared by their
    fingerprints, so that copies of a store count, and the same clips in another form do not.
    """
    if model.run is None or not len(clips.test):
        return None
    data = model.recipe.get("data", {})
    sources, prints = data.get("sources", [data]), read_fingerprints(model.run)
    sources = [*sources, *({"store": store} for store in data.get("unlabelled", ()))]
    if prints is None or len(prints) != len(sources):
        return None
    here = clips.store.fingerprint
    for number, (source, known) in enumerate(zip(sources, prints, strict=True)):
        if known.sha256 != here:
            continue
        fields = {name: source[name] for name in TrainingSide.model_fields if name in source}
        try:
            side = TrainingSide.model_validate(fields)
            split = side.sides(clips.store, validation=0, seed=data.get("split_seed", 0))
        except (ValidationError, ValueError):
            return None
        trained, tested = whole_sides(split)
        if np.isin(clips.test, trained).any():
            return "labelled" if number == 0 and "sources" not in data else "unlabelled"
        if model.recipe.get("transductive") and np.isin(clips.test, tested).any():
            return "unlabelled"
    if not (before := model.recipe.get("pretrained")):
        return "not"
    if not Path(before).exists():
        return None
    try:
        return seen_of_test(SavedModel.open(before), clips)
    except InputError:  # published weights, or what is there no longer is a model
        return None
