"""Which format the recordings in a folder have, and which files beside them are not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.readers.config import Format, ImportConfig
from skeleton_data.readers.format_detection import LOOKS, format_of_file
from skeleton_data.readers.listing import visible_files
from skeleton_data.replacing import behind_links
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

_RAW = "raw NTU"
"""What recordings are called that are no `Format`, because they are prepared and not imported."""

_ENDINGS_OF: dict[str, tuple[str, ...]] = {
    "own": (".npz",),
    "table": (".csv", ".parquet"),
    "deeplabcut": (".h5", ".csv"),
    "sleap": (".slp", ".h5"),
    "st-gcn": (".npy",),
    "array": (".npy",),
    "txt2npy": (".npy",),
    "ut-kinect": (".txt",),
    "pku-mmd": (".txt",),
    **dict.fromkeys(
        ("openpose", "mediapipe", "azure", "mmpose", "alphapose", "kinetics", "nw-ucla"), (".json",)
    ),
}
"""Endings of the files that a reader takes from a folder, the first that is there; else that of its name."""


def find_format(path: Path) -> Format:
    """Find the format of a file by its ending and its first bytes, of a folder by its first file.

    Raises:
        DataError: Nothing there, nothing that is read, or recordings of several formats in a folder; says
            what it looks like.
    """
    if not path.exists():
        behind_links(path)
        raise DataError.at(path, "no such file or folder")
    return _of_folder(path) if path.is_dir() else format_of_file(path)


def first_files(path: Path) -> dict[str, Path]:
    """Return the first file of each ending, in lower case, that is in a folder and the folders in it."""
    first: dict[str, Path] = {}
    for file in sorted(visible_files(path)):
        first.setdefault(file.suffix.lower(), file)
    return first


def not_read(path: Path, config: ImportConfig, kind: str) -> tuple[str, ...]:
    """Return a sentence about files of a folder that could be recordings, but not of that format, if any."""
    given = {file.name for file in (*config.tables, config.clips, config.joints) if file is not None}
    there = {file.suffix.lower() for file in visible_files(path) if file.name not in given}
    ending = next((ending for ending in _ENDINGS_OF.get(kind, (f".{kind}",)) if ending in there), "")
    return unread_files(path, lambda file: file.name in given or _is_taken(file, kind, ending))


def unread_files(path: Path, is_read: Callable[[Path], bool]) -> tuple[str, ...]:
    """Return a sentence about the files of a folder that could be recordings and are not read, if any.

    Args:
        path: The folder.
        is_read: Whether a file is read.

    Example:
        >>> unread_files(Path("no such folder"), lambda file: False)
        ()
    """
    files = (file for file in visible_files(path) if not is_read(file))
    others = Counter(file.suffix.lower() for file in files)
    counts = [f"{others[ending]} {ending}" for ending in (*ENDINGS, *_OF_MANY_CLIPS) if others[ending]]
    return (f"not read in {path}: {', '.join(counts)}",) if counts else ()


def _is_taken(file: Path, kind: str, ending: str) -> bool:
    if kind == "openpose":
        return _is_openpose(file)
    if kind == "st-gcn":
        return file.suffix == ".pkl" or "data" in file.name
    return file.suffix.lower() == ending


def recordings_in(path: Path) -> dict[str, Path]:
    """Return the formats of the recordings in a folder, each with its first file.

    Files that may hold anything, such as arrays and text, do not count; tables and JSON files only if they
    have joints.

    Example:
        >>> recordings_in(Path("no such folder"))
        {}
    """
    found: dict[str, Path] = {}
    for file in sorted(visible_files(path)):
        kind = _recorded(file)
        if kind is not None:
            found.setdefault(kind, file)
    return found


def several_formats(path: Path, found: Mapping[str, Path]) -> DataError:
    """Return the error of a folder that has recordings of several formats, each with a file of it."""
    shown = ", ".join(f"{kind} ({file.name})" for kind, file in sorted(found.items()))
    return DataError.at(
        path,
        f"there are recordings of several formats in it, {shown}: put each format in a folder of its own",
        field="format",
    )


def _of_folder(path: Path) -> Format:
    if (path / META).is_file() or any(path.glob(f"[!.]*/{META}")):
        return "store"
    if any((path / name).is_file() for name in ("dataset_dict.json", "dataset_info.json")):
        return "huggingface"
    first = first_files(path)
    ending = next((ending for ending in ENDINGS if ending in first), None)
    if ending is None:
        raise _unknown(path, first)
    found = recordings_in(path)
    if not found or ending not in (*_ONLY_RECORDINGS, *_MAY_BE_RECORDINGS):
        file = first[ending] if ending != ".txt" else _first_text(path)
        found.setdefault(format_of_file(file), file)
    if len(found) > 1:
        raise several_formats(path, found)
    (file,) = found.values()
    return format_of_file(file)  # refuses raw recordings


def _first_text(path: Path) -> Path:
    """Return the first text file of a folder that is a recording; if none is, the first."""
    texts = sorted(file for file in visible_files(path) if file.suffix.lower() == ".txt")
    for file in texts:
        try:
            format_of_file(file)
        except DataError:
            continue
        return file
    return texts[0]


def _recorded(file: Path) -> str | None:
    """Return the format of a file, None where it is no recording for sure."""
    from skeleton_data.readers.joint_table import has_joints

    ending = file.suffix.lower()
    if ending == ".skeleton":
        return _RAW
    if _is_openpose(file):
        return "openpose"
    if ending not in (*_ONLY_RECORDINGS, *_MAY_BE_RECORDINGS):
        return None
    try:
        kind = format_of_file(file)
    except DataError:
        return None
    return None if kind == "table" and not has_joints(file) else kind


def _is_openpose(file: Path) -> bool:
    from skeleton_data.readers.detections import OPENPOSE_FILE

    return OPENPOSE_FILE.fullmatch(file.name) is not None


def _unknown(path: Path, first: dict[str, Path]) -> DataError:
    for looks, what in LOOKS.items():
        if looks in first:
            return DataError.at(first[looks], f"this looks like {what}")
    for ending in _OF_MANY_CLIPS:
        if ending in first:
            return DataError.at(path, f"one file may have many clips: give {first[ending]} itself")
    known = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
    links = any(inside.is_symlink() and inside.is_dir() for inside in path.iterdir())
    more = "; links to folders are not followed" * links
    return DataError.at(path, f"its format is not known: there is no {known} file in it{more}")
