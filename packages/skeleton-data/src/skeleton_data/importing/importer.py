"""From a data set in any format to a store: joints by name to a layout, unusable clips to a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from skeleton_data.clips import Clip
from skeleton_data.errors import DataError
from skeleton_data.file_options import FileOptions
from skeleton_data.importing.class_table import alike
from skeleton_data.importing.report import EARLY
from skeleton_data.importing.source import OpenedClips, open_clips
from skeleton_data.problems import OnError, Problems
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.from_store import stores_in
from skeleton_data.store.store import SkeletonStore
from skeleton_data.store.writer import StoreWriter


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        clips: Number of clips written.
        unused_joints: Joints of the data that the layout does not have.
        derived_joints: Joints of the layout that the data does not have, and those they were taken from.
        left_out: Number of clips that the data set itself lists as without a skeleton.
        problems: What was skipped and why, one line each.
        report: What was measured, and what the reader decided, a line each.
        warnings: What may be wrong, a sentence each.
    """

    clips: int
    unused_joints: tuple[str, ...]
    derived_joints: Mapping[str, tuple[str, ...]]
    left_out: int
    problems: tuple[str, ...]
    report: tuple[str, ...]
    warnings: tuple[str, ...]


def import_clips(
    source: str | Path,
    store: str | Path,
    config: ImportConfig,
    *,
    workers: int = 1,
    on_error: OnError = "stop",
    report: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Imported:
    """Write a data set as a store, clip after clip.

    Args:
        source: File or folder in one of the formats of `ImportConfig`.
        store: Folder of the new store.
        config: How to understand the data.
        workers: Processes that read formats of a file a clip; 0 takes one for each core.
        on_error: What to do about a clip that cannot be used, one with NaN: "stop", or "skip" and list it.
        report: The list of skipped clips; by default `STORE.skipped.txt`, written if there are any.
        overwrite: Replace a store that is already there.
        progress: Shows a bar on the standard error stream.

    Raises:
        DataError: The data is damaged, lacks a joint, a named column, units or frames per second; a clip
            cannot be used.

    Example:
        >>> import numpy as np, tempfile
        >>> from skeleton_data import SkeletonStore
        >>> joints = ["HipCenter", "Spine", "ShoulderCenter", "Head"] + [
        ...     part + side for side in ("Left", "Right")
        ...     for part in ("Shoulder", "Elbow", "Wrist", "Hand", "Hip", "Knee", "Ankle", "Foot")
        ... ]
        >>> positions = np.random.default_rng(0).integers(1, 1500, (70, 20, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(
        ...         f"{folder}/mine.npz", positions_mm=positions, offsets=[0, 30, 70],
        ...         label=[1, 0], subject=[4, 5], class_names=["wave", "kick"], joint_names=joints, fps=30.0,
        ...     )
        ...     config = ImportConfig(layout="kinect_v1")
        ...     done = import_clips(f"{folder}/mine.npz", f"{folder}/mine.store", config)
        ...     store = SkeletonStore.open(f"{folder}/mine.store")
        ...     store.class_names[store.index.label[0]], store.read(1).shape
        ('kick', (40, 1, 20, 3))
    """
    opened = open_clips(source, config, workers=workers)
    problems = Problems(on_error, Path(report or f"{store}.skipped.txt"))
    with StoreWriter(
        store,
        layout=opened.layout,
        class_names=opened.source.class_names,
        fps=opened.fps,
        units=opened.units,
        source=_origin(source, opened),
        overwrite=overwrite,
    ) as writer:
        for clip in _read(opened, source, problems, progress=progress):
            writer.add(
                clip.joints, name=clip.name, sides=clip.sides, confidence=clip.confidence, **clip.facts
            )
        problems.write()
    return _summary(opened, problems)


def verify_clips(
    source: str | Path, config: ImportConfig, *, workers: int = 1, progress: bool = False
) -> Imported:
    """Do all that `import_clips` does, but write nothing; `problems` lists what cannot be used.

    Raises:
        DataError: As `import_clips`, but for single clips.
    """
    opened = open_clips(source, config, workers=workers)
    problems = Problems("skip", Path())
    for _ in _read(opened, source, problems, progress=progress):
        pass
    return _summary(opened, problems)


def _read(opened: OpenedClips, source: str | Path, problems: Problems, *, progress: bool) -> Iterator[Clip]:
    """Return the clips that can be used.

    Raises:
        DataError: All clips cannot be right; a clip cannot be used, and problems are to stop.
    """
    for clip in tqdm(opened, total=opened.source.count, unit="clip", disable=not progress):
        if isinstance(clip, DataError):
            problems.add(str(clip))
            continue
        if opened.report.clips == EARLY:
            opened.report.check(source)
        yield clip
    opened.report.check(source)


def _origin(source: str | Path, opened: OpenedClips) -> dict[str, Any]:
    """Return what the store says about where its clips come from."""
    data, config = opened.source, opened.config
    return {
        "kind": data.kind,
        "file": str(source),
        "up": data.up if data.units == "m" else None,
        "config": config.model_dump(mode="json"),
        "imported": [each.model_dump(exclude_none=True) for each in _imported(source, opened)],
        "derived_joints": {name: list(joints) for name, joints in opened.mapping.derived.items()},
        **({"cleaning": data.cleaning} if data.cleaning else {}),
    }


def _imported(source: str | Path, opened: OpenedClips) -> tuple[FileOptions, ...]:
    """Return how the files of the clips were read; of a store, those that it was made of."""
    if opened.source.kind == "store":
        stores = stores_in(Path(source)) or [Path(source)]
        return tuple(dict.fromkeys(each for store in stores for each in SkeletonStore.open(store).imported))
    config = opened.config
    options = FileOptions(
        format=opened.source.format,
        up=None if config.up == "auto" else config.up,
        source_layout=config.source_layout and Path(config.source_layout).name,
        fps=config.fps,
        min_confidence=config.min_confidence,
    )
    return (options,)


def _summary(opened: OpenedClips, problems: Problems) -> Imported:
    data, report = opened.source, opened.report
    warnings = report.warnings(opened.fps) + alike(data.class_names)
    if opened.config.min_confidence is not None and not report.sure:
        warnings.append("the data has no confidence, so that min_confidence has no effect")
    return Imported(
        report.clips,
        opened.mapping.unused,
        opened.mapping.derived,
        data.left_out,
        tuple(problems.found),
        (*data.notes, *report.lines(data.class_names, opened.fps)),
        tuple(warnings),
    )
