"""Reading pickles that hold numpy arrays and plain containers, and refusing all others.

A pickle is a program: it may name any function of any module and call it. Here none is looked up. The few
names that arrays consist of lead to stand-ins that only take notes, from which the arrays are made
afterwards; any other name ends the reading.
"""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.arrays import read_header
from skeleton_data.readers.pickle_steps import RefusedError, StoredBytes, checked_steps

_NAMES = {
    (f"numpy.{core}.{module}", name): name
    for core in ("core", "_core")
    for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
} | {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
    ("collections", "OrderedDict"): "OrderedDict",
    ("__builtin__", "bytes"): "bytes",  # no bytes, in old protocols
}


class PlainArray:
    """Notes about an array in a pickle; `array` makes it."""

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        """Take note of shape, type and bytes."""
        self.state = state

    def array(self) -> NDArray[Any]:
        """Return the array, a read-only view of the bytes that were read.

        Raises:
            ValueError: It holds anything but numbers or text, or as many bytes as its shape asks for.
        """
        match self.state:
            case (
                int(),
                tuple(shape),
                _Dtype() as dtype,
                bool() | int() as fortran,
                bytes() | bytearray() | StoredBytes() as stored,
            ):
                pass
            case (int(), tuple(), _Dtype() as dtype, _, _):
                raise ValueError(f"an array of {dtype.code}, expected numbers")
            case _:
                raise ValueError("an array without shape, type and numbers")
        if not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError(f"an array of the shape {shape}")
        kind = dtype.numpy()
        data = stored.read() if isinstance(stored, StoredBytes) else stored
        if math.prod(shape) * kind.itemsize != len(data):
            raise ValueError(f"an array of the shape {shape} with {len(data)} bytes of {kind}")
        return np.frombuffer(data, dtype=kind).reshape(shape, order="F" if fortran else "C")

    def item(self) -> Any:
        """Return the one object in an array of objects without dimensions, as `np.save` writes a dictionary.

        Raises:
            ValueError: It holds anything else.
        """
        match self.state:
            case (int(), (), _Dtype(code="O8" | "O" | "|O8"), _, [one]):
                return one
        raise ValueError("no array that holds one object")


class _Dtype:
    """Notes about the type of the numbers in an array."""

    def __init__(self, code: Any) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: Any) -> None:
        match state:
            case (int(), "<" | ">" | "=" | "|" as order, None, None, None, *_):
                self.order = order
            case _:
                raise RefusedError(f"refused: a structured type {self.code!r}")

    def numpy(self) -> np.dtype[Any]:
        code = self.code
        if not (isinstance(code, str) and code[:1] in "bifuSU" and (code[1:].isdecimal()) and len(code) < 9):
            raise ValueError(f"an array of {code}, expected numbers")
        dtype = np.dtype(code)
        return dtype if self.order in "=|" else dtype.newbyteorder("<" if self.order == "<" else ">")


class _Name:
    """What stands in a pickle for a function or a class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any) -> Any:
        match self.name, arguments:
            case "_reconstruct", (_Name(), (0,), bytes() | str()):
                return PlainArray()
            case "dtype", (str() as code, *_):
                return _Dtype(code)
            case "scalar", (_Dtype() as dtype, bytes() as data):
                return _made((1, (), dtype, False, data)).array()[()].item()
            case "_frombuffer", (
                bytes() | bytearray() | StoredBytes() as data,
                _Dtype() as dtype,
                tuple() as shape,
                str() as order,
            ):
                return _made((1, shape, dtype, order == "F", data))
            case "encode", (str() as text, "latin1" | "latin-1"):
                return text.encode("latin-1")
            case "encode", (StoredBytes() as text, "latin1" | "latin-1"):
                return text
            case "OrderedDict", ():
                return {}
            case "bytes", ():
                return b""
        raise RefusedError(f"refused: a call of {self.name}")


def _made(state: Any) -> PlainArray:
    array = PlainArray()
    array.__setstate__(state)
    return array


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], path: Path | None) -> None:
        super().__init__(file)
        self._path = path

    def persistent_load(self, place: Any, /) -> Any:
        """Return what `checked_steps` left in the file."""
        assert self._path is not None
        return StoredBytes.at(self._path, place)

    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) not in _NAMES:
            raise RefusedError(f"refused: it wants to call {module}.{name}")
        return _Name(_NAMES[module, name])


def load_plain(path: str | Path) -> Any:
    """Return what a pickle holds: numbers, text, lists, tuples, dictionaries, and `PlainArray` for arrays.

    Nothing in the file is run. The numbers of long arrays stay in the file until `PlainArray.array` reads
    them, so that a list of clips takes little memory, however long they are.

    Raises:
        DataError: The file is missing, empty, cut, no pickle, or holds anything else.

    Example:
        >>> import os, pickle, tempfile
        >>> class Bad:
        ...     def __reduce__(self):
        ...         return os.system, ("echo run",)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open(f"{folder}/good.pkl", "wb") as file:
        ...         pickle.dump({"keypoint": np.arange(3)}, file)
        ...     load_plain(f"{folder}/good.pkl")["keypoint"].array().tolist()
        [0, 1, 2]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open(f"{folder}/bad.pkl", "wb") as file:
        ...         pickle.dump(Bad(), file)
        ...     try:
        ...         load_plain(f"{folder}/bad.pkl")
        ...     except DataError as error:
        ...         print(str(error).split("; ")[-1])
        refused: it wants to call posix.system
    """
    with _refusing(path), Path(path).open("rb") as file:
        return _load(file, os.fstat(file.fileno()).st_size, Path(path))


def loads_plain(data: bytes, path: str | Path) -> Any:
    """Return what a pickle in the bytes of a file holds, as `load_plain` does.

    Raises:
        DataError: The bytes are cut, no pickle, or hold anything else.
    """
    with _refusing(path):
        return _load(BytesIO(data), len(data))


def load_plain_npy(path: str | Path) -> Any:
    """Return the one object that a `.npy` of objects holds, as `load_plain` does of a pickle.

    Raises:
        DataError: The file is missing, cut, no such `.npy`, or holds anything else.
    """
    with _refusing(path), Path(path).open("rb") as file:
        shape, _, dtype = read_header(file)
        if shape != () or dtype.kind != "O":
            raise ValueError(f"expected one object, found {dtype}{shape}")
        found = _load(file, os.fstat(file.fileno()).st_size)
        return found.item() if isinstance(found, PlainArray) else found


def _load(file: IO[bytes], size: int, path: Path | None = None) -> Any:
    return _PlainUnpickler(BytesIO(checked_steps(file, size, stored=path is not None)), path).load()


@contextmanager
def _refusing(path: str | Path) -> Iterator[None]:
    """Turn whatever a pickle raises into one error that names the file."""
    try:
        yield
    except FileNotFoundError:
        raise DataError.at(path, "no such file") from None
    except RefusedError as error:
        raise DataError.at(
            path, f"only arrays and plain containers are read from a pickle; {error}"
        ) from None
    except Exception as error:  # bytes that are no pickle may raise anything
        raise DataError.at(
            path, f"the file is cut or is not a pickle: {type(error).__name__}: {error}"
        ) from None
