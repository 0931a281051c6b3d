"""A store as the padded `.npz` that CTR-GCN and its successors read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from skeleton_data.errors import DataError
from skeleton_data.replacing import replacing
from skeleton_data.splits.protocols import Split
from skeleton_data.store.confidence import as_bytes
from skeleton_data.store.store import SkeletonStore

BODIES = 2


def export_npz(
    store: SkeletonStore,
    path: str | Path,
    split: Split,
    *,
    frames: int | None = None,
    bodies: int | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> None:
    """Write clips padded with zeros to one length and number of bodies, clip after clip.

    The file has `x_train` (N, T, M * V * 3) float32, `y_train` (N, K) one-hot float32, and the same
    with `test`, and with `val` if that side is not empty. Of a store that knows it, `confidence_train`
    (N, T, M * V) has bytes, 255ths of the confidence. `units`, `fps`, `layout` (JSON of `SkeletonLayout`) and
    `class_names` say the rest: `skeleton-data import` reads them, other readers of the form pass them over.
    Memory use does not depend on the number of clips; the file is as large as the padding makes it.

    Args:
        store: The clips.
        path: The new file.
        split: Which clips go to which side.
        frames: T; by default the longest clip (published NTU files: 300).
        bodies: M; by default 2, as readers of the form expect, or the most in any clip. The first are kept.
        overwrite: Replace a file that is already there.
        progress: Show a progress bar.

    Raises:
        DataError: A clip without a label or longer than `frames`, an empty side, a file that exists.
    """
    sides = {"train": split.train, "test": split.test}
    if len(split.validation):
        sides["val"] = split.validation
    chosen = np.concatenate(list(sides.values()))
    for side, clips in sides.items():
        if len(clips) == 0:
            raise DataError.at(store.path, f"the {side} side is empty")
    unknown = chosen[store.index.label[chosen] < 0]
    if len(unknown):
        raise DataError.at(store.path, f"clip {store.name(int(unknown[0]))} has no label")
    lengths = store.index.frames[chosen]
    frames = frames or int(lengths.max())
    if lengths.max() > frames:
        longest = int(chosen[lengths.argmax()])
        raise DataError.at(
            store.path, f"clip {store.name(longest)} has {lengths.max()} frames, more than {frames}"
        )
    bodies = bodies or max(BODIES, int(store.index.bodies[chosen].max()))
    classes = max(len(store.class_names), int(store.index.label[chosen].max()) + 1)
    with (
        replacing(path, overwrite=overwrite) as draft,
        zipfile.ZipFile(draft, "w", allowZip64=True) as archive,
        tqdm(total=len(chosen), unit=" clips", disable=not progress) as bar,
    ):
        for side, clips in sides.items():
            rows = _padded((store.read(int(clip)) for clip in clips), frames, bodies)
            width = bodies * len(store.layout.joints)
            _write(archive, f"x_{side}", "<f4", (len(clips), frames, width * 3), _counted(rows, bar))
            labels = np.eye(classes, dtype=np.float32)
            one_hot = (labels[label] for label in store.index.label[clips])
            _write(archive, f"y_{side}", "<f4", (len(clips), classes), one_hot)
            if store.confidence is not None:
                sure = _padded((_bytes(store, int(clip)) for clip in clips), frames, bodies)
                _write(archive, f"confidence_{side}", "|u1", (len(clips), frames, width), sure)
        _describe(archive, store)


def _describe(archive: zipfile.ZipFile, store: SkeletonStore) -> None:
    """Write what is the same of all clips, an array each."""
    about = {
        "units": store.meta.units,
        "fps": store.fps,
        "layout": store.layout.model_dump_json(),
        "class_names": np.array(store.class_names, dtype=np.str_),
    }
    for name, value in about.items():
        with archive.open(f"{name}.npy", "w") as member:
            np.lib.format.write_array(member, np.asarray(value), allow_pickle=False)


def _bytes(store: SkeletonStore, clip: int) -> NDArray[np.uint8]:
    """Return the confidence (T, M, V) of a clip as the store has it, in 255ths."""
    sure = store.read_confidence(clip)
    assert sure is not None
    return as_bytes(sure, sure.shape, name=store.name(clip))


def _padded(clips: Iterable[NDArray[Any]], frames: int, bodies: int) -> Iterator[NDArray[Any]]:
    """Return the clips (T, M, ...) one by one, each with zeros up to so many frames and bodies."""
    for clip in clips:
        padded = np.zeros((frames, bodies, *clip.shape[2:]), clip.dtype)
        padded[: len(clip), : clip.shape[1]] = clip[:, :bodies]
        yield padded


def _counted(rows: Iterable[NDArray[Any]], bar: tqdm[Any]) -> Iterator[NDArray[Any]]:
    for row in rows:
        yield row
        bar.update()


def _write(
    archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int, ...], rows: Iterable[NDArray[Any]]
) -> None:
    """Write one array of the archive, row by row."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": dtype, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        for row in rows:
            member.write(np.ascontiguousarray(row, dtype=dtype).data)
