"""A store as a Hugging Face data set on disk.

Needs `datasets` (`pip install skeleton-data[huggingface]`), which is imported when something is exported.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.replacing import replacing_folder
from skeleton_data.splits.protocols import Split
from skeleton_data.store.store import SkeletonStore

if TYPE_CHECKING:
    from datasets import Features

_CLIPS_IN_MEMORY = 64


def export_huggingface(store: SkeletonStore, path: str | Path, split: Split) -> None:
    """Write a folder for `datasets.load_from_disk`, with one data set for each side that is not empty.

    A clip is a row: `joints` (T, M, V, 3), metres, padded with zeros to the most bodies in any clip;
    `name`, `label` (with the class names), `subject`, `camera`, `setup` and `replication`, -1
    where unknown; `fps`, `units`, `up` and `layout`, JSON of `SkeletonLayout`, the same in every row, so that
    they are kept in whatever form the rows are handed on, Parquet, streams, the hub; of a store that knows it
    `confidence` (T, M, V), from 0, not measured, to 1. `skeleton-data import`
    reads the folder and its Parquet files back. Only a few clips are in memory at a time.

    Args:
        store: The clips.
        path: The new folder.
        split: Which clips go to which side.

    Raises:
        DataError: The folder exists, or `datasets` is not installed.
        OSError: The folder cannot be written.
    """
    try:
        from datasets import Dataset, DatasetDict
        from datasets.exceptions import DatasetGenerationError
    except ImportError:
        raise DataError(
            "Hugging Face's datasets is not installed: pip install skeleton-data[huggingface]"
        ) from None
    with (
        replacing_folder(path, overwrite=False) as draft,
        tempfile.TemporaryDirectory(prefix=f"{draft.name}.", dir=draft.parent) as cache,
    ):
        features = _features(store)
        try:
            sides = {
                side: Dataset.from_generator(
                    _clips,
                    features=features,
                    cache_dir=f"{cache}/{side}",
                    gen_kwargs={"store": store, "side": side, "clips": getattr(split, side)},
                    writer_batch_size=_CLIPS_IN_MEMORY,
                )
                for side in ("train", "validation", "test")
                if len(getattr(split, side))
            }
        except DatasetGenerationError as error:  # of a full disk, too
            raise error.__cause__ or error from None
        DatasetDict(sides).save_to_disk(draft)


def _features(store: SkeletonStore) -> Features:
    from datasets import Array3D, Array4D, ClassLabel, Features, Value

    bodies, width = int(np.max(store.index.bodies)), len(store.layout.joints)
    label = ClassLabel(names=list(store.class_names)) if store.class_names else Value("int32")
    facts = {fact: Value("int32") for fact in ("subject", "camera", "setup", "replication")}
    arrays = {"joints": Array4D(shape=(None, bodies, width, 3), dtype="float32")}
    if store.confidence is not None:
        arrays["confidence"] = Array3D(shape=(None, bodies, width), dtype="float32")
    about = {"fps": Value("float32"), **dict.fromkeys(("units", "up", "layout"), Value("string"))}
    return Features({"name": Value("string"), "label": label, **facts, **arrays, **about})


def _clips(store: SkeletonStore, side: str, clips: Any) -> Iterator[dict[str, Any]]:
    """Return the rows of one side; `side` only tells the caches of the sides apart."""
    index, bodies = store.index, int(np.max(store.index.bodies))
    about = {"fps": store.fps, "units": store.meta.units, "up": "y", "layout": store.layout.model_dump_json()}
    for clip in map(int, clips):
        arrays = {"joints": store.read(clip), "confidence": store.read_confidence(clip)}
        facts = ("label", "subject", "camera", "setup", "replication")
        yield {
            "name": store.name(clip),
            **{name: _padded(array, bodies) for name, array in arrays.items() if array is not None},
            **{fact: int(getattr(index, fact)[clip]) for fact in facts},
            **about,
        }


def _padded(array: NDArray[np.float32], bodies: int) -> NDArray[np.float32]:
    """Return an array (T, M, ...) with zeros for bodies that a clip does not have."""
    padded = np.zeros((len(array), bodies, *array.shape[2:]), np.float32)
    padded[:, : array.shape[1]] = array
    return padded
