"""The data of a pre-training: stores are opened and divided, all before torch is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from skeleton_data import (
    ClipSampling,
    Preprocessing,
    SkeletonLayout,
    Split,
    Units,
    joint_indices,
    kind_of_joints,
    layout,
)
from skeleton_lab.data.clips import Clips, most_bodies, require_bodies
from skeleton_lab.data.division import TrainingSide, whole_sides
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.runs.fingerprints import Fingerprint, Fingerprints


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
        require_bodies(train)
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
            _require_joints(train, common, self.sampling)
        return PretrainClips(train, validation, common, most_bodies(train), tuple(divided))


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
            imported=tuple(dict.fromkeys(each for store, _ in self.train for each in store.imported)),
            sampling=sampling,
        )


def _require_joints(clips: Clips, common: SkeletonLayout, sampling: ClipSampling) -> None:
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
            joint_indices(
                store.layout.joints, common.joints, source=str(store.path), target=f"layout {common.name}"
            )
