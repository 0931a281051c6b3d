"""Recordings in files and folders: found, and read one after the other."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from errno import ENOENT
from pathlib import Path

from skeleton_data import (
    DataError,
    ImportConfig,
    JointError,
    NobodyError,
    OpenedClips,
    Preprocessing,
    SkeletonLayout,
    format_of,
    layout,
    layout_names,
    open_clips,
    recordings_in,
    resample,
    several_formats,
    training_coordinates,
    turn_upright,
    unread_files,
)
from skeleton_runtime.recordings import (
    FPS,
    Joints,
    Recording,
    map_joints,
    other_layout,
    prepared,
    recording_of_nobody,
    require_units,
)
from skeleton_runtime.training_options import as_in_training, trained_value

MAX_NAME = 300
"""Characters of a path that are repeated."""
ENDINGS = (".skeleton", ".npz")
"""Endings of the files that are looked for in a folder."""


def read_recordings(
    paths: Iterable[Path],
    preprocessing: Preprocessing,
    config: ImportConfig,
    *,
    refused: list[str],
    notes: list[str] | None = None,
) -> Iterator[Recording]:
    """Read recordings one after the other; one that cannot be used does not keep the others from being read.

    Args:
        paths: Raw `.skeleton` files, files of own data (`.npz`), folders of them, or any other data set that
            `skeleton-data import` knows.
        preprocessing: That of the model. Joints are found by name; raw recordings are cleaned as in training.
        config: How to understand data that are not raw recordings; its layout is that of data which do not
            say what their joints are called.
        refused: Gets a line, which names the file, for each recording that cannot be used, or whose joints
            are not those of the model; also for a folder with recordings of other formats than that which
            is read.
        notes: Gets a sentence for each folder with files of which nobody knows whether they are recordings,
            and for recordings that may have been read wrongly: people who lie, or are mirrored.
    """
    notes = [] if notes is None else notes
    for path in paths:
        try:
            found = _files(path, refused, notes)
        except OSError as error:  # it may not be looked at, or its name is too long
            refused.append(str(DataError.at(str(path)[:MAX_NAME], error.strerror or str(error))))
            continue
        for file in found:
            read = _read_raw if _ending(file) == ".skeleton" and config.format == "auto" else _read
            clips = read(file, preprocessing, config, notes)
            while True:
                try:
                    recording = next(clips, None)
                    if isinstance(recording, DataError):
                        raise recording
                except NobodyError as error:
                    recording = recording_of_nobody(error, file, preprocessing, config.fps or FPS)
                except OSError as error:
                    refused.append(f"{error.filename or file}: {error.strerror or error}")
                    continue  # a reader that failed has nothing more
                except ValueError as error:
                    refused.append(" ".join(str(error).split()))
                    continue
                if recording is None:
                    break
                yield recording


def _files(path: Path, refused: list[str], notes: list[str]) -> list[Path]:
    """Return what to open for a path: of a folder its raw recordings and own data, else the folder itself."""
    if not path.exists():
        raise FileNotFoundError(ENOENT, "no such file or folder", str(path))
    found = sorted(path.rglob("[!.]*")) if path.is_dir() else []  # what is hidden is no recording
    found = [file for file in found if _ending(file) in ENDINGS]
    if found:
        beside = {kind: file for kind, file in recordings_in(path).items() if _ending(file) not in ENDINGS}
        if beside:
            first = {"own" if _ending(file) == ".npz" else "raw NTU": file for file in reversed(found)}
            refused.append(str(several_formats(path, first | beside)))
        # Text beside raw recordings is a list of classes, and the like.
        notes += unread_files(path, lambda file: _ending(file) in (*ENDINGS, ".txt"))
    return found or [path]


def _ending(file: Path) -> str:
    return file.suffix.lower()


def _read_raw(
    file: Path, preprocessing: Preprocessing, config: ImportConfig, notes: list[str]
) -> Iterator[Recording]:
    from skeleton_data import clean, first_bodies, read_skeleton

    if preprocessing.imported:
        config, _ = as_in_training(file, "raw", preprocessing, config, notes)
    ntu, cleaning, fps = layout("ntu"), preprocessing.cleaning, config.fps or FPS
    require_units("m", preprocessing, file)
    _refuse_of_raw(config, file)
    mapping = map_joints(ntu.joints, preprocessing.layout, derive=config.derive, source=file)
    try:
        raw = read_skeleton(file)
        raw = replace(raw, joints=turn_upright(raw.joints, "y" if config.up == "auto" else config.up))
        whole = clean(raw, cleaning or "reference")
    except NobodyError:
        raise
    except DataError as error:
        raise error.within(file) from error
    joints = first_bodies(raw) if cleaning == "contrast" else whole

    def shown(clip: Joints) -> Joints:
        # The whole is as cleaning left it, which may have put a lost body elsewhere than at zero.
        clip = mapping(whole if len(clip) == len(joints) else training_coordinates(clip, ntu, cleaning))
        return resample(clip, fps, preprocessing.fps) if preprocessing.fps else clip

    yield Recording(str(file), file.stem, joints, fps, shown)


def _refuse_of_raw(config: ImportConfig, file: Path) -> None:
    """Refuse options that a raw recording has no use for, or that it contradicts."""
    config.refuse_but({"fps", "units", "source_layout"}, file, "a raw .skeleton file")
    if config.units not in ("auto", "m"):
        raise DataError.at(
            file, f"a raw .skeleton file is in metres, but the option units is {config.units}: leave it out"
        )
    if config.source_layout and layout(config.source_layout).joints != layout("ntu").joints:
        raise DataError.at(
            file,
            "a raw .skeleton file has the layout ntu, but the option source_layout is"
            f" {config.source_layout}: leave it out",
        )


def _read(
    file: Path, preprocessing: Preprocessing, config: ImportConfig, notes: list[str]
) -> Iterator[Recording | DataError]:
    wanted, taken, rate = preprocessing.layout, frozenset[str](), preprocessing.fps or FPS
    if preprocessing.imported:
        kind = format_of(file, config)
        rate = trained_value("fps", file, kind, preprocessing, config) or rate
        named = _ending(file) == ".npz" and _has(file, "joint_names")
        config, taken = as_in_training(file, kind, preprocessing, config, notes, names_joints=named)
    if _ending(file) == ".npz" and config.fps is None and not _has(file, "fps"):
        config = config.model_copy(update={"fps": rate})
    if config.layout is None and wanted.name in layout_names() and layout(wanted.name) == wanted:
        config = config.model_copy(update={"layout": wanted.name})  # of data that does not name its joints
    data = _opened(file, config, wanted, rate)
    notes += data.source.notes if file.is_dir() else ()
    yield from prepared(data, preprocessing, file, notes, taken)


def _opened(file: Path, config: ImportConfig, wanted: SkeletonLayout, rate: float) -> OpenedClips:
    """Open clips, of `rate` frames per second where neither they nor the options say it."""
    try:
        return open_clips(file, config, wanted=wanted)
    except JointError as error:
        raise DataError(other_layout(file, error.joints, wanted, error)) from error
    except DataError as error:
        if error.field != "fps" or config.fps is not None:
            raise
    return _opened(file, config.model_copy(update={"fps": rate}), wanted, rate)


def _has(file: Path, entry: str) -> bool:
    """Return whether own data have an entry, such as the rate or the names of joints."""
    try:
        with zipfile.ZipFile(file) as archive:
            return f"{entry}.npy" in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):  # its reader will say what is wrong
        return True
