"""HDF5 files are read in a process apart, because the HDF5 library crashes at some damaged files."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
from numpy.lib.format import read_array, write_array
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.arrays import ONE_HEADER
from skeleton_data.readers.hdf5_file import open_hdf5, values
from skeleton_data.readers.optional import needed

PATIENCE, PER_MEGABYTE = 20.0, 2.0
"""Seconds that reading a file may take, and more for each of its megabytes."""
PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    f"from {__name__} import answer_requests; answer_requests()"
)
"""What the process runs, with the folders from which this one imports."""


@dataclass(frozen=True)
class Hdf5Contents:
    """What was asked for, as far as it is there.

    Attributes:
        path: The file.
        keys: Names of its groups and data sets.
        data: Data sets by their names.
        attributes: Attributes by `GROUP@NAME`; those of the file itself by `@NAME`.
    """

    path: Path
    keys: tuple[str, ...] = ()
    data: dict[str, NDArray[Any]] = field(default_factory=dict)
    attributes: dict[str, NDArray[Any]] = field(default_factory=dict)

    def values(self, name: str) -> NDArray[Any]:
        """Return a data set.

        Raises:
            DataError: It is not there.
        """
        if name not in self.data:
            raise DataError.at(self.path, f"{name}: missing; it has {', '.join(self.keys)[:200]}")
        return self.data[name]


def read_hdf5(path: Path, data: Sequence[str] = (), attributes: Sequence[str] = ()) -> Hdf5Contents:
    """Read data sets and attributes of an HDF5 file.

    Args:
        path: The file.
        data: Names of data sets; `*/NAME` is that of every group.
        attributes: `GROUP@NAME`, `@NAME` of the file, or `*@NAME` of every group and data set.

    Raises:
        DataError: h5py is not installed; the file is missing, cut or damaged, larger than its size allows, or
            lies in another one.
    """
    needed("h5py", "hdf5", path)
    size = path.stat().st_size if path.is_file() else 0
    seconds = PATIENCE + PER_MEGABYTE * size / 2**20
    place = str(path.absolute())  # this process may have changed its folder since the other one began
    wanted = {"path": place, "data": list(data), "attributes": list(attributes), "seconds": seconds}
    with _lock:
        reader = _living_reader()
        try:
            return _ask(reader, path, wanted)
        except DataError:
            raise
        except BaseException as error:  # what it answers next would be the answer to this request
            _end(os.getpid(), reader)
            if not isinstance(error, OSError | EOFError | ValueError):
                raise
            problem = "cannot be read: it is damaged, so that the HDF5 library crashed or did not end"
            raise DataError.at(path, problem) from None


def _ask(reader: subprocess.Popen[bytes], path: Path, wanted: Mapping[str, Any]) -> Hdf5Contents:
    """Return the answer of the process.

    Raises:
        DataError: What it found wrong.
        OSError, EOFError, ValueError: It has ended.
    """
    asked, answer = reader.stdin, reader.stdout
    assert asked is not None and answer is not None
    asked.write(json.dumps(wanted).encode() + b"\n")
    asked.flush()
    head = json.loads(answer.readline())
    if "problem" in head:
        raise DataError.at(path, head["problem"])
    stream: Any = SimpleNamespace(read=answer.read)  # NumPy would seek in what it knows as a file
    with ONE_HEADER:
        arrays = [read_array(stream, allow_pickle=False) for _ in head["data"] + head["attributes"]]
    count = len(head["data"])
    return Hdf5Contents(
        path,
        tuple(head["keys"]),
        dict(zip(head["data"], arrays[:count], strict=True)),
        dict(zip(head["attributes"], arrays[count:], strict=True)),
    )


_lock = Lock()
_reader: tuple[int, subprocess.Popen[bytes]] | None = None
"""The process that reads for this one, whose number stands beside it: a forked process needs its own."""


def _living_reader() -> subprocess.Popen[bytes]:
    global _reader
    if _reader is None or _reader[0] != os.getpid() or _reader[1].poll() is not None:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        _reader = os.getpid(), process
        atexit.register(_end, *_reader)
    return _reader[1]


def _end(owner: int, process: subprocess.Popen[bytes]) -> None:
    if owner == os.getpid():  # not in a process that was forked from it
        process.kill()
        with suppress(OSError), process:  # Its pipes are closed, also where a request has not reached it.
            process.wait()


def answer_requests() -> None:
    """Read files as standard input asks for them, until it ends; the process apart does this."""
    for line in sys.stdin.buffer:
        wanted = json.loads(line)
        path = Path(wanted["path"])
        if sys.platform != "win32":
            # The system then ends this process, even if the library never returns and whoever asked is gone.
            signal.setitimer(signal.ITIMER_REAL, wanted["seconds"])
        try:
            found = _read(path, wanted["data"], wanted["attributes"])
        except DataError as error:
            problem = str(error).removeprefix(f"{path}: ")
            _write(sys.stdout.buffer, {"problem": problem}, [])
        else:
            head = {"keys": found.keys, "data": list(found.data), "attributes": list(found.attributes)}
            _write(sys.stdout.buffer, head, [*found.data.values(), *found.attributes.values()])
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_REAL, 0)


def _write(answer: IO[bytes], head: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> None:
    answer.write(json.dumps(head).encode() + b"\n")
    for array in arrays:
        write_array(SimpleNamespace(write=answer.write), array, allow_pickle=False)
    answer.flush()


def _read(path: Path, data: Sequence[str], attributes: Sequence[str]) -> Hdf5Contents:
    with open_hdf5(path) as file:
        keys = tuple(file)
        found = Hdf5Contents(path, keys)
        for name in (each.replace("*", key, 1) for each in data for key in (keys if "*" in each else ("",))):
            if name in file:
                found.data[name] = _without_objects(values(file, name, path))
        for each in attributes:
            group, _, name = each.partition("@")
            for key in keys if group == "*" else [group]:
                place = file if not key else file.get(key)
                if place is not None and name in place.attrs:
                    found.attributes[f"{key}@{name}"] = _without_objects(np.asarray(place.attrs[name]))
    return found


def _without_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Return texts of any length as texts of one length, which need no pickle."""
    if not array.dtype.hasobject:
        return array
    if array.dtype.kind != "O":
        raise ValueError("it has texts of any length within a table")
    cells = [cell if isinstance(cell, bytes) else str(cell).encode() for cell in array.reshape(-1)]
    return np.array(cells, dtype=np.bytes_).reshape(array.shape)
