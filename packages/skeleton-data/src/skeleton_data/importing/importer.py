"""From a data set in any format to a store: joints by name to a layout, unusable clips to a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from skeleton_data.errors import DataError
from skeleton_data.importing.source import open_clips
from skeleton_data.layouts.joint_mapping import joint_map
from skeleton_data.layouts.layout import layout
from skeleton_data.problems import OnError, Problems
from skeleton_data.readers.config import ImportConfig
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
    """

    clips: int
    unused_joints: tuple[str, ...]
    derived_joints: Mapping[str, tuple[str, ...]]
    left_out: int
    problems: tuple[str, ...]


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
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(
        ...         f"{folder}/mine.npz", positions_mm=np.ones((70, 20, 3), np.int16), offsets=[0, 30, 70],
        ...         label=[1, 0], subject=[4, 5], class_names=["wave", "kick"], joint_names=joints, fps=30.0,
        ...     )
        ...     config = ImportConfig(layout="kinect_v1")
        ...     done = import_clips(f"{folder}/mine.npz", f"{folder}/mine.store", config)
        ...     store = SkeletonStore.open(f"{folder}/mine.store")
        ...     store.class_names[store.index.label[0]], store.read(1).shape, float(store.read(1).max())
        ('kick', (40, 1, 20, 3), 0.0010000000474974513)
    """
    data = open_clips(source, config, workers=workers)
    target = data.layout if config.layout is None else layout(config.layout)
    if target is None:
        raise DataError.at(source, "its joints are those of no layout that is known: say layout")
    mapping = joint_map(data.joints, target.joints, derive=config.derive, source=str(source))
    problems = Problems(on_error, Path(report or f"{store}.skipped.txt"))
    with StoreWriter(
        store,
        layout=target,
        class_names=data.class_names,
        fps=data.fps,
        units="m" if data.units == "m" else "picture",
        source={
            "kind": data.kind,
            "file": str(source),
            "up": data.up,
            "config": config.model_dump(mode="json"),
            "derived_joints": {name: list(joints) for name, joints in mapping.derived.items()},
            **({"cleaning": data.cleaning} if data.cleaning else {}),
        },
        overwrite=overwrite,
    ) as writer:
        for clip in tqdm(data.clips, total=data.count, unit="clip", disable=not progress):
            if isinstance(clip, DataError):
                problems.add(str(clip))
                continue
            try:
                writer.add(mapping(clip.joints), name=clip.name, **clip.facts)
            except DataError as error:
                problems.add(str(DataError.at(clip.path, str(error))))
        problems.write()
    return Imported(writer.clips, mapping.unused, mapping.derived, data.left_out, tuple(problems.found))
