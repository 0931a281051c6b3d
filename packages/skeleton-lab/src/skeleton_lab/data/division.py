"""Which clips train, validate and test: a protocol or a split file, and of folds which."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import Field, model_validator

from skeleton_data import DataError, Protocol, SkeletonStore, Split, divide, folds, is_folded
from skeleton_lab.data.source import ClipSource
from skeleton_lab.errors import InputError

PROTOCOL = (
    "Protocol that divides the clips into training and test: a name such as odd-subjects, own (the split of "
    'the data set), "camera in 1,2", "subject in 1,3 / subject in 2,4", leave-one-subject-out, or '
    '"folds(subject, 5)".'
)
SPLIT = "Split in place of a protocol: a file of `skeleton-data split`, or a text or CSV file of clip names."
FOLD = "Number of one fold, from 1, if the protocol has folds (default: a run for every fold)."


class Division(ClipSource):
    """A store or data set, and how it is divided."""

    protocol: Protocol | None = Field(None, description=PROTOCOL)
    split: Path | None = Field(None, description=SPLIT)
    fold: int | None = Field(None, ge=1, description=FOLD)

    @model_validator(mode="after")
    def _one_way_to_divide(self) -> Division:
        if (self.protocol is None) == (self.split is None):
            given = "neither is given" if self.protocol is None else "both are given"
            names = "such as leave-one-subject-out, 'subject in 1,3,5', or all to train on all clips"
            raise ValueError(f"{given}: give either a protocol ({names}) or split, a file of clip names")
        if self.fold is not None and not (self.protocol and is_folded(self.protocol)):
            raise ValueError(f"fold: {self.fold}, but {self.protocol or self.split} has no folds")
        return self

    @property
    def every_fold(self) -> bool:
        """Whether it stands for all folds of a protocol, each of which is divided otherwise."""
        return self.fold is None and self.protocol is not None and is_folded(self.protocol)

    @property
    def division(self) -> str:
        """How it is divided, as text."""
        name = self.protocol or str(self.split)
        return name if self.fold is None else f"{name}, fold {self.fold}"

    def sides(self, store: SkeletonStore, *, validation: float, seed: int) -> Split:
        """Divide the clips of the store.

        Args:
            store: As opened.
            validation: Fraction of the training subjects that is held out.
            seed: Which.

        Raises:
            InputError: If protocol or file do not fit the store.
        """
        try:
            return divide(
                store, self.protocol, file=self.split, validation=validation, seed=seed, fold=self.fold
            )
        except DataError as error:
            raise InputError(str(error)) from error
        except ValueError as error:
            raise InputError(f"{store.path}: {error}") from error

    def described(self, store: SkeletonStore, *, seed: int) -> str:
        """Return how the store is divided, as text that names what a fold tests, for messages.

        Args:
            store: As opened.
            seed: How folds are dealt out.
        """
        if self.fold is None:
            return self.division
        return f"{self.protocol}, fold {self.fold} ({self.folds(store, seed=seed)[self.fold]})"

    def folds(self, store: SkeletonStore, *, seed: int) -> dict[int, str]:
        """Return the number and the name of each fold, as {3: "subject 3"}.

        Raises:
            InputError: If there are none, or the protocol does not fit the store.
        """
        try:
            return {fold.number: fold.name for fold in folds(store.index, str(self.protocol), seed=seed)}
        except ValueError as error:
            raise InputError(f"{store.path}: {error}") from error


class TrainingSide(Division):
    """A store or data set, and which of its clips are used: the training side of a protocol."""

    @model_validator(mode="before")
    @classmethod
    def _all_clips(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("split") is None and values.get("protocol") is None:
            return values | {"protocol": "all"}
        return values


def whole_sides(split: Split) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return training and test side, sorted, with what is held out on the training side."""
    return [np.sort(np.concatenate([split.train, split.validation])), split.test]
