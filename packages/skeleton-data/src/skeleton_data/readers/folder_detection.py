"""Which format the recordings in a folder have, and which files beside them are not read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.readers.config import Format, ImportConfig
from skeleton_data.readers.format_detection import LOOKS, format_of_file
from skeleton_data.readers.listing import visible_files
from skeleton_data.store.files import META

ENDINGS = (
    ".bvh",
    ".c3d",
    ".trc",
    ".slp",
    ".nc",
    ".pose",
    ".h5",
    ".json",
    ".skeleton",
    ".npy",
    ".txt",
    ".parquet",
    ".csv",
)
"""Endings of files that make a data set of their folder; the first that is there counts."""

_ONLY_RECORDINGS = (".bvh", ".c3d", ".trc", ".slp", ".nc", ".pose", ".skeleton")
"""Endings of files that are recordings for sure, and no table of labels or facts."""

_MAY_BE_RECORDINGS = (".json", ".csv")
"""Endings of recordings, and of settings and labels that lie beside recordings."""

_OF_MANY_CLIPS = (".npz", ".pkl", ".pickle")


def find_format(path: Path) -> Format:
    """Find the format of a file by its ending and its first bytes, of a folder by its first file.

    Raises:
        DataError: Nothing there, nothing that is read, or recordings of several formats in a folder; says
            what it looks like.
    """
    if not path.exists():
        raise DataError.at(path, "no such file or folder")
    return _of_folder(path) if path.is_dir() else format_of_file(path)


def first_files(path: Path) -> dict[str, Path]:
    """Return the first file of each ending, in lower case, that is in a folder and the folders in it."""
    first: dict[str, Path] = {}
    for file in sorted(visible_files(path)):
        first.setdefault(file.suffix.lower(), file)
    return first


def not_read(path: Path, config: ImportConfig) -> tuple[str, ...]:
    """Return a sentence about the files of a folder that could be recordings of another format, if any."""
    given = {file.name for file in (*config.tables, config.clips, config.joints) if file is not None}
    endings = Counter(file.suffix.lower() for file in visible_files(path) if file.name not in given)
    _, *others = [ending for ending in ENDINGS if endings[ending]] or [""]
    if not others:
        return ()
    return (f"not read in {path}: {', '.join(f'{endings[ending]} {ending}' for ending in others)}",)


def _of_folder(path: Path) -> Format:
    if (path / META).is_file() or any(path.glob(f"[!.]*/{META}")):
        return "store"
    if any((path / name).is_file() for name in ("dataset_dict.json", "dataset_info.json")):
        return "huggingface"
    first = first_files(path)
    ending = next((ending for ending in ENDINGS if ending in first), None)
    if ending is None:
        raise _unknown(path, first)
    several = [other for other in _ONLY_RECORDINGS if other in first and other != ending]
    if not several:
        kind = format_of_file(first[ending])
        several = [other for other in _MAY_BE_RECORDINGS if other != ending and _has(path, other, but=kind)]
        if not several:
            return kind
    raise DataError.at(
        path,
        f"there are recordings of several formats in it, {', '.join([ending, *several])}: name one"
        " with the option format, or import each from a folder of its own",
        field="format",
    )


def _has(path: Path, ending: str, *, but: Format) -> bool:
    """Return whether files of an ending are recordings, of another format than `but`."""
    files = (file for file in visible_files(path) if file.suffix.lower() == ending)
    return any(_recorded(file) not in (None, but) for file in files)


def _recorded(file: Path) -> Format | None:
    """Return the format of a JSON file or a table, None where it is no recording that is read."""
    from skeleton_data.readers.joint_table import has_joints

    try:
        kind = format_of_file(file)
    except DataError:
        return None
    return None if kind == "table" and not has_joints(file) else kind


def _unknown(path: Path, first: dict[str, Path]) -> DataError:
    for looks, what in LOOKS.items():
        if looks in first:
            return DataError.at(first[looks], f"this looks like {what}")
    for ending in _OF_MANY_CLIPS:
        if ending in first:
            return DataError.at(path, f"one file may have many clips: give {first[ending]} itself")
    known = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
    return DataError.at(path, f"its format is not known: there is no {known} file in it")
