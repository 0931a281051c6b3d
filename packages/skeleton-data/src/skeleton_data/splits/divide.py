"""The clips of a store on three sides: by a protocol, by the data set's own split, or by a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from skeleton_data.clips import Side
from skeleton_data.errors import DataError
from skeleton_data.splits.counts import require_trained_classes
from skeleton_data.splits.grammar import Own, parse_protocol
from skeleton_data.splits.own import own_split
from skeleton_data.splits.protocols import Split, hold_out, split
from skeleton_data.splits.side_file import read_sides
from skeleton_data.splits.split_file import load_split
from skeleton_data.store.store import SkeletonStore

NEAR = 8
"""Names of clips that a message lists."""


def divide(
    store: SkeletonStore,
    protocol: str | None = None,
    *,
    file: str | Path | None = None,
    validation: float = 0.0,
    seed: int = 0,
    fold: int | None = None,
) -> Split:
    r"""Divide the clips of a store into training, validation and test.

    A file or a data set's own split that names validation clips has them; of others, and of protocols, a
    fraction of the training subjects is held out, as by `split`.

    Args:
        store: The store.
        protocol: As of `split`; also `own`, or `own:NAME`, the split that the data set came with.
        file: In place of a protocol: what `skeleton-data split` wrote, or a text or CSV file of clip names,
            see `read_split`.
        validation: Fraction of the training subjects held out; where nobody's name is known, of the clips.
        seed: Which are held out, and how folds are dealt out.
        fold: Of a protocol with folds: which, from 1.

    Raises:
        ValueError: Not one of protocol and file; a protocol or file that cannot be used, see `split` and
            `read_split`; a side is empty.

    Example:
        >>> import tempfile
        >>> from skeleton_data import StoreWriter, layout
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with StoreWriter(f"{folder}/s", layout=layout("ntu"), fps=30) as writer:
        ...         for name, side in (("a", "train"), ("b", "test")):
        ...             writer.add(np.ones((9, 1, 25, 3)), name=name, sides={"default": side})
        ...     store = SkeletonStore.open(f"{folder}/s")
        ...     _ = Path(f"{folder}/mine.txt").write_text("train:\nb\ntest:\na\n")
        ...     divide(store, "own").test, divide(store, file=f"{folder}/mine.txt").test
        (array([1]), array([0]))
    """
    if (protocol is None) == (file is None):
        raise ValueError(f"give either a protocol or a split file, got {protocol!r} and {file!r}")
    wanted = None if protocol is None else parse_protocol(protocol)
    if protocol is not None and not isinstance(wanted, Own):
        return split(store.index, protocol, validation=validation, seed=seed, fold=fold)
    if fold is not None:
        raise ValueError(f"fold: {fold}, but {protocol or file} has no folds")
    where = str(protocol or file)
    sides = own_split(store, wanted.name) if isinstance(wanted, Own) else read_split(str(file), store)
    for side, clips in (("training", sides.train), ("test", sides.test)):
        if not len(clips):
            raise DataError(f"{where}: the {side} side is empty")
    if len(sides.validation) or not validation:
        return sides
    train, held_out = hold_out(store.index, sides.train, validation, seed, where)
    return replace(sides, train=train, validation=held_out)


def read_split(path: str | Path, store: SkeletonStore) -> Split:
    """Read a split of a store: what `save_split` wrote, or clip names as text or CSV.

    A text file has a line `train:` (or `Training videos:`, `[train]`) with the names of clips below it, one a
    line or with commas between, and so `validation:` and `test:`. CSV has the columns clip and side. Clips
    that it does not name are left out. The name of a recording, of which `import` cut several clips
    (`0002-L` of `0002-L_001`), stands for all of them.

    Raises:
        DataError: The file is missing or no split, or was made for another store. It names a clip that is not
            there, or one that two clips have, puts one on two sides, or tests a class that it has no training
            clip of; in a file of `save_split` only if that is so of all tested classes.
    """
    path = Path(path)
    json = _is_json(path)
    sides = load_split(path, store.index, name=store.name) if json else _by_name(path, store)
    try:
        require_trained_classes(store.index.label, sides, store.classes, "the split", every=not json)
    except ValueError as error:
        raise error if isinstance(error, DataError) else DataError.at(path, str(error)) from None
    return sides


def _is_json(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip().startswith(b"{")
    except OSError as error:
        raise DataError.at(path, f"no readable split ({error.strerror})") from None


def _by_name(path: Path, store: SkeletonStore) -> Split:
    clips: dict[str, list[int]] = {}
    recordings: dict[str, list[int]] = {}
    for clip in range(len(store)):
        name = store.name(clip)
        clips.setdefault(name, []).append(clip)
        recordings.setdefault(name.rpartition("_")[0], []).append(clip)
    chosen: dict[Side, list[int]] = {"train": [], "validation": [], "test": []}
    on: dict[int, Side] = {}
    for name, side in read_sides(path).items():
        found = clips.get(name) or recordings.get(name)
        if not name or found is None:
            there = ", ".join(list(clips)[:NEAR]) + (", ..." if len(clips) > NEAR else "")
            raise DataError.at(path, f"no clip of {store.path} has the name {name!r}; there are {there}")
        if name in clips and len(found) > 1:
            raise DataError.at(path, f"{len(found)} clips of {store.path} have the name {name!r}")
        for clip in found:
            if on.setdefault(clip, side) != side:
                raise DataError.at(path, f"clip {store.name(clip)!r} is on the sides {on[clip]} and {side}")
        chosen[side] += found
    train, validation, test = (
        np.unique(np.array(chosen[side], np.int64)) for side in ("train", "validation", "test")
    )
    if not len(test):  # as many write who have two sides
        validation, test = test, validation
    return Split(train=train, validation=validation, test=test)
