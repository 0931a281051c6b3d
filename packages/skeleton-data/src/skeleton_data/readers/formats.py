"""Which reader reads what: the format of a file or folder, and the options each format knows."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from skeleton_data.clips import ClipSource
from skeleton_data.errors import DataError
from skeleton_data.readers.config import Format, ImportConfig
from skeleton_data.store.files import META

# Options beside format, layout and derive, which all know.
_COLUMNS = {"clips", "label", "class_names", "subject", "camera", "setup", "replication"}
_OPTIONS: dict[Format, set[str]] = {
    "own": {"units", "fps", "joints", *_COLUMNS},
    "ctr-gcn": {"units", "fps", "part"},
    "pyskl": {"units", "fps", "part"},
    "nw-ucla": {"units", "fps"},
    "pku-mmd": {"units", "fps", "labels"},
    "kinetics": {"fps", "labels"},
    "bvh": {"units", "joints"},
    "store": set(),
}


def open_clips(path: str | Path, config: ImportConfig, *, workers: int = 1) -> ClipSource:
    """Open a data set; its clips are read when they are asked for.

    Args:
        path: File or folder.
        config: How to understand it.
        workers: Processes; 0 takes one for each core. Data in one file is read by one.

    Raises:
        DataError: Nothing there, an unknown format, an option that the format does not know, a damaged head.
            Errors in single clips come in the stream, in the place of the clip.
    """
    path = Path(path)
    kind = find_format(path) if config.format == "auto" else config.format
    for option in sorted(_OPTIONS["own"].union(*_OPTIONS.values()) - _OPTIONS[kind]):
        if getattr(config, option) != ImportConfig.model_fields[option].default:
            raise DataError.at(path, f"the format {kind} does not know the option {option}")
    workers = workers or os.cpu_count() or 1
    match kind:
        case "own":
            from skeleton_data.readers.own import open_own

            return open_own(path, config)
        case "ctr-gcn":
            from skeleton_data.readers.ctr_gcn import open_ctr_gcn

            return open_ctr_gcn(path, config)
        case "pyskl":
            from skeleton_data.readers.pyskl import open_pyskl

            return open_pyskl(path, config)
        case "nw-ucla":
            from skeleton_data.readers.nw_ucla import open_nw_ucla

            return open_nw_ucla(path, config, workers=workers)
        case "pku-mmd":
            from skeleton_data.readers.pku_mmd import open_pku_mmd

            return open_pku_mmd(path, config, workers=workers)
        case "kinetics":
            from skeleton_data.readers.kinetics import open_kinetics

            return open_kinetics(path, config, workers=workers)
        case "bvh":
            from skeleton_data.readers.bvh import open_bvh

            return open_bvh(path, config, workers=workers)
        case "store":
            from skeleton_data.readers.from_store import open_store

            return open_store(path)


def is_raw(path: Path) -> bool:
    """Return whether raw NTU recordings lie at or below `path`, in files or zip files, or nothing at all."""
    if not path.is_dir():
        return path.suffix == ".zip" or not path.exists()
    suffixes = {file.suffix for file in path.rglob("*")}
    return bool(suffixes & {".skeleton", ".zip"}) or not suffixes


def find_format(path: Path) -> Format:
    """Find the format of a file by its ending (an `.npz` also by its entries), of a folder by its first file.

    Raises:
        DataError: Nothing there, or nothing known.
    """
    if path.is_dir():
        return _format_of_folder(path)
    if not path.exists():
        raise DataError.at(path, "no such file or folder")
    match path.suffix:
        case ".npz":
            return "ctr-gcn" if _has_ctr_gcn_entries(path) else "own"
        case ".npy":
            return "own"
        case ".pkl" | ".pickle":
            return "pyskl"
        case ".bvh":
            return "bvh"
        case ".zip" | ".skeleton":
            raise DataError.at(
                path, "raw NTU recordings are not imported but prepared: skeleton-data prepare"
            )
    raise DataError.at(
        path, "its format is not known by its ending: expected .npz, .npy, .pkl, .bvh or a folder"
    )


def _has_ctr_gcn_entries(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return not {"x_train.npy", "x_test.npy"}.isdisjoint(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False  # the reader will say what is wrong


def _format_of_folder(path: Path) -> Format:
    from skeleton_data.readers.nw_ucla import NAME

    if (path / META).is_file():
        return "store"
    for file in sorted(path.rglob("*")):
        match file.suffix:
            case ".bvh":
                return "bvh"
            case ".json":
                return "nw-ucla" if NAME.fullmatch(file.stem) else "kinetics"
            case ".txt":
                return "pku-mmd"
            case ".skeleton":
                raise DataError.at(
                    path, "raw NTU recordings are not imported but prepared: skeleton-data prepare"
                )
    raise DataError.at(path, "its format is not known: there is no .bvh, .json or .txt file in it")
