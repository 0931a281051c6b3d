"""Hugging Face data sets that `export --to huggingface` wrote: a saved folder, or its Parquet files."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import Clip, ClipSource, Side
from skeleton_data.errors import DataError
from skeleton_data.files.arrays import reading
from skeleton_data.files.json_file import parse_json
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.exported import exported_layout, exported_units
from skeleton_data.readers.listing import positions, visible_files
from skeleton_data.readers.optional import needed
from skeleton_data.readers.own_split import sides_of_parts
from skeleton_data.readers.table_file import require_small
from skeleton_data.store.files import FACTS

COLUMNS = ("name", "joints", "fps", "units", "layout")
"""What an exported row has, beside facts: with these it tells all that a store says."""
ROWS = 16
"""Rows that are in memory at a time."""


def open_huggingface(path: Path, config: ImportConfig) -> ClipSource:
    """Return the clips of the rows of a data set, with its sides as their split; `config.part` chooses one.

    Read are folders of `save_to_disk`, and `.parquet` files as `to_parquet` and the hub have them. All rows
    must be of one layout and unit.

    Raises:
        DataError: There are no such files, a column is missing, or pyarrow is not installed.
    """
    files = {part: file for part, file in _parts(path).items() if config.part in (None, _side_name(part))}
    if not files:
        raise DataError.at(
            path, f"there is no part {config.part!r} in it" if config.part else "it has no rows"
        )
    first = next(iter(files.values()))[0]
    with reading(first):
        head, names = _head(first)
    skeleton = exported_layout(head["layout"], first)
    sides = {part: {split: side} for part, (split, side) in sides_of_parts(files).items()}
    return ClipSource(
        kind="Hugging Face",
        joints=skeleton.joints,
        layout=skeleton,
        units=exported_units(head["units"], first),
        fps=float(head["fps"]),
        class_names=names,
        count=sum(_rows_of(file) for group in files.values() for file in group),
        filled=True,
        clips=_read(files, head | {"count": len(skeleton.joints)}, sides),
    )


def is_huggingface(path: Path) -> bool:
    """Return whether a Parquet file has the columns of an exported data set."""
    parquet = needed("pyarrow.parquet", "parquet", path)
    with reading(path):
        return set(COLUMNS) <= set(parquet.read_schema(path).names)


def _parts(path: Path) -> dict[str, list[Path]]:
    """Return the files of each part, by its name; of one without parts `all`.

    What `map` and `filter` of the library have cached there, `cache-*.arrow`, is left out.
    """
    if path.is_file():
        return {_side_name(path.stem): [path]}
    found: dict[str, list[Path]] = {}
    arrow = (file for file in visible_files(path, "*.arrow") if not file.name.startswith("cache-"))
    for file in sorted([*arrow, *visible_files(path, "*.parquet")]):
        # train/data-00000-of-00001.arrow, data/train-00000-of-00001.parquet, train.parquet
        part = file.parent.name if file.suffix == ".arrow" and file.parent != path else file.stem
        found.setdefault(_side_name(part), []).append(file)
    return found


def _side_name(part: str) -> str:
    return part.partition("-")[0]


def _batches(file: Path) -> Iterator[Any]:
    """Yield the rows of a file, a few at a time."""
    if file.suffix == ".parquet":
        parquet = needed("pyarrow.parquet", "parquet", file)
        with reading(file):
            require_small(file, at_once=False)
        with reading(file), parquet.ParquetFile(file) as table:
            yield from table.iter_batches(batch_size=ROWS)
    else:
        arrow = needed("pyarrow", "parquet", file)
        with reading(file), arrow.memory_map(str(file)) as data:
            require_plain(arrow.ipc.MessageReader.open_stream(data))
        with reading(file), arrow.memory_map(str(file)) as data, arrow.ipc.open_stream(data) as stream:
            _require_own_memory(stream.schema, file)
            for batch in stream:
                batch.validate(full=True)  # pyarrow would read outside of its memory
                for start in range(0, len(batch), ROWS):
                    yield batch.slice(start, ROWS)


def _require_own_memory(schema: Any, file: Path) -> None:
    """Refuse columns of kinds whose rows may show the same memory, such as views: each row would be a copy.

    Raises:
        ValueError: There is one. Call it within `reading`.
    """
    types = needed("pyarrow.types", "parquet", file)
    for name in {*COLUMNS, *FACTS, "confidence"} & set(schema.names):
        kind = schema.field(name).type
        kind = getattr(kind, "storage_type", kind)
        while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
            kind = kind.value_type
        if not (types.is_primitive(kind) or types.is_string(kind) or types.is_large_string(kind)):
            raise ValueError(f"column {name!r} must be of lists, numbers or strings, not {kind}")


def require_plain(messages: Iterable[Any]) -> None:
    """Refuse an Arrow stream whose buffers are compressed: one of them may grow to any size.

    Neither `datasets` nor `export` compresses them.

    Raises:
        ValueError: They are. Call it within `reading`.
    """
    for message in messages:
        if message.type == "dictionary" or (message.type == "record batch" and _compressed(message.metadata)):
            raise ValueError("its columns are compressed or coded by a dictionary: save it without")


def _compressed(metadata: Any) -> bool:
    """Return whether the table of a record batch in Arrow's FlatBuffers says how it is compressed."""
    data = memoryview(metadata)

    def field(table: int, number: int) -> int:
        """Return the place of a field in a table, 0 where it is not there."""
        heads = table - struct.unpack_from("<i", data, table)[0]
        there = struct.unpack_from("<H", data, heads)[0] >= 2 * number + 6
        offset = struct.unpack_from("<H", data, heads + 4 + 2 * number)[0] if there else 0
        return table + offset if offset else 0

    message = struct.unpack_from("<I", data, 0)[0]
    place = field(message, 2)  # Message.header
    return bool(field(place + struct.unpack_from("<I", data, place)[0], 3))  # RecordBatch.compression


def _rows_of(file: Path) -> int:
    if file.suffix == ".parquet":
        parquet = needed("pyarrow.parquet", "parquet", file)
        with reading(file):
            return int(parquet.read_metadata(file).num_rows)
    return sum(len(batch) for batch in _batches(file))


def _head(file: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the first row without its joints, and the class names."""
    batch = next(_batches(file), None)
    if batch is None or not len(batch):
        raise DataError.at(file, "there is no row in it")
    missing = [name for name in COLUMNS if name not in batch.schema.names]
    if missing:
        raise DataError.at(
            file, f"there is no column {missing[0]!r}: was it written by skeleton-data export?"
        )
    with reading(file):  # metadata are bytes
        about = (batch.schema.metadata or {}).get(b"huggingface", b"{}").decode()
    names = parse_json(about, file)
    for key in ("info", "features", "label", "names"):
        names = names.get(key, ()) if isinstance(names, Mapping) else ()
    if not isinstance(names, list | tuple):
        raise DataError.at(file, field="names of the classes", expected="a list", found=f"{names!r:.40}")
    return {name: batch.column(name)[0].as_py() for name in COLUMNS[2:]}, tuple(map(str, names))


def _read(
    files: Mapping[str, list[Path]], head: Mapping[str, Any], sides: Mapping[str, Mapping[str, Side]]
) -> Iterator[Clip | DataError]:
    for part, group in files.items():
        for file in group:
            number = -1
            try:
                for batch in _batches(file):
                    for row in range(len(batch)):
                        number += 1
                        yield _attempt(batch, row, f"row {number}", file, head, sides.get(part, {}))
            except DataError as error:
                yield error


def _attempt(batch: Any, row: int, where: str, file: Path, *more: Any) -> Clip | DataError:
    try:
        with reading(file):
            return _clip(batch, row, where, file, *more)
    except DataError as error:
        return error


def _clip(
    batch: Any, row: int, where: str, file: Path, head: Mapping[str, Any], sides: Mapping[str, Side]
) -> Clip:
    for name in ("units", "layout"):
        if batch.column(name)[row].as_py() != head[name]:
            raise DataError.at(file, f"{where}: another {name} than in the first row")
    numbers = _array(batch.column("joints"), row, axes=4)
    joints = positions(numbers, (-1, -1, head["count"], 3), file, f"{where}: joints", gaps=True)
    there = np.flatnonzero(joints.any(axis=(0, 2, 3)))
    bodies = there[-1] + 1 if len(there) else 1
    confidence = None
    if "confidence" in batch.schema.names:
        confidence = _array(batch.column("confidence"), row, axes=3)
        if confidence.shape != joints.shape[:3]:
            raise DataError.at(
                file, f"{where}: confidence must be {joints.shape[:3]}, not {confidence.shape}"
            )
    known = [fact for fact in FACTS if fact in batch.schema.names]
    facts = {fact: batch.column(fact)[row].as_py() for fact in known}
    return Clip(
        str(batch.column("name")[row].as_py()),
        joints[:, :bodies],
        {fact: -1 if value is None else int(value) for fact, value in facts.items()},
        file,
        confidence=None if confidence is None else confidence[:, :bodies],
        fps=float(batch.column("fps")[row].as_py()),
        sides=sides,
    )


def _array(column: Any, row: int, *, axes: int) -> NDArray[np.float32]:
    """Return nested lists of one row as an array; those of `datasets` are an extension of plain lists."""
    values = getattr(column, "storage", column)[row].values
    shape = [len(values)]
    for _ in range(axes - 1):
        flat = values.flatten()
        shape.append(len(flat) // max(1, len(values)))
        values = flat
    array: NDArray[np.float32] = values.to_numpy(zero_copy_only=False).reshape(shape)
    return array
