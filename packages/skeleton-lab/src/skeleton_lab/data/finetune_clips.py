"""The data of a training with labels: a store is opened and divided, all before torch is imported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from skeleton_data import (
    ClipSampling,
    Preprocessing,
    SkeletonStore,
    Split,
    class_counts,
    label_subset,
    missing_classes,
    require_trained_classes,
)
from skeleton_lab.data.clips import most_bodies, require_bodies
from skeleton_lab.data.division import Division, whole_sides
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.runs.fingerprints import Fingerprint, Fingerprints


class FinetuneData(Division):
    """Labelled clips of one store or data set."""

    validation: float = Field(
        0.1,
        ge=0,
        lt=1,
        description=(
            "Fraction of the training subjects that are held out, with all their labels, to "
            "select the checkpoint."
        ),
    )
    split_seed: int = Field(0, ge=0, description="Random seed that chooses the subjects held out.")
    label_fraction: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Fraction of the other training clips of each class, at least one clip, whose labels are "
        "used (default: all).",
    )
    labels_per_class: int | None = Field(
        None, ge=1, description="Number of training clips of each class whose labels are used (default: all)."
    )
    label_seed: int = Field(0, ge=0, description="Random seed that chooses the labels that are used.")
    sampling: ClipSampling = Field(
        ClipSampling(), description="How clips are cropped, resized, rotated and augmented."
    )

    @model_validator(mode="after")
    def _one_way_to_count(self) -> FinetuneData:
        if self.label_fraction is not None and self.labels_per_class is not None:
            raise ValueError(
                f"give either label_fraction ({self.label_fraction}) or labels_per_class "
                f"({self.labels_per_class}), and not both"
            )
        return self

    def open(self) -> FinetuneClips:
        """Open the store, divide its clips, and take the labels that may be used.

        Raises:
            ValueError: If the store cannot be read, or a side is empty.
        """
        store = self.open_store()
        parts = self.sides(store, validation=self.validation, seed=self.split_seed)
        labels, where = store.index.label, f"{store.path}: {self.described(store, seed=self.split_seed)}"
        train, validation, test = (
            side[labels[side] >= 0] for side in (parts.train, parts.validation, parts.test)
        )
        needed = {"training": train} | ({"validation": validation} if self.validation else {})
        needed |= {"test": test} if self.protocol != "all" else {}
        for side, clips in needed.items():
            if not len(clips):
                raise InputError(f"{where} leaves no labelled {side} clips")
        with input_errors():
            require_trained_classes(labels, parts, store.classes, where)
        require_bodies([(store, train)])
        used = train[self._used(labels[train], store.classes)]
        bodies = most_bodies([(store, side) for side in (used, validation, test)])
        return FinetuneClips(store, parts.train, used, validation, test, store.classes, bodies, parts)

    def _used(self, labels: NDArray[np.integer], names: tuple[str, ...]) -> NDArray[np.int64]:
        """Return positions of the training clips, given their labels, whose labels are used."""
        if self.label_fraction is None and self.labels_per_class is None:
            return np.arange(len(labels))
        try:
            return label_subset(
                labels,
                fraction=self.label_fraction,
                per_class=self.labels_per_class,
                seed=self.label_seed,
                names=names,
            )
        except ValueError as error:
            raise InputError(f"data.labels_per_class: {error}") from error


@dataclass(frozen=True)
class FinetuneClips:
    """Numbers of clips in a store: to train on, to select by, and to answer with.

    Attributes:
        store: The store.
        unlabelled: The training side with or without labels, but for what is held out: for what needs none.
        train: Those of them whose labels are used.
        validation: Held out from the training side.
        test: The test side.
        classes: Names of the classes.
        bodies: Bodies of a clip.
        divided: The sides of the store, with and without labels.
    """

    store: SkeletonStore
    unlabelled: NDArray[np.int64]
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    classes: tuple[str, ...]
    bodies: int
    divided: Split

    @property
    def fingerprints(self) -> Fingerprints:
        """What tells the store, and how it is divided, from another in its place."""
        divided = self.divided
        return (Fingerprint.of(self.store, whole_sides(divided), held_out=divided.validation),)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Clips of each class (K, 3) that train, validate and test, with the labels that are used."""
        used = Split(train=self.train, validation=self.validation, test=self.test)
        return class_counts(self.store.index.label, used, len(self.classes))

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever reads the accuracy should know of the sides, a sentence each."""
        return (*self.divided.notes, *missing_classes(self.counts, self.classes))

    @property
    def untrained(self) -> list[str]:
        """Classes that are tested, but of which no clip trains."""
        counts = self.counts
        return [
            name for name, (train, _, test) in zip(self.classes, counts, strict=True) if test and not train
        ]

    def require_test(self) -> None:
        """Refuse clips of which none tests.

        Raises:
            InputError: If there is no test side.
        """
        if not len(self.test):
            raise InputError(f"{self.store.path}: this protocol leaves no labelled test clips")

    def preprocessing(self, sampling: ClipSampling) -> Preprocessing:
        """Return what the clips go through."""
        return Preprocessing(
            layout=self.store.layout,
            units=self.store.meta.units,
            bodies=self.bodies,
            cleaning=self.store.cleaning,
            fps=self.store.fps,
            imported=self.store.imported,
            sampling=sampling,
            classes=self.classes,
        )
