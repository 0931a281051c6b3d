"""The head and the parameters of C3D files, by the manual of c3d.org: Intel, DEC and SGI byte orders."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError

BLOCK = 512
_MAGIC = 0x50
_INTEL, _DEC, _SGI = 84, 85, 86
_TYPES = {-1: "S1", 1: "u1", 2: "i2", 4: "f4"}


@dataclass(frozen=True)
class C3dHead:
    """What a C3D file says about itself.

    Attributes:
        order: "<" or ">".
        dec: Whether floats are those of a VAX.
        points: Number of points in a frame.
        analog: Number of analog values in a frame.
        frames: Number of frames that the 16-bit head says; files of more than 65,535 frames cannot say it.
        last_frame: Number of the last frame in the head.
        scale: Of integer coordinates; negative where coordinates are floats.
        data_start: First byte of the data.
        rate: Frames per second.
        parameters: By group and name, like `POINT:LABELS`.
    """

    order: str
    dec: bool
    points: int
    analog: int
    frames: int
    last_frame: int
    scale: float
    data_start: int
    rate: float
    parameters: dict[str, NDArray[np.generic]]

    def words(self, name: str) -> list[str]:
        """Return a parameter of text, without blanks around it; with `NAME2`, `NAME3`, ... behind it."""
        found: list[str] = []
        for number in ("", *map(str, range(2, 100))):
            value = self.parameters.get(f"{name}{number}")
            if value is None or value.dtype.kind != "S":
                break
            cells = value.reshape(1, -1) if value.ndim == 1 else value.reshape(value.shape[0], -1).T
            width = cells.shape[1] if value.ndim == 1 else value.shape[0]
            text = [row.tobytes()[:width].decode("latin-1") for row in cells]
            found += [word.split("\0")[0].strip() for word in text]
        return found

    def numbers(self, name: str) -> list[float]:
        """Return a parameter of numbers; none where it is not there."""
        value = self.parameters.get(name)
        return [] if value is None or value.dtype.kind == "S" else [float(x) for x in value.reshape(-1)]


def read_head(data: bytes, path: Path) -> C3dHead:
    """Read the first block and the parameters.

    Raises:
        DataError: The file is cut or no C3D file; names what is wrong.
    """
    if len(data) < 2 * BLOCK or data[1] != _MAGIC:
        raise DataError.at(
            path, "the file is cut or is not a C3D file: expected a head of 512 bytes with the byte 0x50"
        )
    start = (data[0] - 1) * BLOCK
    if not 0 < start <= len(data) - 4:
        raise DataError.at(path, f"head: the parameters are in block {data[0]}, beyond the file")
    processor = data[start + 3]
    if processor not in (_INTEL, _DEC, _SGI):
        raise DataError.at(path, field="parameters", expected="processor 84, 85 or 86", found=processor)
    order, dec = (">" if processor == _SGI else "<"), processor == _DEC
    points, analog, first, last = struct.unpack_from(f"{order}4H", data, 2)
    scale = _floats(data[12:16], order, dec)[0]
    block = struct.unpack_from(f"{order}H", data, 16)[0]
    rate = _floats(data[20:24], order, dec)[0]
    end = min(start + data[start + 2] * BLOCK, len(data)) if data[start + 2] else len(data)
    parameters = _parameters(data[:end], start + 4, order, dec, path)
    frames = last - first + 1
    return C3dHead(
        *(
            order,
            dec,
            points,
            analog,
            frames,
            last,
            float(scale),
            (block - 1) * BLOCK,
            float(rate),
            parameters,
        )
    )


def _floats(data: bytes, order: str, dec: bool) -> NDArray[np.float32]:
    """Return floats; those of a VAX have their 16-bit halves swapped and are four times as large."""
    if not dec:
        return np.frombuffer(data, dtype=f"{order}f4").astype(np.float32)
    halves = np.frombuffer(data, dtype="<u2").reshape(-1, 2)[:, ::-1]
    with np.errstate(invalid="ignore"):
        return (np.ascontiguousarray(halves).view("<f4")[:, 0] / np.float32(4)).astype(np.float32)


def as_floats(data: bytes, head: C3dHead) -> NDArray[np.float32]:
    """Return the floats in bytes of a file with that head."""
    return _floats(data, head.order, head.dec)


def _parameters(data: bytes, place: int, order: str, dec: bool, path: Path) -> dict[str, NDArray[np.generic]]:
    groups: dict[int, str] = {}
    found: list[tuple[int, str, NDArray[np.generic]]] = []
    while place + 2 <= len(data):
        length, group = struct.unpack_from("2b", data, place)
        length = abs(length)
        if length == 0 or group == 0:
            break
        step_at = place + 2 + length
        if step_at + 2 > len(data):
            raise DataError.at(path, f"parameters: the file ends within that at byte {place}")
        name = data[place + 2 : step_at].decode("latin-1").upper().strip()
        step = struct.unpack_from(f"{order}H", data, step_at)[0]
        if group < 0:
            groups[-group] = name
        else:
            found.append((group, name, _value(data, step_at + 2, order, dec, f"{path}: {name}")))
        if step == 0:
            break
        place = step_at + step
    return {f"{groups.get(group, group)}:{name}": value for group, name, value in found}


def _value(data: bytes, place: int, order: str, dec: bool, where: str) -> NDArray[np.generic]:
    if place + 2 > len(data):
        raise DataError(f"{where}: the parameter goes beyond the file")
    kind, dimensions = struct.unpack_from("bB", data, place)
    if kind not in _TYPES or dimensions > 7 or place + 2 + dimensions > len(data):
        raise DataError(f"{where}: expected a type -1, 1, 2 or 4 and at most 7 dimensions, found {kind}")
    shape = tuple(data[place + 2 : place + 2 + dimensions])
    dtype = np.dtype(f"{order}{_TYPES[kind]}")
    start = place + 2 + dimensions
    count = int(np.prod(shape, dtype=np.int64))
    if start + count * dtype.itemsize > len(data):
        raise DataError(f"{where}: the parameter of the shape {shape} goes beyond the file")
    block = data[start : start + count * dtype.itemsize]
    values = _floats(block, order, dec) if kind == 4 else np.frombuffer(block, dtype=dtype)
    return values.reshape(shape, order="F") if shape else values
