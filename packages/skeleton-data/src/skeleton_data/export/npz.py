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

    The file has `x_train` (n, T, M * V * 3) float32, `y_train` (n, classes) one-hot float32, and the same
    with `test`, and with `val` if that side is not empty. Memory use does not depend on the number of
    clips; the file is as large as the padding makes it.

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
            width = bodies * len(store.layout.joints) * 3
            rows = _padded(store, clips, frames, bodies)
            _write(archive, f"x_{side}", (len(clips), frames, width), _counted(rows, bar))
            labels = np.eye(classes, dtype=np.float32)
            _write(archive, f"y_{side}", (len(clips), classes), (labels[k] for k in store.index.label[clips]))


def _padded(
    store: SkeletonStore, clips: NDArray[np.int64], frames: int, bodies: int
) -> Iterator[NDArray[np.float32]]:
    """Return the clips one by one, each (T, M, V, 3)."""
    padded = np.zeros((frames, bodies, len(store.layout.joints), 3), np.float32)
    for clip in clips:
        joints = store.read(int(clip))[:, :bodies]
        padded[:] = 0
        padded[: len(joints), : joints.shape[1]] = joints
        yield padded


def _counted(rows: Iterable[NDArray[np.float32]], bar: tqdm[Any]) -> Iterator[NDArray[np.float32]]:
    for row in rows:
        yield row
        bar.update()


def _write(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], rows: Iterable[NDArray[np.float32]]
) -> None:
    """Return one array of the archive, row by row."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        for row in rows:
            member.write(np.ascontiguousarray(row, dtype="<f4").data)
