"""The folder of a run, looked at before the run begins: by its app, and by what runs many of them."""

from __future__ import annotations

from typing import Any

from skeleton_lab.data.clips import FinetuneClips, PretrainClips
from skeleton_lab.data.unlabelled import UnlabelledClips
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.runs.folder import RunFolder


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
