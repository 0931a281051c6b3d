"""`skeleton-data split`: which clips train, select and test, as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import CliPositionalArg

from skeleton_data.splits.grammar import FORMS, Protocol


class SplitCommand(BaseModel):
    """Write a split of a store as JSON, for the apps (`--data.split FILE`) and `skeleton-data export`.

    The command prints how many training, validation and test clips each class has. The file holds their
    numbers, how they were chosen, and a fingerprint of the store: it is refused for a store whose clips have
    other labels, subjects, cameras or lengths. The counts of NTU RGB+D are compared with the published
    ones, and a difference is reported.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: CliPositionalArg[Path] = Field(description="Folder of the store.")
    output: CliPositionalArg[Path] = Field(description="The new JSON file.")
    protocol: Protocol = Field(
        description=f"Protocol that divides the clips into training and test: {FORMS}."
    )
    fold: int | None = Field(
        default=None, ge=1, description="Number of the fold, from 1, if the protocol has folds."
    )
    validation: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Fraction of the training subjects, from 0 to below 1, that are held out for validation.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        description="Random seed, from 0, that chooses the subjects held out and the labels kept.",
    )
    fraction: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description=(
            "Fraction of the training clips of each class that is kept, above 0, at most 1 (a label budget)."
        ),
    )
    per_class: int | None = Field(
        default=None,
        ge=1,
        description="Number of training clips of each class that is kept, from 1 (a label budget).",
    )
    overwrite: bool = Field(default=False, description="Whether to replace a file that is already there.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fraction is not None and self.per_class is not None:
            raise ValueError("give fraction or per-class, not both")
        return self

    def cli_cmd(self) -> None:
        """Write the split."""
        from dataclasses import replace

        from skeleton_data.errors import DataError
        from skeleton_data.splits.counts import (
            OFFICIAL_COUNTS,
            check_counts,
            class_counts,
            class_table,
            missing_classes,
            require_trained_classes,
        )
        from skeleton_data.splits.divide import divide
        from skeleton_data.splits.labels import label_subset
        from skeleton_data.splits.split_file import save_split
        from skeleton_data.store.store import SkeletonStore

        store = SkeletonStore.open(self.store)
        try:
            sides = divide(store, self.protocol, validation=self.validation, seed=self.seed, fold=self.fold)
            require_trained_classes(store.index.label, sides, store.classes, self.protocol)
            different = check_counts(sides, self.protocol)
            if self.fraction is not None or self.per_class is not None:
                labelled = sides.train[store.index.label[sides.train] >= 0]  # as `finetune` draws them
                labels = store.index.label[labelled]
                kept = label_subset(labels, fraction=self.fraction, per_class=self.per_class, seed=self.seed)
                sides = replace(sides, train=labelled[kept])
        except ValueError as error:
            raise error if isinstance(error, DataError) else DataError.at(self.store, str(error)) from None
        if different:
            if len(store) == sum(OFFICIAL_COUNTS[self.protocol]):
                raise DataError.at(self.store, different)
            print(f"note: {different}", file=sys.stderr)
        made = self.model_dump(mode="json", exclude={"store", "output", "overwrite"})
        save_split(self.output, sides, store.index, made=made, overwrite=self.overwrite)
        counts = f"{len(sides.train)} training, {len(sides.validation)} validation"
        counts += f" and {len(sides.test)} test clips"
        names = store.classes
        clips = class_counts(store.index.label, sides, len(names))
        for note in (*sides.notes, *missing_classes(clips, names)):
            print(f"note: {note}", file=sys.stderr)
        if len(names):
            print(class_table(clips, names))
        print(f"{self.output}: {counts}")
