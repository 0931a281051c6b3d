"""The hidden folder in which a store grows: one writer's at a time; what a killed one left can be used."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skeleton_data.errors import DataError
from skeleton_data.replacing import put_in_place
from skeleton_data.store.files import META

if sys.platform != "win32":
    import fcntl

_JOURNAL, _LOCK, _OLD = "journal.jsonl", ".lock", "-old"


class Chunk(BaseModel):
    """A finished part of a growing store: how far the store has grown, and how to tell that it is whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str = Field(description="what the part was made of")
    clips: int = Field(ge=0, description="clips so far")
    starts: dict[str, int] = Field(description="where in each data file the part begins")
    ends: dict[str, int] = Field(description="size of each data file so far")
    sums: dict[str, str] = Field(description="SHA-256 of what the part added to each data file")
    notes: tuple[str, ...] = Field(description="what the user of the writer noted about it")


def refuse_to_replace(path: Path, *, overwrite: bool) -> None:
    """Refuse a path at which something stands that is no store, or a store that is to stay.

    Raises:
        DataError: Names the path.
    """
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not (path / META).is_file():
        raise DataError.at(path, "exists and is not a store; it will not be replaced")
    if not overwrite:
        raise DataError.at(path, "this store exists already; give the option overwrite to replace it")


class PartialStore:
    """A hidden folder `.NAME.partial-*` beside a store, locked as long as its writer lives.

    Leftovers of killed writers of the same store are removed, but for the one with the most finished chunks
    that may be used. An old store that was stepping aside when its writer was killed is put back.

    Args:
        store: Folder of the store.
        plan: Digests of the chunks to come, to go on from a leftover that has the first of them.

    Attributes:
        folder: The folder.
        chunks: Finished chunks, all of them as they were written.
    """

    def __init__(self, store: Path, plan: Sequence[str]) -> None:
        self.chunks: list[Chunk] = []
        self._taken: tuple[Path, IO[bytes]] | None = None
        for folder, handle in _leftovers(store):
            _put_back(folder, store)
            chunks = list(_good_chunks(folder, plan))
            if len(chunks) > len(self.chunks):
                self.discard()
                self._taken, self.chunks = (folder, handle), chunks
            else:
                _discard(folder, handle)
        while self._taken is None:
            folder = store.with_name(f".{store.name}.partial-{secrets.token_hex(4)}")
            lock = _lock(_lock_of(folder))
            if lock is not None:
                self._taken = folder, lock
                folder.mkdir()
        self.folder = self._taken[0]

    def finish_chunk(self, chunk: Chunk) -> None:
        """Note that a chunk is finished, whose bytes are on disk."""
        with (self.folder / _JOURNAL).open("ab") as file:
            if not self.chunks:
                file.truncate(0)
            file.write(chunk.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.chunks.append(chunk)

    def replace(self, store: Path, *, overwrite: bool) -> None:
        """Put the folder in the place of the store, if it may still go there.

        Raises:
            DataError: Another process has put something there in the meantime; the folder is as it was.
        """
        refuse_to_replace(store, overwrite=overwrite)
        (self.folder / _JOURNAL).unlink(missing_ok=True)
        put_in_place(self.folder, store, overwrite=overwrite)

    def discard(self) -> None:
        """Remove the folder, if it is still there, and unlock it."""
        if self._taken is not None:
            _discard(*self._taken)

    def unlock(self) -> None:
        """Unlock the folder and leave it to the next writer of the store."""
        if self._taken is not None:
            self._taken[1].close()


def sum_of(path: Path, start: int, end: int) -> str:
    """Return the SHA-256 of a file from byte `start` to `end`, or to where the file ends."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        while data := file.read(min(1 << 20, end - file.tell())):
            digest.update(data)
    return digest.hexdigest()


def _good_chunks(folder: Path, plan: Sequence[str]) -> Iterator[Chunk]:
    """Return the chunks of a leftover that are the first of the plan and as they were written."""
    try:
        lines = (folder / _JOURNAL).read_bytes().splitlines()
        for line, digest in zip(lines, plan, strict=False):
            chunk = Chunk.model_validate_json(line)
            sums = {name: sum_of(folder / name, chunk.starts[name], end) for name, end in chunk.ends.items()}
            if chunk.digest != digest or sums != chunk.sums:
                return
            yield chunk
    except (OSError, KeyError, ValidationError):
        return


def _leftovers(store: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Return folders that writers of the store have left, now locked."""
    prefix = f".{store.name}.partial-"
    for lock in sorted(store.parent.iterdir()):
        if lock.name.startswith(prefix) and lock.name.endswith(_LOCK):
            handle = _lock(lock)
            if handle is not None and sys.platform != "win32":
                yield lock.with_name(lock.name.removesuffix(_LOCK)), handle


def _lock(path: Path) -> IO[bytes] | None:
    """Lock the file at that path; None while another process holds it, which a dead one never does."""
    handle = path.open("ab")
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return None
    return handle


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _aside(folder: Path) -> Path:
    return folder.with_name(folder.name + _OLD)


def _put_back(folder: Path, store: Path) -> None:
    old = _aside(folder)
    if old.is_dir():
        if store.exists():
            shutil.rmtree(old)
        else:
            old.rename(store)


def _discard(folder: Path, handle: IO[bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _lock_of(folder).unlink(missing_ok=True)
    handle.close()
