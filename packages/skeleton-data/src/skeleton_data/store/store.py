"""A store: clips of one skeleton layout in a folder whose files are memory-mapped, never loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from skeleton_data.clips import Cleaning
from skeleton_data.errors import DataError
from skeleton_data.file_options import FileOptions
from skeleton_data.files.text import read_bytes
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.mistakes import first_mistake
from skeleton_data.printable import printable
from skeleton_data.replacing import behind_links
from skeleton_data.store.confidence import SURE
from skeleton_data.store.files import (
    CONFIDENCE,
    INDEX,
    INDEX_DTYPE,
    JOINTS,
    MAX_CLASSES,
    META,
    NAMES,
    SPLITS,
    StoreMeta,
    file_facts,
)

Column = NDArray[np.int32]
Scalar = TypeVar("Scalar", bound=np.generic)
MAX_META = 2**24
"""Bytes of the largest `store.json`; real ones have some thousands."""


@dataclass(frozen=True)
class ClipIndex:
    """The facts of all clips: columns of shape (n,) int32, -1 where unknown; a store's are memory-mapped.

    Attributes:
        label: Class, from 0.
        subject: Who moves, as the data set numbers them.
        camera: Which camera.
        setup: Which setup of the cameras.
        replication: Which repetition.
        frames: Length of the clip.
        bodies: Number of bodies in the clip.
    """

    label: Column
    subject: Column
    camera: Column
    setup: Column
    replication: Column
    frames: Column
    bodies: Column

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.label)


class SkeletonStore:
    """A store opened for reading; make one with `SkeletonStore.open`, write one with `StoreWriter`.

    Opening reads a page of metadata and maps the files, whatever their size; a clip is read when it is asked
    for. Any number of processes may read one store. Handed to another process, a store is opened there anew.

    Attributes:
        path: Folder.
        meta: Everything in `store.json`.
        index: Facts of all clips.
    """

    def __init__(
        self,
        path: Path,
        meta: StoreMeta,
        joints: NDArray[np.float32],
        records: NDArray[Any],
        confidence: NDArray[np.uint8] | None = None,
    ) -> None:
        self.path, self.meta = path, meta
        self.index = ClipIndex(**{column: records[column] for column in ClipIndex.__dataclass_fields__})
        self._joints, self._records, self._confidence = joints, records, confidence
        self._names = np.memmap(path / NAMES, dtype=np.uint8, mode="r")

    @classmethod
    def open(cls, path: str | Path) -> SkeletonStore:
        """Open the store in folder `path`.

        Raises:
            DataError: There is no such folder, it is not a store, or a file of it is missing, cut or foreign.
        """
        folder = Path(path).absolute()
        meta = _read_meta(folder)
        for name in meta.data_files:
            _check_size(folder / name, meta)
        joints = _map(folder / JOINTS, (meta.rows, len(meta.layout.joints), 3), np.dtype("<f4"))
        records = _map(folder / INDEX, (meta.clips,), INDEX_DTYPE)
        confidence = None
        if CONFIDENCE in meta.files:
            confidence = _map(folder / CONFIDENCE, (meta.rows, len(meta.layout.joints)), np.dtype("u1"))
        return cls(folder, meta, joints, records, confidence)

    @property
    def layout(self) -> SkeletonLayout:
        """The skeleton of all clips."""
        return self.meta.layout

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each label; empty where unknown."""
        return self.meta.class_names

    @property
    def classes(self) -> tuple[str, ...]:
        """Name of each class: `class_names`, or the numbers up to the highest label; labels may have gaps.

        Raises:
            DataError: A label is no number of a class.
        """
        highest = int(self.index.label.max(initial=-1))
        if highest >= (len(self.class_names) or MAX_CLASSES):
            known = len(self.class_names) or MAX_CLASSES
            raise DataError.at(self.path, f"a clip has the label {highest}, expected one below {known}")
        return self.class_names or tuple(map(str, range(highest + 1)))

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.meta.fps

    @property
    def cleaning(self) -> Cleaning | None:
        """How the recordings were cleaned, by `skeleton_data.clean`; None where they were not."""
        cleaning = self.meta.source.get("cleaning")
        return next((known for known in get_args(Cleaning) if known == cleaning), None)

    @property
    def imported(self) -> tuple[FileOptions, ...]:
        """With which options the files of its clips were read; nothing where that is not known.

        Raises:
            DataError: The metadata are damaged.
        """
        try:
            return TypeAdapter(tuple[FileOptions, ...]).validate_python(self.meta.source.get("imported", ()))
        except ValidationError as error:
            raise first_mistake(error, self.path / META, FileOptions, note="source.imported") from None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of skeleton, class names and the checksums of the files, which are not read for it.

        Where the clips came from does not count, nor how their data set divides them: the same clips have
        the same fingerprint.
        """
        content = self.meta.model_dump_json(exclude={"source": True, "written_by": True, "files": {SPLITS}})
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def rows(self) -> NDArray[np.float32]:
        """All joints, shape (rows, V, 3), metres: a read-only view; a row is one body in one frame.

        Body `m` in frame `t` of a clip is row `first_row[clip] + t * index.bodies[clip] + m`.
        """
        return self._joints

    @property
    def confidence(self) -> NDArray[np.uint8] | None:
        """How sure the tracker was of each joint of `rows`, (rows, V) in 255ths; 0 was not measured.

        What stands in `rows` there was filled from other frames. None if all joints were measured, and
        nothing else is known; of joints in a picture, z is the confidence.
        """
        return self._confidence

    @property
    def first_row(self) -> NDArray[np.int64]:
        """(n,) first row of each clip in `rows`."""
        first: NDArray[np.int64] = self._records["row"]
        return first

    def __len__(self) -> int:
        """Return the number of clips."""
        return self.meta.clips

    def read(self, clip: int) -> NDArray[np.float32]:
        """Return joints of a clip, shape (T, M, V, 3), metres: a read-only view of the file.

        Raises:
            IndexError: There is no such clip.
            DataError: The index points outside the joints, which only a damaged index does.
        """
        return self._of_clip(self._joints, clip)

    def read_confidence(self, clip: int) -> NDArray[np.float32] | None:
        """Return how sure the tracker was of each joint of a clip, (T, M, V) from 0, not measured, to 1.

        Returns:
            None where the store does not say it (`confidence`).

        Raises:
            IndexError: There is no such clip.
            DataError: The index points outside the joints, which only a damaged index does.
        """
        if self.confidence is None:
            return None
        return self._of_clip(self.confidence, clip).astype(np.float32) / np.float32(SURE)

    def name(self, clip: int) -> str:
        """Return the name of a clip, with control characters written out.

        Raises:
            IndexError: There is no such clip.
            DataError: The index points outside the names, which only a damaged index does.
        """
        record = self._record(clip)
        start, end = int(record["name"]), int(record["name"]) + int(record["name_bytes"])
        try:
            if not 0 <= start < end <= len(self._names):
                raise ValueError
            return printable(bytes(self._names[start:end]).decode())
        except ValueError:
            raise DataError.at(
                self.path / INDEX, f"damaged: the name of clip {clip} is not in {NAMES}"
            ) from None

    def verify(self) -> None:
        """Read every file and compare its checksum.

        Raises:
            DataError: A file differs from what was written; names it.
        """
        for name in self.meta.data_files:
            if file_facts(self.path / name) != self.meta.files[name]:
                raise DataError.at(self.path / name, "damaged: its checksum is not the one in " + META)

    def _of_clip(self, rows: NDArray[Scalar], clip: int) -> NDArray[Scalar]:
        """Return the rows of a clip as frames and bodies (T, M, ...)."""
        record = self._record(clip)
        start, frames, bodies = int(record["row"]), int(record["frames"]), int(record["bodies"])
        if frames < 1 or bodies < 1 or not 0 <= start <= self.meta.rows - frames * bodies:
            raise DataError.at(self.path / INDEX, f"damaged: clip {clip} lies outside {JOINTS}")
        return rows[start : start + frames * bodies].reshape(frames, bodies, *rows.shape[1:])

    def _record(self, clip: int) -> Any:
        if not 0 <= clip < len(self):
            raise IndexError(f"clip {clip} of a store with clips 0 to {len(self) - 1}: {self.path}")
        return self._records[clip]

    def __repr__(self) -> str:
        """Return path, number of clips and layout."""
        return f"SkeletonStore({str(self.path)!r}, clips={len(self)}, layout={self.layout.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Open the store anew in another process, where a pickled map would be a copy of the whole file."""
        return SkeletonStore.open, (self.path,)


def _read_meta(folder: Path) -> StoreMeta:
    if not folder.is_dir():
        behind_links(folder)
        raise DataError.at(folder, "no such folder; expected a store")
    if not (folder / META).is_file():
        raise DataError.at(folder, f"not a store: there is no {META}")
    try:
        return StoreMeta.model_validate_json(read_bytes(folder / META, most=MAX_META))
    except ValidationError as error:
        note = "not the metadata of a store"
        raise first_mistake(error, folder / META, StoreMeta, note=note) from None


def _check_size(path: Path, meta: StoreMeta) -> None:
    if path.name not in meta.files:
        raise DataError.at(path.parent / META, f"damaged: it does not list {path.name}")
    if not path.is_file():
        raise DataError.at(path.parent, f"damaged store: {path.name} is missing")
    size, expected = path.stat().st_size, meta.files[path.name].bytes
    if size != expected:
        raise DataError.at(path, f"damaged: {size} bytes, expected {expected}")


def _map(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError, OSError) as error:
        raise DataError.at(path, f"damaged: {error}") from None
    if array.shape != shape:
        raise DataError.at(path, f"damaged: it has the shape {array.shape}, expected {shape}")
    if array.dtype != dtype:
        raise DataError.at(path, f"damaged: it holds {array.dtype}, expected {dtype}")
    return np.asarray(array)
