"""Which models are evaluated, and on which clips, all before torch is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from skeleton_data import Protocol, SkeletonStore
from skeleton_lab.data.division import PROTOCOL, SPLIT
from skeleton_lab.data.finetune_clips import FinetuneClips, FinetuneData
from skeleton_lab.data.source import DATASET, ClipSource, DatasetPlugin
from skeleton_lab.errors import InputError
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import RecipeSection, complaints
from skeleton_lab.runs.fingerprints import (
    DATA,
    Fingerprint,
    read_fingerprints,
    require_same_data,
    tell_missing,
)

HeldOutSide = Literal["test", "validation"]
DIVISION = ("protocol", "split", "fold")
"""Fields that say how clips are divided."""


class EvaluateData(RecipeSection):
    """Which clips; what is not given is the run's."""

    store: Path | None = Field(None, description="Folder of the store (default: the run's).")
    dataset: DatasetPlugin | None = Field(None, description=DATASET)
    protocol: Protocol | None = Field(None, description=PROTOCOL)
    split: Path | None = Field(None, description=SPLIT)
    fold: int | None = Field(
        None, ge=1, description="Number of the fold, from 1, if the protocol has folds (default: the run's)."
    )
    validation: float | None = Field(
        None,
        ge=0,
        lt=1,
        description=(
            "Fraction of the training subjects that are held out for validation (default: the run's)."
        ),
    )
    split_seed: int | None = Field(
        None,
        ge=0,
        description="Random seed that chooses the subjects held out for validation (default: the run's).",
    )
    label_fraction: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Fraction of the training clips of each class, at least one clip, whose labels a "
        "probe of an encoder may use.",
    )
    labels_per_class: int | None = Field(
        None,
        ge=1,
        description="Number of training clips of each class whose labels a probe of an encoder may use.",
    )
    label_seed: int | None = Field(
        None, ge=0, description="Random seed that chooses the labels that are used."
    )

    def complete(self, model: SavedModel, side: HeldOutSide) -> FinetuneData:
        """Return these data, completed by those of the model's run.

        Raises:
            InputError: If something is said nowhere, or a classifier would be shown what it was trained on.
        """
        known = dict(model.recipe.get("data", {}))
        known = {name: value for name, value in known.items() if name not in ("unlabelled", "layout")}
        if sources := known.pop("sources", ()):
            if len(sources) > 1 and self.store is None and self.dataset is None:
                raise InputError(
                    f"data.store must be given: {model.run} was pre-trained on {len(sources)} stores"
                )
            # The subjects that chose an encoder's weights are training subjects of the probe.
            known |= {name: value for name, value in sources[0].items() if value is not None}
            known |= {"validation": 0.0} if side == "test" else {}
        origin = {name: known.pop(name) for name in ("store", "dataset") if name in known}
        trained_on = ClipSource(**origin).place if origin else None
        given = self.model_dump(exclude_none=True)
        if not {"store", "dataset"} & given.keys():
            if isinstance(trained_on, DatasetPlugin):
                trained_on.require_trust(f"{model.run}/config.toml")
            given |= origin
        if {"protocol", "split"} & given.keys():
            known = {name: value for name, value in known.items() if name not in DIVISION}
        for name, said in (("store", {"store", "dataset"}), ("protocol", {"protocol", "split"})):
            if not said & (known | given).keys():
                raise InputError(
                    f"data.{name} must be given: {model.path} does not lie in a run that records it"
                )
        fields = known | given | {"sampling": model.preprocessing.sampling}
        if _tests_all(model, fields.get("protocol"), side):
            fields["validation"] = 0.0
        try:
            data = FinetuneData(**fields)
        except ValidationError as error:
            place = f"{model.run}/config.toml: " if model.run and not self.model_fields_set else ""
            found = (f"{place}data: {complaint}" for complaint in complaints(error, FinetuneData))
            raise InputError("\n".join(found)) from error
        if model.is_classifier and data.place == trained_on:
            shown_as, was = data.model_dump(mode="json"), model.recipe.get("data", {})
            for name in (*DIVISION, "validation", "split_seed"):
                trained, shown = was.get(name), shown_as[name]
                if trained != shown and not (side == "test" and name not in DIVISION):
                    raise InputError(
                        f"data.{name} is {shown}, but {model.path} was trained with {trained}: "
                        "clips that it was trained on would be among those it is shown"
                    )
        return data


def open_models(
    where: Sequence[str], wanted: EvaluateData, side: HeldOutSide
) -> tuple[list[SavedModel], FinetuneData, FinetuneClips]:
    """Open models, which must be of one kind and fit the same clips, and these clips.

    Raises:
        InputError: If a model cannot be used, or two do not go together; names both.
    """
    models = [SavedModel.open(each) for each in where]
    first, data = models[0], wanted.complete(models[0], side)
    for model in models[1:]:
        if model.is_classifier != first.is_classifier:
            raise InputError(
                f"{model.path} and {first.path} are a classifier and an encoder; name models of one kind"
            )
        other = wanted.complete(model, side)
        for name in ("place", *DIVISION, *(("validation", "split_seed") if side == "validation" else ())):
            ours, theirs = getattr(other, name), getattr(data, name)
            if ours != theirs:
                field = "store" if name == "place" else name
                raise InputError(f"data.{field} is {ours} for {model.path}, but {theirs} for {first.path}")
    clips = data.open()
    if _tests_all(first, data.protocol, side):
        _require_untrained(models, clips.store)
        clips = replace(clips, test=clips.train)
    for model in models:
        # What is shown of the test side does not depend on what was held out on the other, and may be given.
        chosen = {} if side == "validation" else {"held_out": None}
        require_data_of_run(model, data, clips.store, clips.fingerprints[0].model_copy(update=chosen))
    if side == "validation" and not len(clips.validation):
        raise InputError("side is validation, but data.validation is 0, so no clips are held out")
    if side == "test":
        clips.require_test()
    store = str(clips.store.path)
    models = [
        model if model.is_classifier else model.for_layout(clips.store.layout, here=store) for model in models
    ]
    for model in models:
        preprocessing = model.preprocessing
        here = clips.preprocessing(preprocessing.sampling)
        here.require_same_input(preprocessing, here=store, there=str(model.path))
        if model.is_classifier and preprocessing.classes != clips.classes:
            raise InputError(
                f"{store} has {len(clips.classes)} classes, but {model.path} was made for other "
                f"{len(preprocessing.classes)}"
            )
    return models, data, clips


def _tests_all(model: SavedModel, protocol: str | None, side: HeldOutSide) -> bool:
    """Whether all clips of a store test: those of another one than a classifier of `all` was trained on."""
    return model.is_classifier and protocol == "all" and side == "test"


def _require_untrained(models: Sequence[SavedModel], store: SkeletonStore) -> None:
    """Refuse the store of a model's training.

    Raises:
        InputError: If a model was trained on its clips; names the field that takes another store.
    """
    for model in models:
        known = read_fingerprints(model.run) if model.run else None
        if known and store.fingerprint in {each.sha256 for each in known}:
            raise InputError(
                f"data.store: {model.path} was trained on clips of {store.path}, and data.protocol is all: "
                "name another store, all clips of which are tested then"
            )


def require_data_of_run(
    model: SavedModel, source: ClipSource, store: SkeletonStore, here: Fingerprint | None = None
) -> None:
    """Refuse a store that stands where one of the model's run was, but holds other data.

    Args:
        model: The model.
        source: Where the store is.
        store: As opened.
        here: Its fingerprint, with how it is divided; a classifier's must have been divided alike.

    Raises:
        InputError: If it does; names the store.
    """
    if model.run is None:
        return
    tell_missing(model.run, DATA)
    data = model.recipe.get("data", {})
    now = here if here and model.is_classifier else Fingerprint.of(store)
    trained_on = [
        ClipSource(**{name: each[name] for name in ("store", "dataset") if name in each}).place
        for each in data.get("sources", [data])
    ]
    require_same_data([now if place == source.place else None for place in trained_on], model.run)
