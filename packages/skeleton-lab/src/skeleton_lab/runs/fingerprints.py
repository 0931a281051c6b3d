"""What a run began with: fingerprints of stores and weights, of which its recipe only says where they are."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter

from skeleton_data import SkeletonStore
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.text_files import read_record, read_small_text
from skeleton_lab.runs.workers import is_first_process

DATA = "data.json"
"""The file of a run's folder that holds them."""
WEIGHTS = "pretrained.sha256"
"""The file with the SHA-256 of the pre-trained weights that a run began with."""


def tell_missing(run: Path, *names: str) -> None:
    """Say on standard error which fingerprints of a run are missing, so that nothing is compared."""
    for name in names:
        if not (run / name).is_file() and is_first_process():
            print(f"{run / name} is missing: {_COMPARED[name]} cannot be compared with it", file=sys.stderr)


_COMPARED = {DATA: "the data", WEIGHTS: "the pre-trained weights"}


class Fingerprint(BaseModel):
    """What tells a store, or a data set of your own, from another one in the same place."""

    store: str
    clips: int
    sha256: str
    sides: str | None = None
    """SHA-256 of how it is divided, where that is to be compared; runs of earlier versions lack it."""
    held_out: str | None = None
    """The same of what is held out on the training side, which runs may differ in that are averaged."""

    @classmethod
    def of(
        cls,
        store: SkeletonStore,
        sides: Iterable[NDArray[np.int64]] = (),
        *,
        held_out: NDArray[np.int64] | None = None,
    ) -> Self:
        """Return the fingerprint of a store; no file of clips is read.

        Args:
            store: The store.
            sides: Numbers of clips on each side; without, how it is divided does not count.
            held_out: Numbers of those that are held out; without, they do not count.
        """
        sides = list(sides)
        return cls(
            store=str(store.path),
            clips=len(store),
            sha256=store.fingerprint,
            sides=_digest(sides) if sides else None,
            held_out=None if held_out is None else _digest([np.sort(held_out)]),
        )


def _digest(sides: Sequence[NDArray[np.int64]]) -> str:
    sides_as_bytes = [side.astype("<i8").tobytes() for side in sides]
    lengths = " ".join(str(len(each)) for each in sides_as_bytes).encode()
    return hashlib.sha256(lengths + b"".join(sides_as_bytes)).hexdigest()


Fingerprints = tuple[Fingerprint, ...]


def read_fingerprints(run: Path) -> Fingerprints | None:
    """Return the fingerprints of a run's stores, in the order of its recipe; None if they were not kept.

    Raises:
        InputError: If the file is damaged.
    """
    path = run / DATA
    if not path.is_file():
        return None
    adapter: TypeAdapter[Fingerprints] = TypeAdapter(Annotated[Fingerprints, Field(min_length=1)])
    return read_record(adapter, path)


def require_same_data(here: Sequence[Fingerprint | None], run: Path) -> None:
    """Compare stores with those that a run began with, if it has kept their fingerprints.

    Args:
        here: The stores in the order of the run's recipe; None where none is to be compared.
        run: Folder of the run.

    Raises:
        InputError: If one differs; names the store. If the run has kept fewer; names the file.
    """
    if (kept := read_fingerprints(run)) is None:
        return
    if len(kept) < len(here):
        raise InputError(
            f"{run / DATA}: it is damaged: expected the fingerprints of {len(here)} stores, found {len(kept)}"
        )
    require_same(here, kept, run)


def require_same(here: Sequence[Fingerprint | None], there: Fingerprints, run: Path) -> None:
    """Compare stores with those of a run, one by one.

    Args:
        here: The stores; None where one is not to be compared.
        there: Those that the run had; there may be fewer.
        run: Folder of the run, for messages.

    Raises:
        InputError: If one differs; names the store.
    """
    for now, before in zip(here, there, strict=False):
        if now and now.sha256 != before.sha256:
            raise InputError(
                f"{now.store}: the data has changed since the run {run} began: it had {before.clips} clips "
                f"and the fingerprint {before.sha256[:8]}, and has {now.clips} and {now.sha256[:8]}"
            )
        if now and any(
            None not in (ours, theirs) and ours != theirs
            for ours, theirs in ((now.sides, before.sides), (now.held_out, before.held_out))
        ):
            raise InputError(
                f"{now.store}: the split has changed since the run {run} began: its split file, or the data "
                "set's own split, is another"
            )


def require_same_weights(here: str | None, run: Path) -> None:
    """Compare pre-trained weights with those that a run began with, if it has kept their SHA-256.

    Args:
        here: SHA-256 of the weights; None where there are none.
        run: Folder of the run.

    Raises:
        InputError: If they differ; names the field.
    """
    if here is None or not (run / WEIGHTS).is_file():
        return
    before = read_small_text(run / WEIGHTS).strip()
    if here != before:
        raise InputError(
            f"pretrained: the weights have changed since the run {run} began: their SHA-256 began with "
            f"{before[:8]}, and begins with {here[:8]}; put the old ones back, or use another folder"
        )
