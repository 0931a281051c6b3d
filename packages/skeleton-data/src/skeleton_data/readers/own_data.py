"""Own data as it lies on disk: positions packed clip after clip, and a table of clips."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.files.arrays import ZippedArray, map_array, open_array, open_zip, read_array
from skeleton_data.files.limits import require_memory
from skeleton_data.files.numbers import as_words
from skeleton_data.readers.columns import number_column
from skeleton_data.readers.table_file import read_table

DataUnits = Literal["auto", "m", "cm", "mm", "px"]

UNITS: dict[str, DataUnits] = {
    "positions_m": "m",
    "positions_mm": "mm",
    "positions_px": "px",
    "positions": "auto",
}
"""Names that positions may have in an `.npz`, and the units that follow."""


@dataclass(frozen=True)
class OwnData:
    """Clips packed end to end.

    Attributes:
        path: Where they come from.
        positions: Shape (sum of frames, V, C) or (sum of frames, M, V, C); C is 3, or 2 in pictures.
        units: "m", "mm", "px" (pixels, y down), or "auto" where the data does not say.
        offsets: Shape (n + 1,); clip `i` is rows `offsets[i]:offsets[i + 1]` of the positions.
        columns: Facts of the clips by name, each of shape (n,), and other entries of the file.
        table: The CSV table, where there is one.
        lines: Line of each clip in the table.
    """

    path: Path
    positions: NDArray[Any] | ZippedArray
    units: DataUnits
    offsets: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    table: Path | None = None
    lines: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.offsets) - 1

    def column(self, wanted: str | None, default: str) -> NDArray[Any] | None:
        """Return the column `wanted`, or else the default one if there is one.

        Raises:
            DataError: There is no such column, or it does not have one entry for each clip.
        """
        name = wanted or default
        if name not in self.columns:
            if wanted is None:
                return None
            raise DataError.at(self.path, f"no column {name!r}; there are {', '.join(sorted(self.columns))}")
        values = self.columns[name]
        if values.shape != (len(self),):
            raise DataError.at(
                self.path, f"column {name!r} has the shape {values.shape}, expected ({len(self)},)"
            )
        return values


def load_own_data(path: str | Path, table: str | Path | None = None) -> OwnData:
    """Read an `.npz` with positions and columns, or an `.npy` of positions with a CSV table of clips.

    Args:
        path: An `.npz` with `positions_m`, `positions_mm` or `positions` and, without a table,
            `offsets`; or an `.npy`, which is memory-mapped.
        table: CSV with one clip a line; its column `frames` says how many rows of the positions the clip
            has.

    Raises:
        DataError: A file is missing, damaged or pickled, or parts do not fit each other.
    """
    path = Path(path)
    arrays = _load_arrays(path, table)
    found = [name for name in UNITS if name in arrays]
    if len(found) != 1:
        raise DataError.at(path, f"expected one of {', '.join(UNITS)}; it has {', '.join(sorted(arrays))}")
    positions = arrays.pop(found[0])
    if positions.ndim not in (3, 4) or positions.shape[-1] not in (2, 3) or positions.dtype.kind not in "fiu":
        raise DataError.at(
            path,
            f"{found[0]!r} is {positions.dtype}{positions.shape}, expected numbers of the shape"
            " (frames, joints, 3) or (frames, bodies, joints, 3), in pictures also 2 instead of 3",
        )
    lines: tuple[int, ...] = ()
    if table is None:
        if "offsets" not in arrays:
            raise DataError.at(
                path,
                "there is no 'offsets' in it, the frames at which clips begin and end, and no table of clips"
                f" was given as the option clips; it has {', '.join([found[0], *arrays])}",
            )
        offsets = arrays["offsets"]
        columns = arrays
    else:
        lines, cells = _load_table(Path(table))
        columns = arrays | cells
        frames, words = number_column(columns["frames"], Path(table), "frames", lines=lines)
        if words:
            raise DataError.at(
                table, f"column 'frames' holds {words[0][:40]!r}, expected whole numbers", line=lines[0]
            )
        offsets = np.concatenate([[0], np.cumsum(frames)])
    _check_offsets(offsets, len(positions), Path(table or path))
    return OwnData(
        path,
        positions,
        UNITS[found[0]],
        offsets.astype(np.int64),
        columns,
        Path(table) if table else None,
        lines,
    )


def _load_arrays(path: Path, table: str | Path | None) -> dict[str, Any]:
    if path.suffix.lower() not in (".npz", ".npy"):
        raise DataError.at(path, "expected a file that ends in .npz or .npy")
    if path.suffix.lower() == ".npy":
        return {"positions": map_array(path)}
    with open_zip(path) as archive:
        total = sum(info.file_size for info in archive.infolist())
        require_memory(path, 2 * total, path.stat().st_size, "its arrays")
        names = {name.removesuffix(".npy"): name for name in archive.namelist()}
        arrays: dict[str, Any] = {
            key: read_array(archive, name) for key, name in names.items() if key not in UNITS
        }
        one = table is None and getattr(arrays.get("offsets"), "size", 0) == 2
        for key in UNITS.keys() & names.keys():
            arrays[key] = _of_one_clip(archive, path, names[key]) if one else read_array(archive, names[key])
    return arrays


def _of_one_clip(archive: zipfile.ZipFile, path: Path, name: str) -> NDArray[Any] | ZippedArray:
    """Return positions of a single clip, whose frames are read when they are asked for."""
    with open_array(archive, name) as entry:
        in_order = len(entry.shape) > 0 and not entry.fortran
    return ZippedArray(path, name) if in_order else read_array(archive, name)


def _load_table(path: Path) -> tuple[tuple[int, ...], dict[str, NDArray[Any]]]:
    """Return the line of each clip, and the columns."""
    table = read_table(path)
    if "frames" not in table.columns:
        raise DataError.at(path, "expected a CSV table with a column 'frames' and a line for each clip")
    return tuple(table.lines), {name: as_words(table.words(name), path) for name in table.columns}


def _check_offsets(offsets: NDArray[Any], rows: int, path: Path) -> None:
    if offsets.ndim != 1 or len(offsets) < 2 or offsets.dtype.kind not in "iu":
        raise DataError.at(
            path, f"'offsets' is {offsets.dtype}{offsets.shape}, expected whole numbers (clips + 1,)"
        )
    lengths = np.diff(offsets.astype(np.int64))
    if (lengths < 1).any():
        clip = int((lengths < 1).argmax())
        raise DataError.at(path, f"clip {clip} has {lengths[clip]} frames, expected at least 1")
    if offsets[0] != 0 or offsets[-1] != rows:
        raise DataError.at(
            path,
            f"the clips are frames {offsets[0]} to {offsets[-1]}, the positions 0 to {rows}; they must agree",
        )
