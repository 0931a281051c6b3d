"""The data of a recipe: stores are opened and divided, all before torch is imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from skeleton_data import (
    ClipSampling,
    Preprocessing,
    SkeletonLayout,
    SkeletonStore,
    Split,
    Units,
    class_counts,
    joint_places,
    kind_of_joints,
    label_subset,
    layout,
    missing_classes,
    require_trained_classes,
)
from skeleton_lab.data.division import Division, TrainingSide, whole_sides
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.runs.fingerprints import Fingerprint, Fingerprints

Clips = list[tuple[SkeletonStore, NDArray[np.int64]]]
"""Stores, each with the clips that are used."""


class PretrainData(RecipeSection):
    """Clips to pre-train on; their labels are not used."""

    sources: Annotated[tuple[TrainingSide, ...], Field(min_length=1)] = Field(
        description=(
            'Stores with one skeleton layout and how each is divided, as [{"store": ..., '
            '"protocol": ...}, ...]. With `layout` their layouts may differ.'
        )
    )
    layout: str | None = Field(
        None,
        min_length=1,
        description=(
            "Common skeleton of stores whose layouts differ: a name or a .toml file with all of their "
            "joints, such as configs/layouts/common.toml. Joints are found by name, and those that a store "
            "lacks are masked (default: all stores have one layout)."
        ),
    )
    validation: float = Field(
        0.05,
        ge=0,
        lt=1,
        description=(
            "Fraction of each store's training subjects that are held out to select the checkpoint."
        ),
    )
    split_seed: int = Field(0, ge=0, description="Random seed that chooses the subjects held out.")
    sampling: ClipSampling = Field(
        ClipSampling(), description="How clips are cropped, resized, rotated and augmented."
    )

    def open(self) -> PretrainClips:
        """Open the stores and divide their clips.

        Raises:
            ValueError: If a store cannot be read, layouts differ, or nothing is left to train on.
        """
        train: Clips = []
        validation: Clips = []
        divided: list[Split] = []
        for number, source in enumerate(self.sources):
            store = source.open_store(f"data.sources.{number}")
            parts = source.sides(store, validation=self.validation, seed=self.split_seed)
            divided.append(parts)
            train.append((store, parts.train))
            if len(parts.validation):
                validation.append((store, parts.validation))
        _require_bodies(train)
        first = train[0][0]
        for store, _ in train:
            if self.layout is None and store.layout != first.layout:
                raise InputError(
                    f"data.sources: {first.path} has layout {first.layout.name}, but {store.path} has "
                    f"{store.layout.name}; data.layout names a skeleton with the joints of both"
                )
            if store.meta.units != first.meta.units:
                raise InputError(
                    f"data.sources: {first.path} holds {kind_of_joints(first.meta.units)}, "
                    f"but {store.path} holds {kind_of_joints(store.meta.units)}"
                )
        common = first.layout if self.layout is None else layout(self.layout)
        if self.layout is not None:
            _require_places(train, common, self.sampling)
        return PretrainClips(train, validation, common, _bodies(train), tuple(divided))


class ContrastData(PretrainData):
    """Clips to pre-train on by contrast; their labels are not used."""

    validation: float = Field(
        0.0,
        ge=0,
        lt=1,
        description=(
            "Fraction of each store's training subjects that are left out, so that a method "
            "that selects its checkpoint by them trains on the same clips."
        ),
    )

    @model_validator(mode="after")
    def _one_layout(self) -> ContrastData:
        if self.layout is not None:
            raise ValueError("layout: contrast has no masks, so that all of its stores need one layout")
        return self


@dataclass(frozen=True)
class PretrainClips:
    """Clips to pre-train on."""

    train: Clips
    validation: Clips
    layout: SkeletonLayout
    bodies: int
    divided: tuple[Split, ...]

    @property
    def fewest_joints(self) -> int:
        """Joints of the store that has fewest."""
        return min(len(store.layout.joints) for store, _ in self.train)

    @property
    def units(self) -> Units:
        """Unit of the joints."""
        return self.train[0][0].meta.units

    @property
    def fingerprints(self) -> Fingerprints:
        """What tells the stores, and how they are divided, from others in their places."""
        return tuple(
            Fingerprint.of(store, whole_sides(split)[:1], held_out=split.validation)
            for (store, _), split in zip(self.train, self.divided, strict=True)
        )

    def preprocessing(self, sampling: ClipSampling) -> Preprocessing:
        """Return what the clips go through."""
        cleanings = {store.cleaning for store, _ in self.train}
        rates = {store.fps for store, _ in self.train}
        return Preprocessing(
            layout=self.layout,
            units=self.units,
            bodies=self.bodies,
            cleaning=cleanings.pop() if len(cleanings) == 1 else None,
            fps=rates.pop() if len(rates) == 1 else None,
            sampling=sampling,
        )


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
        _require_bodies([(store, train)])
        used = train[self._used(labels[train], store.classes)]
        bodies = _bodies([(store, side) for side in (used, validation, test)])
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
            sampling=sampling,
            classes=self.classes,
        )


def _require_bodies(clips: Clips) -> None:
    """Refuse stores in all of whose clips the joints of each body lie in one point.

    Raises:
        InputError: Names the stores.
    """
    for store, chosen in clips:
        for clip in chosen.tolist():
            if np.ptp(store.read(clip), axis=2).any():
                return
    where = ", ".join(str(store.path) for store, _ in clips)
    raise InputError(
        f"{where}: all joints of a body lie in one point in every clip, so nothing can be learnt"
    )


def _require_places(clips: Clips, common: SkeletonLayout, sampling: ClipSampling) -> None:
    """Refuse stores of which a joint has no place in the common skeleton, and streams of bones.

    Raises:
        InputError: Names the joints, or the stream.
    """
    if sampling.stream.startswith("bone"):
        raise InputError(
            f"data.sampling.stream is {sampling.stream}, but with data.layout it must be joint or motion: "
            "a joint's bone begins elsewhere in another layout"
        )
    for store, _ in clips:
        with input_errors():
            joint_places(
                store.layout.joints, common.joints, source=str(store.path), target=f"layout {common.name}"
            )


def _bodies(clips: Clips) -> int:
    return max(int(store.index.bodies[chosen].max(initial=1)) for store, chosen in clips)


def count(clips: Clips) -> int:
    """Return the number of clips."""
    return sum(len(chosen) for _, chosen in clips)


def clip_names(clips: Clips, positions: Iterable[int]) -> list[str]:
    """Return the names of clips at positions counted through all stores, each with its store's."""
    known = [(store, int(clip)) for store, chosen in clips for clip in chosen]
    return [f"{known[at][0].path.name}/{known[at][0].name(known[at][1])}" for at in positions]
