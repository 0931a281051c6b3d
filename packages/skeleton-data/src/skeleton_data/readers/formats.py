"""Which reader reads what: the format of a file or folder, and the options each format knows."""

from __future__ import annotations

import os
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from skeleton_data.clips import ClipSource, Up
from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import OF_ALL_FORMATS, OF_COLUMNS, ImportConfig
from skeleton_data.readers.folder_detection import find_format as find_format
from skeleton_data.readers.folder_detection import first_files, not_read


@dataclass(frozen=True)
class FormatReader:
    """How a format is read.

    Attributes:
        opens: Module and function that open it: `(path, config)`, with `parallel` also `workers=`.
        options: Options of `ImportConfig` that it knows, beside those that all formats know.
        up: Axis that points up by the convention of the format, where the file does not say it.
        parallel: Whether a clip is a file, so that several processes can read.
        recognises: Whether a file or folder is of this format, for readers of other packages. Of a folder,
            also the first file of each ending in it is asked about.
    """

    opens: str
    options: Set[str]
    up: Up = "y"
    parallel: bool = False
    recognises: Callable[[Path], bool] | None = None


_FILES = {"fps", "labels", "name"}
_READERS = "skeleton_data.readers"

FORMATS: dict[str, FormatReader] = {
    "own": FormatReader(
        f"{_READERS}.own:open_own", {"source_layout", "units", "fps", "joints", "picture", *OF_COLUMNS}
    ),
    "ctr-gcn": FormatReader(f"{_READERS}.ctr_gcn:open_ctr_gcn", {"source_layout", "units", "fps", "part"}),
    "pyskl": FormatReader(
        f"{_READERS}.pyskl:open_pyskl", {"source_layout", "units", "fps", "part", "picture"}
    ),
    "nw-ucla": FormatReader(f"{_READERS}.nw_ucla:open_nw_ucla", {"units", "fps"}, parallel=True),
    "pku-mmd": FormatReader(f"{_READERS}.pku_mmd:open_pku_mmd", {"units", "fps", "labels"}, parallel=True),
    "ut-kinect": FormatReader(
        f"{_READERS}.ut_kinect:open_ut_kinect", {"units", "fps", "labels"}, parallel=True
    ),
    "kinetics": FormatReader(f"{_READERS}.kinetics:open_kinetics", {"fps", "labels"}, parallel=True),
    "bvh": FormatReader(f"{_READERS}.bvh:open_bvh", {"units", "joints", "labels", "name"}, parallel=True),
    "array": FormatReader(
        f"{_READERS}.array_file:open_arrays",
        {*_FILES, "source_layout", "units", "joints", "picture"},
        parallel=True,
    ),
    "st-gcn": FormatReader(f"{_READERS}.st_gcn:open_st_gcn", {"source_layout", "units", "fps", "part"}),
    "txt2npy": FormatReader(f"{_READERS}.txt2npy:open_txt2npy", {"fps"}, parallel=True),
    "deeplabcut": FormatReader(f"{_READERS}.deeplabcut:open_deeplabcut", {*_FILES, "picture"}, parallel=True),
    "sleap": FormatReader(f"{_READERS}.sleap:open_sleap", {*_FILES, "picture"}, parallel=True),
    "movement": FormatReader(
        f"{_READERS}.movement:open_movement", {*_FILES, "picture", "units"}, parallel=True
    ),
    "pose": FormatReader(
        f"{_READERS}.pose_file:open_pose", {*_FILES, "picture", "units"}, up="-y", parallel=True
    ),
    "huggingface": FormatReader(f"{_READERS}.huggingface:open_huggingface", {"part"}),
    "store": FormatReader(f"{_READERS}.from_store:open_store", set()),
    "mediapipe": FormatReader(f"{_READERS}.camera_json:open_mediapipe", _FILES, up="-y", parallel=True),
    "azure": FormatReader(f"{_READERS}.camera_json:open_azure", _FILES, up="-y", parallel=True),
    "openpose": FormatReader(f"{_READERS}.detections:open_openpose", {*_FILES, "picture"}, parallel=True),
    "alphapose": FormatReader(f"{_READERS}.detections:open_alphapose", {*_FILES, "picture"}, parallel=True),
    "mmpose": FormatReader(f"{_READERS}.detections:open_mmpose", {*_FILES, "picture"}, parallel=True),
    "c3d": FormatReader(f"{_READERS}.c3d:open_c3d", {*_FILES, "units"}, up="z", parallel=True),
    "trc": FormatReader(f"{_READERS}.trc:open_trc", {*_FILES, "units"}, parallel=True),
    "table": FormatReader(
        f"{_READERS}.joint_table:open_joint_table", {*_FILES, "units", "picture"}, parallel=True
    ),
}
"""Every format that is read here, with the axis that points up in it."""


@cache
def other_readers() -> dict[str, FormatReader]:
    """Return the readers that installed packages register in the entry points `skeleton_data.readers`.

    Raises:
        DataError: One cannot be loaded, or is no `FormatReader`.
    """
    found = {}
    for entry in entry_points(group="skeleton_data.readers"):
        try:
            found[entry.name] = entry.load()
        except Exception as error:  # whatever the modules of another package raise
            raise _broken(entry.name, f"{entry.value} cannot be loaded, {error!r}") from error
        if not isinstance(found[entry.name], FormatReader):
            raise _broken(entry.name, f"{entry.value} is no FormatReader")
    return found


def _broken(name: str, why: str) -> DataError:
    error = DataError(
        f"the reader {name!r} of an installed package: {why}; mend or uninstall that package, or name the"
        " format of your data with the option format"
    )
    error.field = "format"
    return error


def _reader_of(path: Path, config: ImportConfig) -> tuple[str, FormatReader]:
    """Return the format of the data, as the options say or by its look, and its reader.

    Raises:
        DataError: Nobody knows the format, or a reader of another package fails.
    """
    if config.format in FORMATS:
        return config.format, FORMATS[config.format]
    if config.format != "auto":
        readers = other_readers() | FORMATS
        if config.format not in readers:
            raise DataError.at(path, f"no format {config.format!r}; there are {', '.join(readers)}")
        return config.format, readers[config.format]
    for name, reader in other_readers().items():
        if _recognises(name, reader, path):
            return name, reader
    kind: str = find_format(path)
    if kind == "array" and config.clips is not None:
        kind = "own"  # many clips in one array, with a table that says which
    return kind, FORMATS[kind]


def _recognises(name: str, reader: FormatReader, path: Path) -> bool:
    """Return whether a reader of another package knows a file, or a folder or the first files in it."""
    if reader.recognises is None or not path.exists():
        return False
    paths = [path, *first_files(path).values()] if path.is_dir() else [path]
    try:
        return any(map(reader.recognises, paths))
    except Exception as error:  # whatever a function of another package raises
        raise _broken(name, f"its function recognises failed at {path}, {error!r}") from error


def read_clips(path: str | Path, config: ImportConfig, *, workers: int = 1) -> ClipSource:
    """Open a data set as its reader gives it, in the axes of the file; clips are read when asked for.

    Args:
        path: File or folder.
        config: How to understand it.
        workers: Processes; 0 takes one for each core. Data in one file is read by one.

    Raises:
        DataError: Nothing there, an unknown format, an option that the format does not know, a damaged head.
            Errors in single clips come in the stream, in the place of the clip.
    """
    path = Path(path)
    kind, reader = _reader_of(path, config)
    config.refuse_but(reader.options | OF_ALL_FORMATS, path, f"the format {kind}")
    if config.source_layout is not None:
        layout(config.source_layout)  # refuses what is none, also where it would not be looked at
        if config.joints is not None:
            names = "the option joints and the option source_layout"
            raise DataError.at(path, f"{names} both name its joints: leave one out")
    processes = {"workers": workers or os.cpu_count() or 1} if reader.parallel else {}
    source = _opener(kind, reader)(path, config, **processes)
    _refuse_other_dimension(source, config, path)
    up = (source.up or reader.up) if config.up == "auto" else config.up
    in_files = reader.parallel or kind == "st-gcn"
    beside = not_read(path, config, kind) if kind in FORMATS and in_files and path.is_dir() else ()
    source = replace(source, up=up, notes=(*source.notes, *beside), format=kind)
    if config.cut is None:
        return source
    from skeleton_data.readers.cuts import cut_clips

    return cut_clips(source, config.cut)


def format_of(path: str | Path, config: ImportConfig) -> str:
    """Return the name of the format in which a file or folder is read.

    Raises:
        DataError: Nothing there, or an unknown format.
    """
    return _reader_of(Path(path), config)[0]


def _opener(kind: str, reader: FormatReader) -> Callable[..., ClipSource]:
    """Return the function that opens a format."""
    module, _, name = reader.opens.partition(":")
    try:
        opener: Callable[..., ClipSource] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        if kind in FORMATS:
            raise
        raise _broken(kind, f"{reader.opens} cannot be loaded, {error!r}") from error
    return opener


def _refuse_other_dimension(source: ClipSource, config: ImportConfig, path: Path) -> None:
    """Refuse options about pictures for 3D data, and those about space for joints in a picture."""
    if source.units == "m" and config.picture is not None:
        raise DataError.at(path, "its positions have three dimensions: leave the option picture out")
    if source.units != "m" and config.up != "auto":
        raise DataError.at(path, "its positions lie in a picture, where up is known: leave the option up out")


def is_raw(path: Path) -> bool:
    """Return whether raw NTU recordings lie at or below `path`, in files or zip files, or nothing at all."""
    if not path.is_dir():
        return path.suffix == ".zip" or not path.exists()
    suffixes = {file.suffix for file in path.rglob("*")}
    return bool(suffixes & {".skeleton", ".zip"}) or not suffixes
