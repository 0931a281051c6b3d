"""The steps of a pickle, checked before any is taken; what is long stays in the file."""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from skeleton_data.files.limits import memory_for

_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_OBJECT = 72
"""Bytes of an empty list, which is one step."""
_LONG = 1024
"""Bytes from which on what a step holds may stay in the file."""
_HEADS = {"BINBYTES": 5, "BINBYTES8": 9, "BYTEARRAY8": 9, "BINUNICODE": 5, "BINUNICODE8": 9}
"""Steps that hold bytes or text, and the bytes before these."""
_PERSISTENT = b"\x8c%c%bQ"
"""Steps that hand a text of less than 256 letters to `Unpickler.persistent_load`."""


class RefusedError(Exception):
    """What a pickle asks for and does not get."""


@dataclass(frozen=True)
class StoredBytes:
    """Bytes that are still in the file, or text there that stands for bytes, as old protocols have it.

    Attributes:
        path: The file.
        start: Where they begin.
        length: How many they are there.
        is_text: Whether they are UTF-8 text, each letter of which is a byte.
    """

    path: Path
    start: int
    length: int
    is_text: bool

    @classmethod
    def at(cls, path: Path, place: str) -> StoredBytes:
        """Return what a text of `checked_steps` names."""
        start, length, is_text = map(int, place.split())
        return cls(path, start, length, bool(is_text))

    def read(self) -> bytes:
        """Read them.

        Raises:
            ValueError: The text holds letters that are no bytes, or the file is shorter by now.
        """
        with self.path.open("rb") as file:
            file.seek(self.start)
            data = file.read(self.length)
        if len(data) < self.length:
            raise ValueError(f"the file ends {self.length - len(data)} bytes too early")
        return data.decode("utf-8").encode("latin-1") if self.is_text else data


def checked_steps(file: IO[bytes], size: int, *, stored: bool) -> bytes:
    """Return the steps of the pickle that begins where a file stands, once they have been counted.

    Python's own reader makes room for whatever a step names: for an index of its memory, for bytes that are
    not there. And each step may make an object that is many times as large as itself.

    Args:
        file: The pickle.
        size: Its bytes.
        stored: Whether what is long is left out, and a step put there that asks `persistent_load` for it.

    Raises:
        RefusedError: There are too many steps, or one asks for what pickles of arrays do not have.
        ValueError: The pickle is cut.
    """
    most = memory_for(size) // (2 * _OBJECT)
    source, steps = _Noting(file, size), bytearray()
    for number, (step, argument, _) in enumerate(pickletools.genops(cast(IO[bytes], source))):
        piece = source.taken()
        if number > most:
            raise RefusedError(f"refused: more than {most} objects in a file of {size} bytes")
        if step.name in _PUTS and not 0 <= (argument or 0) <= number:
            raise RefusedError(f"refused: it names the object {argument} of {number}")
        if "PERSID" in step.name:
            raise RefusedError("refused: it asks for an object that is elsewhere")
        if step.name == "FRAME":
            if (argument or 0) > size:
                raise ValueError(f"truncated: a frame of {argument} bytes in a file of {size}")
            continue  # how many bytes follow; here, others
        length = len(piece) - _HEADS.get(step.name, len(piece))
        if stored and length >= _LONG:
            place = f"{file.tell() - length} {length} {int('UNICODE' in step.name)}".encode()
            piece = _PERSISTENT % (len(place), place)
        steps += piece
    return bytes(steps)


class _Noting:
    """A file that notes what was read, and is never asked for more bytes than it has."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most = file, most
        self._pieces: list[bytes] = []

    def read(self, count: int) -> bytes:
        self._pieces.append(self._file.read(min(count, self._most)))
        return self._pieces[-1]

    def readline(self) -> bytes:
        self._pieces.append(self._file.readline())
        return self._pieces[-1]

    def tell(self) -> int:
        return self._file.tell()

    def taken(self) -> bytes:
        """Return what was read since the last call."""
        piece = b"".join(self._pieces)
        self._pieces.clear()
        return piece
