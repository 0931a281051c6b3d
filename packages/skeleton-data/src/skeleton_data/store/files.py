"""The files of a store: what each holds, how an array grows on disk, how a file is summed."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from skeleton_data.clips import Side, Units
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.printable import Name
from skeleton_data.replacing import file_sha256

JOINTS, INDEX, NAMES, META = "joints.npy", "index.npy", "names.bin", "store.json"
SPLITS = "splits.json"
"""File of a store whose data set came with a split of its own."""

CONFIDENCE = "confidence.npy"
"""File of a store that knows how sure the tracker was of each joint."""

DATA_FILES = (JOINTS, INDEX, NAMES)
FORMAT, FORMAT_VERSION = "skeleton-store", 1

# One row of index.npy. `row` is the clip's first row in joints.npy, which has frames * bodies rows for it,
# body after body within a frame; `name` is its first byte in names.bin. Of the facts, -1 means unknown.
FACTS = ("label", "subject", "camera", "setup", "replication")
INDEX_DTYPE = np.dtype(
    [("row", "<i8"), ("name", "<i8"), ("name_bytes", "<i4"), ("frames", "<i4"), ("bodies", "<i4")]
    + [(fact, "<i4") for fact in FACTS]
)


MAX_CLASSES = 2**16
"""Labels are below it: a network has an output for each number up to the highest, with or without clips."""


class FileFacts(BaseModel):
    """Size and checksum of one file of a store."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    bytes: int = Field(ge=0, description="size")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="checksum")


class StoreMeta(BaseModel):
    """What `store.json` says about a store."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal["skeleton-store"] = Field(description="tells a store from any other folder")
    version: Literal[1] = Field(description="version of the format")
    clips: int = Field(ge=1, description="number of clips")
    rows: int = Field(ge=1, description="rows of joints.npy: frames times bodies, over all clips")
    units: Units = Field(description="units of the joints: m, or picture (2D, z is the confidence)")
    fps: float = Field(gt=0, description="Frames per second of data that does not say it.")
    layout: SkeletonLayout = Field(description="the skeleton")
    class_names: tuple[Name, ...] = Field(description="name of each label; empty where unknown")
    source: dict[str, Any] = Field(description="where the clips came from and how they were prepared")
    written_by: Name = Field(description="package and version that wrote the store")
    files: dict[Name, FileFacts] = Field(description="size and checksum of each file")

    @property
    def data_files(self) -> tuple[str, ...]:
        """Names of the files of the store, but for that of these metadata."""
        return (*DATA_FILES, *(name for name in (CONFIDENCE, SPLITS) if name in self.files))


ClipNumbers = tuple[Annotated[int, Field(ge=0)], ...]


def _side(name: Any) -> Any:
    """Read `val` as validation, which the version before wrote so."""
    return "validation" if name == "val" else name


class OwnSplits(BaseModel):
    """What `splits.json` holds: the splits that a data set came with, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal["skeleton-splits"] = Field(description="tells it from any other file")
    version: Literal[1] = Field(description="version of the format")
    splits: dict[Name, dict[Annotated[Side, BeforeValidator(_side)], ClipNumbers]] = Field(
        description="clips of each side"
    )


class GrowingArray:
    """A `.npy` file that grows row by row; its header is set right when it is closed.

    Args:
        path: File.
        dtype: Of the numbers.
        row_shape: Shape of a row.
        keep: Size up to which to keep the file that is there; without it, the file is new.
    """

    def __init__(
        self, path: Path, dtype: DTypeLike, row_shape: tuple[int, ...] = (), *, keep: int | None = None
    ) -> None:
        self.rows = 0
        self._dtype, self._row_shape = np.dtype(dtype), row_shape
        self.file = path.open("wb" if keep is None else "r+b")
        try:
            self._begin(keep)
        except OSError:
            self.file.close()
            raise

    def _begin(self, keep: int | None) -> None:
        self.header_bytes = self._write_header()
        if keep is not None:
            self.rows = (keep - self.header_bytes) // (self._dtype.itemsize * math.prod(self._row_shape))
            self.file.truncate(keep)
            self.file.seek(keep)

    def append(self, rows: NDArray[Any]) -> None:
        """Add `rows`, shape `(R, *row_shape)`."""
        self.file.write(np.ascontiguousarray(rows, dtype=self._dtype).data)
        self.rows += len(rows)

    def close(self) -> None:
        """Set the header and make sure that the file is on disk."""
        self.file.seek(0)
        if self._write_header() != self.header_bytes:
            raise RuntimeError(f"{self.file.name}: the header of {self.rows} rows does not fit in its place")
        flush_and_close(self.file)

    def _write_header(self) -> int:
        shape = (self.rows, *self._row_shape)
        descr = np.lib.format.dtype_to_descr(self._dtype)
        np.lib.format.write_array_header_1_0(
            self.file, {"descr": descr, "fortran_order": False, "shape": shape}
        )
        return self.file.tell()


def flush_and_close(file: Any) -> None:
    """Close an open file once its bytes are on disk."""
    file.flush()
    os.fsync(file.fileno())
    file.close()


def file_facts(path: Path) -> FileFacts:
    """Return the size and checksum of a file."""
    return FileFacts(bytes=path.stat().st_size, sha256=file_sha256(path))
