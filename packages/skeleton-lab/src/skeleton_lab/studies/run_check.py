"""The folder of a run, looked at before the run begins: by its app, and by what runs many of them."""

from __future__ import annotations

from typing import Any

from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.data.pretrain_clips import PretrainClips
from skeleton_lab.data.unlabelled import UnlabelledClips
from skeleton_lab.errors import InputError
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.studies.folds import folded_source


def check_run_folder(
    recipe: Any,
    clips: FinetuneClips | PretrainClips,
    source: SavedModel | None = None,
    others: UnlabelledClips | None = None,
) -> RunFolder:
    """Check, without touching anything, that the run of a recipe may go to its folder.

    Args:
        recipe: The recipe of `finetune`, `simple`, `pretrain` or `contrast`, as it was resolved.
        clips: Its clips.
        source: The pre-trained model that it begins with.
        others: Clips that it learns from without labels besides them.

    Raises:
        InputError: If something else is there, or a run to resume that has another recipe, or began with
            other data or weights.
    """
    return RunFolder.check(
        recipe.run,
        recipe,
        (*clips.fingerprints, *(others.fingerprints if others else ())),
        teacher=others is not None,
        weights=source.sha256 if source else None,
    )


def others_of(recipe: Any, clips: FinetuneClips | PretrainClips) -> UnlabelledClips | None:
    """Return the clips that self-training learns from without labels; None where a recipe has none.

    Raises:
        InputError: If a store cannot be used.
    """
    if not getattr(recipe, "rounds", 0):
        return None
    found: UnlabelledClips = recipe.data.open_unlabelled(clips, transductive=recipe.transductive)
    return found


def require_augmentation(recipe: Any) -> None:
    """Refuse options of the command line that change clips with probability 0.

    Raises:
        InputError: Names the option.
    """
    table, augment = "data.sampling.augment", recipe.data.sampling.augment
    if augment.probability:
        return
    for field in type(augment).model_fields:
        if recipe.is_given(f"{table}.{field}") and getattr(augment, field):
            raise InputError(
                f"{table}.{field} does nothing, because {table}.probability is 0: leave one of the two out"
            )


def require_use(recipe: Any) -> None:
    """Refuse options of the command line of `finetune` that do nothing without others.

    Raises:
        InputError: Names the option, and what it needs.
    """
    require_augmentation(recipe)
    folds = folded_source(recipe.data) is not None
    for field in ("run.processes", "run.everything"):
        if recipe.is_given(field) and not folds:
            raise InputError(f"{field} is for all folds of a protocol, but this run trains one model")
    if recipe.rounds:
        return
    if given := sorted(recipe.given("self_training") - {"rounds"}):
        raise InputError(
            f"self_training.{given[0]} is for self-training, but self_training.rounds is 0; set rounds"
        )
    if recipe.is_given("transductive") and recipe.transductive and not (folds and recipe.pretrained):
        raise InputError(
            "transductive is for self-training (self_training.rounds), or for folds that begin with "
            "pretrained; leave it out"
        )
