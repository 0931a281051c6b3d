"""Whether a pre-trained model has met the clips that a fine-tuning is tested on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError

from skeleton_data import DataError, SkeletonStore
from skeleton_lab.data.division import TrainingSide, whole_sides
from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.data.same_clips import clips_among
from skeleton_lab.errors import InputError
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.runs.fingerprints import Fingerprint, read_fingerprints

Seen = Literal["not", "unlabelled", "labelled"]
"""Whether clips of the test side were met: not at all, without their labels, or with them."""

SEEN_SENTENCE: dict[Seen, str] = {
    "not": "it has not seen the test clips",
    "unlabelled": "it has seen the test clips without their labels (transductive)",
    "labelled": "it has seen the test clips with their labels",
}


def seen_notes(models: Sequence[SavedModel], clips: FinetuneClips) -> Iterator[str]:
    """Yield a sentence for each model that has met clips of the test side."""
    for model in models:
        seen = seen_of_test(model, clips)
        if seen in ("unlabelled", "labelled"):
            yield f"Of {model.path}: {SEEN_SENTENCE[seen]}."


def seen_of_test(model: SavedModel, clips: FinetuneClips) -> Seen | None:
    """Return what a model, or one that it began with, has met of the test side; None where that is not known.

    Its run tells which stores it was trained on, and how they were divided. Their clips are compared with the
    test clips one by one, so that recordings count in whatever store they lie; recordings that were imported
    otherwise have other joints, and do not count. Where a store is no longer what it was, nothing is known.
    """
    if model.run is None or not len(clips.test):
        return None
    try:
        here = _seen_in_run(model.recipe, read_fingerprints(model.run), clips)
        before = model.recipe.get("pretrained")
        if here == "labelled" or not before:
            return here
        earlier = seen_of_test(SavedModel.open(before), clips) if Path(before).exists() else None
    except (InputError, DataError, ValidationError):  # a store, or what it began with, can no longer be read
        return None
    if "labelled" in (here, earlier):
        return "labelled"
    return "unlabelled" if "unlabelled" in (here, earlier) else here and earlier


def _seen_in_run(
    recipe: Mapping[str, Any], prints: tuple[Fingerprint, ...] | None, clips: FinetuneClips
) -> Seen | None:
    """Return what was met in the run of a recipe, without what it began with.

    Raises:
        InputError, DataError, ValidationError: If a store cannot be read or divided.
    """
    data = recipe.get("data", {})
    sources = [*data.get("sources", [data]), *({"store": store} for store in data.get("unlabelled", ()))]
    if prints is None or len(prints) != len(sources):
        return None
    unknown, left_out = False, np.zeros(len(clips.test), dtype=bool)
    for number, (source, known) in enumerate(zip(sources, prints, strict=True)):
        store = _store_of(source, known, clips.store)
        if store is None:
            unknown = True
            continue
        fields = {name: source[name] for name in TrainingSide.model_fields if name in source}
        side = TrainingSide.model_validate(fields)
        trained, tested = whole_sides(side.sides(store, validation=0, seed=data.get("split_seed", 0)))
        if (clips_among(clips.store, clips.test, store, trained) & ~left_out).any():
            return "labelled" if number == 0 and "sources" not in data else "unlabelled"
        if "sources" not in data and number == 0:
            left_out = clips_among(clips.store, clips.test, store, tested)
            if recipe.get("transductive") and left_out.any():
                return "unlabelled"
    return None if unknown else "not"


def _store_of(source: Mapping[str, Any], known: Fingerprint, here: SkeletonStore) -> SkeletonStore | None:
    """Return a store that a run was trained on; None where it is gone, or has become another."""
    if known.sha256 == here.fingerprint:
        return here
    if "store" not in source or not Path(known.store).exists():  # a class is not imported for this
        return None
    store = SkeletonStore.open(known.store)
    return store if store.fingerprint == known.sha256 else None
