"""Writing a store: clip by clip into a hidden folder that takes the store's place when it is whole."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skeleton_data.clips import Side, Units
from skeleton_data.errors import DataError, writing
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.printable import printable
from skeleton_data.replacing import behind_links
from skeleton_data.store.clip_check import check_clip
from skeleton_data.store.confidence import ConfidenceFile, as_bytes
from skeleton_data.store.files import (
    CONFIDENCE,
    DATA_FILES,
    FORMAT,
    FORMAT_VERSION,
    INDEX,
    INDEX_DTYPE,
    JOINTS,
    META,
    NAMES,
    SPLITS,
    GrowingArray,
    OwnSplits,
    StoreMeta,
    file_facts,
    flush_and_close,
)
from skeleton_data.store.partial import Chunk, PartialStore, refuse_to_replace, sum_of


class StoreWriter:
    """Writes a store; use it in a `with` block and `add` clip after clip.

    Nothing stands at `path` until the block ends without an error: then the whole store does. A process
    killed before that leaves the old store, or none, and beside it a hidden folder `.NAME.partial-*`, which
    the next writer of that store removes, or goes on from.

    With a `plan`, the work is cut into chunks, each ended by `finish_chunk`. Whatever ends the block then,
    finished chunks are kept, and a writer with the same plan begins with those that are whole,
    `len(chunks)` of them.

    Args:
        path: Folder of the new store; of a symbolic link, what it leads to.
        layout: Skeleton of all clips.
        class_names: Name of each label, where known.
        fps: Frames per second.
        units: Of the joints.
        source: Where the clips came from and how they were prepared; kept in the metadata (JSON).
        overwrite: Replace a store that is already there. Anything that is not a store is never replaced.
        plan: For each chunk that will be written, a digest of all that it depends on.

    Attributes:
        clips: Number of clips so far.

    Raises:
        DataError: `path` exists and may not be replaced, since before or by now; no clip was added.

    Example:
        >>> import numpy as np, tempfile
        >>> from skeleton_data import SkeletonStore, layout
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with StoreWriter(f"{folder}/my.store", layout=layout("ntu"), fps=30) as writer:
        ...         writer.add(np.zeros((40, 1, 25, 3)), name="first", label=0, subject=7)
        ...     store = SkeletonStore.open(f"{folder}/my.store")
        ...     len(store), store.name(0), store.read(0).shape
        (1, 'first', (40, 1, 25, 3))
    """

    def __init__(
        self,
        path: str | Path,
        *,
        layout: SkeletonLayout,
        class_names: Sequence[str] = (),
        fps: float,
        units: Units = "m",
        source: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        plan: Sequence[str] = (),
    ) -> None:
        self.path = behind_links(Path(path))
        self.layout = layout
        self._class_names = tuple(class_names)
        self._fps = float(fps)
        self._source = dict(source or {})
        self._sides: dict[str, dict[Side, list[int]]] = {}
        if not 0 < self._fps < math.inf:
            raise DataError.at(path, f"fps must be above 0, not {fps}")
        for each in self._class_names:
            if printable(each) != each:
                raise DataError.at(path, f"class {each!r} has a control character in its name")
        refuse_to_replace(self.path, overwrite=overwrite)
        self._units, self._overwrite = units, overwrite
        self._plan = tuple(plan)
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._partial = PartialStore(self.path, plan)
            self._folder = self._partial.folder
            try:
                self._open(self._partial.chunks[-1] if self._partial.chunks else None)
            except BaseException:
                self._close()
                self._give_up()
                raise

    def _open(self, done: Chunk | None) -> None:
        self.clips = done.clips if done else 0
        keep = done.ends if done else {}
        self._joints = GrowingArray(
            self._folder / JOINTS, "<f4", (len(self.layout.joints), 3), keep=keep.get(JOINTS)
        )
        self._index = GrowingArray(self._folder / INDEX, INDEX_DTYPE, keep=keep.get(INDEX))
        self._confidence = ConfidenceFile(self._folder, len(self.layout.joints), keep=keep.get(CONFIDENCE))
        self._names = (self._folder / NAMES).open("r+b" if done else "wb")
        self._names.truncate(keep.get(NAMES, 0))
        self._names.seek(0, os.SEEK_END)
        self._begun = self._ends()

    def _close(self) -> None:
        for held in (vars(self).get(name) for name in ("_joints", "_index", "_names", "_confidence")):
            with suppress(OSError):  # what is left does not fit on a full disk
                file: IO[bytes] | None = getattr(held, "file", held)
                _ = file and file.close()

    def _give_up(self) -> None:
        if self.chunks and self.clips:
            self._partial.unlock()
        else:
            self._partial.discard()

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Finished chunks, those of an earlier writer among them."""
        return tuple(self._partial.chunks)

    def finish_chunk(self, notes: Sequence[str] = ()) -> None:
        """End a chunk of the plan: what was added so far is kept, even if the process is killed.

        Args:
            notes: To be found again in `chunks`.
        """
        with writing(self.path):
            for file in self._files().values():
                file.flush()
                os.fsync(file.fileno())
            self._note_chunk(notes)

    def _note_chunk(self, notes: Sequence[str]) -> None:
        begun, self._begun = self._begun, self._ends()
        starts = {name: begun.get(name, 0) for name in self._begun}
        self._partial.finish_chunk(
            Chunk(
                digest=self._plan[len(self._partial.chunks)],
                clips=self.clips,
                starts=starts,
                ends=self._begun,
                sums={
                    name: sum_of(self._folder / name, starts[name], end) for name, end in self._begun.items()
                },
                notes=tuple(notes),
            )
        )

    def _files(self) -> dict[str, IO[bytes]]:
        files: dict[str, IO[bytes]] = {JOINTS: self._joints.file, INDEX: self._index.file, NAMES: self._names}
        return files | ({CONFIDENCE: self._confidence.file} if self._confidence.file else {})

    def _ends(self) -> dict[str, int]:
        return {name: file.tell() for name, file in self._files().items()}

    def add(
        self,
        joints: ArrayLike,
        *,
        name: str,
        label: int = -1,
        subject: int = -1,
        camera: int = -1,
        setup: int = -1,
        replication: int = -1,
        sides: Mapping[str, Side] | None = None,
        confidence: ArrayLike | None = None,
    ) -> None:
        """Add one clip.

        Args:
            joints: Shape (T, M, V, 3), metres, y up; an absent body is all zero.
            name: What to call the clip.
            label: Class, from 0; -1 where unknown, as in all that follow.
            subject: Who moves, as the data set numbers them.
            camera: Which camera.
            setup: Which setup of the cameras.
            replication: Which repetition.
            sides: Side of the clip in each split that the data set came with, by the split's name.
            confidence: (T, M, V) how sure the tracker was of each joint, from 0, not measured, to 1; kept in
                steps of 1/255. None if all were measured and nothing else is known.

        Raises:
            DataError: No name, wrong shape, a number that is not finite, a label without a class name; names
                the clip.
        """
        clip = np.asarray(joints, dtype="<f4")
        facts = (label, subject, camera, setup, replication)
        check_clip(clip, name=name, facts=facts, layout=self.layout, class_names=self._class_names)
        sure = None if confidence is None else as_bytes(confidence, clip.shape[:3], name=name)
        frames, bodies = clip.shape[:2]
        encoded = name.encode()
        place = (self._joints.rows, self._names.tell(), len(encoded), frames, bodies)
        with writing(self.path):
            self._index.append(np.array([(*place, *facts)], dtype=INDEX_DTYPE))
            known = None if sure is None else sure.reshape(-1, sure.shape[2])
            self._confidence.append(known, before=self._joints.rows, count=frames * bodies)
            self._joints.append(clip.reshape(-1, *clip.shape[2:]))
            self._names.write(encoded)
        for split, side in (sides or {}).items():
            self._sides.setdefault(split, {}).setdefault(side, []).append(self.clips)
        self.clips += 1

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the store in its place; if there was an error, remove all but finished chunks."""
        done = False
        try:
            if kind is None:
                with writing(self.path):
                    self._finish()
                done = True
        finally:
            self._close()
            if done:
                self._partial.discard()
            else:
                self._give_up()

    def _finish(self) -> None:
        if self.clips == 0:
            raise DataError(f"{self.path}: not written, because there is no clip")
        self._joints.close()
        self._index.close()
        flush_and_close(self._names)
        self._confidence.close()
        if self._sides:
            self._write_splits()
        extra = [CONFIDENCE] * bool(self._confidence.file) + [SPLITS] * bool(self._sides)
        meta = StoreMeta(
            format=FORMAT,
            version=FORMAT_VERSION,
            clips=self.clips,
            rows=self._joints.rows,
            units=self._units,
            fps=self._fps,
            layout=self.layout,
            class_names=self._class_names,
            source=self._source,
            written_by=f"skeleton-data {version('skeleton-data')}",
            files={name: file_facts(self._folder / name) for name in (*DATA_FILES, *extra)},
        )
        with (self._folder / META).open("w", encoding="utf-8") as file:
            json.dump(meta.model_dump(mode="json"), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        self._partial.replace(self.path, overwrite=self._overwrite)

    def _write_splits(self) -> None:
        content = OwnSplits(
            format="skeleton-splits",
            version=1,
            splits={
                name: {side: tuple(clips) for side, clips in sides.items()}
                for name, sides in self._sides.items()
            },
        )
        with (self._folder / SPLITS).open("wb") as file:
            file.write(content.model_dump_json().encode())
            flush_and_close(file)
