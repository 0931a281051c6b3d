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
        protocol: Divides it; of a split file its name, for headings.
        labels: Labels that are used, as `10%` or `5/class`.
        heading: Heading of the table.
        published: Under which heading numbers are published, if the store has the classes that they are of.
        folds: Folds of the protocol, if it has any: all of them are run.
        split: Split file that divides it, in place of a protocol.
    """

    store: Path
    protocol: str
    labels: str
    heading: str
    published: str | None
    folds: tuple[int, ...] = ()
    split: Path | None = None

    @property
    def division(self) -> dict[str, str]:
        """How a recipe says what divides the store."""
        return {"split": str(self.split)} if self.split else {"protocol": self.protocol}

    def clips(self, seed: int, side: HeldOutSide = "test", fold: int | None = None) -> dict[str, Any]:
        """Return the same as `data` of a recipe; a seed has labels, and a validation side, of its own.

        Example:
            >>> Column(Path("data/x"), "odd-subjects", "5/class", "", None).clips(seed=1)["labels_per_class"]
            5
        """
        amount, _, each = self.labels.partition("/")
        used = {"labels_per_class": int(amount)} if each else {"label_fraction": float(amount[:-1]) / 100}
        clips = {"store": str(self.store), **self.division, **used, "label_seed": seed}
        clips |= {} if fold is None else {"fold": fold}
        return clips | ({"split_seed": seed} if side == "validation" else {})


def columns(
    stores: Sequence[Path], protocols: Sequence[Protocol], labels: Sequence[str], split: Path | None = None
) -> list[Column]:
    """For each store the protocols that fit it, or the split file, with each number of labels.

    Raises:
        InputError: If a store cannot be read, or no protocol fits it.
    """
    found = []
    for path in stores:
        with input_errors():
            store = SkeletonStore.open(path)
        fitting = [split.name] if split else [each for each in protocols if _fits(each, store)]
        if not fitting:
            raise InputError(
                f"protocols: none of {', '.join(protocols)} is for {path} (layout {store.layout.name}, "
                f"{len(store.class_names)} classes); name another with --protocols"
            )
        for protocol in fitting:
            complete = len(store.class_names) == (60 if protocol.startswith("ntu60") else 120)
            numbers = () if split else _folds(protocol, store)
            for used in labels:
                cell = f"{protocol} {used}"
                heading = f"{path.name} {cell}" if len(stores) > 1 else cell
                found.append(
                    Column(path, protocol, used, heading, cell if complete else None, numbers, split)
                )
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
