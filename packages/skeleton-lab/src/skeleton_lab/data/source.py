"""Where clips come from: a store, or a data set of your own."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, model_validator

from skeleton_data import ClipDataset, DataError, OwnClips, SkeletonStore
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import RecipeSection
from skeletonmae import Plugin


class DatasetPlugin(Plugin):
    """A data set of your own, any class whose objects satisfy `skeleton_data.ClipDataset`."""

    group: ClassVar[str] = "skeleton_lab.datasets"


DATASET = "Your own data set in place of a store; kind names its class, as module:Class."
"""What the field `dataset` is, in help."""


class ClipSource(RecipeSection):
    """A store, or a data set of your own."""

    store: Path | None = Field(None, description="Folder of the store.")
    dataset: DatasetPlugin | None = Field(None, description=DATASET)

    @model_validator(mode="after")
    def _one_source(self) -> ClipSource:
        if self.store is None and self.dataset is None:
            raise ValueError(
                "store is missing: give the folder of a store, or a class of your own as dataset"
            )
        if self.store is not None and self.dataset is not None:
            raise ValueError(
                'give either store or dataset, not both; store = "none" removes that of a recipe'
            )
        return self

    @property
    def place(self) -> Path | DatasetPlugin | None:
        """What tells it from other sources: the folder of the store, or the class with its arguments."""
        return self.store.resolve() if self.store is not None else self.dataset

    def open_store(self, field: str = "data") -> SkeletonStore:
        """Open the store, or the data set as one.

        Args:
            field: Where it is in the recipe, for messages; empty for an option that lies in no section.

        Raises:
            ValueError: If it cannot be read; names the folder, or the field, the class and what it lacks.
        """
        if self.store is not None:
            return SkeletonStore.open(self.store)
        assert self.dataset is not None
        field = f"{field}.dataset".removeprefix(".")
        data = self.dataset.build(field, ClipDataset)
        try:
            return OwnClips(data)
        except DataError as error:
            raise InputError(f"{field}: {error}") from error
