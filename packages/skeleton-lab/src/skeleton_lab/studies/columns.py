"""The columns of a study: stores, the protocols that fit them, numbers of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skeleton_data import Protocol, SkeletonStore, folds, is_folded
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.evaluation.data import HeldOutSide


@dataclass(frozen=True)
class Column:
    """What rows are compared on.

    Attributes:
        store: Store that is learned and tested on.
        protocol: Divides it.
        labels: Labels that are used, as `10%` or `5/class`.
        heading: Heading of the table.
        published: Under which heading numbers are published, if the store has the classes that they are of.
        folds: Folds of the protocol, if it has any: all of them are run.
    """

    store: Path
    protocol: Protocol
    labels: str
    heading: str
    published: str | None
    folds: tuple[int, ...] = ()

    def clips(self, seed: int, side: HeldOutSide = "test", fold: int | None = None) -> dict[str, Any]:
        """Return the same as `data` of a recipe; a seed has labels, and a validation side, of its own.

        Example:
            >>> Column(Path("data/x"), "odd-subjects", "5/class", "", None).clips(seed=1)["labels_per_class"]
            5
        """
        share, _, each = self.labels.partition("/")
        used = {"labels_per_class": int(share)} if each else {"label_fraction": float(share[:-1]) / 100}
        clips = {"store": str(self.store), "protocol": self.protocol, **used, "label_seed": seed}
        clips |= {} if fold is None else {"fold": fold}
        return clips | ({"split_seed": seed} if side == "validation" else {})


def columns(stores: Sequence[Path], protocols: Sequence[Protocol], labels: Sequence[str]) -> list[Column]:
    """For each store the protocols that fit it, with each number of labels.

    Raises:
        InputError: If a store cannot be read, or no protocol fits it.
    """
    found = []
    for path in stores:
        with input_errors():
            store = SkeletonStore.open(path)
        fitting = [protocol for protocol in protocols if _fits(protocol, store)]
        if not fitting:
            raise InputError(
                f"protocols: none of {', '.join(protocols)} is for {path} (layout {store.layout.name}, "
                f"{len(store.class_names)} classes); name another with --protocols"
            )
        for protocol in fitting:
            complete = len(store.class_names) == (60 if protocol.startswith("ntu60") else 120)
            numbers = _folds(protocol, store)
            for used in labels:
                cell = f"{protocol} {used}"
                heading = f"{path.name} {cell}" if len(stores) > 1 else cell
                found.append(Column(path, protocol, used, heading, cell if complete else None, numbers))
    return found


def _folds(protocol: Protocol, store: SkeletonStore) -> tuple[int, ...]:
    """Return the numbers of a protocol's folds; none where it has none."""
    if not is_folded(protocol):
        return ()
    with input_errors():
        return tuple(fold.number for fold in folds(store.index, protocol))


def _fits(protocol: Protocol, store: SkeletonStore) -> bool:
    """Whether a protocol of NTU RGB+D meets a store of it; of others the subjects tell."""
    if not protocol.startswith("ntu"):
        return True
    few = len(store.class_names) <= 60
    return store.layout.name == "ntu" and few == protocol.startswith("ntu60")
