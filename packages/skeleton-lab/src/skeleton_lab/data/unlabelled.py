"""The clips that a fine-tuning learns from without their labels, and none of them from the test side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from skeleton_data import SkeletonStore, kind_of_joints
from skeleton_lab.data.clips import Clips, count
from skeleton_lab.data.finetune_clips import FinetuneClips, FinetuneData
from skeleton_lab.data.same_clips import clips_among
from skeleton_lab.errors import InputError
from skeleton_lab.runs.fingerprints import Fingerprint, Fingerprints


class PartlyLabelledData(FinetuneData):
    """Labelled clips of one store or data set, and clips without labels of this and of others."""

    unlabelled: tuple[Path, ...] = Field(
        (),
        description="Stores whose clips self-training learns from without labels, besides the training clips "
        "of `store` whose labels are not used. A clip that is also a validation or test clip is left out.",
    )

    def open_unlabelled(self, clips: FinetuneClips, *, transductive: bool = False) -> UnlabelledClips:
        """Open the stores and take the clips that are learnt from without labels.

        Args:
            clips: The labelled clips, as opened.
            transductive: Whether the test side belongs to them; the validation side never does.

        Raises:
            InputError: If a store cannot be used, or there is no unlabelled clip.
        """
        own = np.setdiff1d(clips.unlabelled, clips.train)
        own = np.concatenate([own, clips.test]) if transductive else own
        found: Clips = [(clips.store, own)] if len(own) else []
        stores = [_open(place, clips.store) for place in self.unlabelled]
        held_out = (
            (clips.divided.validation,) if transductive else (clips.divided.validation, clips.divided.test)
        )
        for store in stores:
            numbers = np.arange(len(store), dtype=np.int64)
            fresh = ~clips_among(store, numbers, clips.store, np.concatenate(held_out))
            if fresh.any():
                found.append((store, numbers[fresh]))
        left_out = sum(map(len, stores)) - count([each for each in found if each[0] is not clips.store])
        if not found:
            raise InputError(
                f"data: no clip is left to learn from without its label: the labels of all training clips of "
                f"{clips.store.path} are used; use fewer (data.labels_per_class) or name data.unlabelled"
            )
        prints = tuple(map(Fingerprint.of, stores))
        return UnlabelledClips(found, prints, left_out, transductive and len(clips.test) > 0)


@dataclass(frozen=True)
class UnlabelledClips:
    """Clips that are learnt from without labels.

    Attributes:
        clips: Stores with the clips that are used.
        fingerprints: Of the further stores; they change when another store takes the same path.
        left_out: Clips of further stores that are also validation or test clips.
        transductive: Whether clips of the test side are among them.
    """

    clips: Clips
    fingerprints: Fingerprints
    left_out: int
    transductive: bool

    @property
    def note(self) -> str:
        """What they are, in a sentence."""
        stores = ", ".join(f"{len(numbers)} of {store.path}" for store, numbers in self.clips)
        left = f" {self.left_out} are left out, which are validation or test clips too." * bool(self.left_out)
        test = " Clips of the test side are among them (transductive)." * self.transductive
        return f"Self-training learns from {count(self.clips)} clips without labels: {stores}.{left}{test}"

    def labels(self, classes: tuple[str, ...]) -> NDArray[np.int64]:
        """Return the true classes (N,) of the clips, -1 where they are not known, to see what is right.

        Args:
            classes: Names of the classes; the labels of a store with other classes mean something else.
        """
        found = [
            store.index.label[numbers] if store.class_names in ((), classes) else np.full(len(numbers), -1)
            for store, numbers in self.clips
        ]
        return np.concatenate(found).astype(np.int64)


def _open(place: Path, labelled: SkeletonStore) -> SkeletonStore:
    """Open a store of unlabelled clips, which must be like the labelled one.

    Raises:
        InputError: If layout or units differ, or it is the labelled store; names both.
        ValueError: If it cannot be read.
    """
    store = SkeletonStore.open(place)
    if store.layout != labelled.layout:
        raise InputError(
            f"data.unlabelled: {place} has layout {store.layout.name}, but {labelled.path} has "
            f"{labelled.layout.name}; import it with --layout {labelled.layout.name}"
        )
    if store.meta.units != labelled.meta.units:
        raise InputError(
            f"data.unlabelled: {place} holds {kind_of_joints(store.meta.units)}, but {labelled.path} "
            f"holds {kind_of_joints(labelled.meta.units)}"
        )
    if store.fingerprint == labelled.fingerprint:
        raise InputError(
            f"data.unlabelled: {place} has the clips of {labelled.path}, whose training side is used "
            "already: leave it out, and set self_training.rounds; transductive adds the test side"
        )
    return store
