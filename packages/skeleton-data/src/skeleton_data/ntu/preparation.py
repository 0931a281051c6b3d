"""From raw NTU recordings to a store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from skeleton_data.clips import Cleaning, Up
from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_mapping import joint_map
from skeleton_data.layouts.layout import SkeletonLayout, layout
from skeleton_data.ntu.raw_folder import RawFolder
from skeleton_data.problems import OnError, Problems
from skeleton_data.store.writer import StoreWriter

NTU_FPS = 30.0

CHUNK = 1024
"""Recordings after which what is written so far is kept, even if the process is killed."""


@dataclass(frozen=True)
class Prepared:
    """What came of preparing a store.

    Attributes:
        clips: Number of clips written.
        left_out: Number of files that NTU's authors list as without usable skeleton.
        resumed: Number of files whose clips were taken over from a preparation that was cut off.
        derived_joints: Joints of the layout that NTU does not have, and those they were taken from.
        problems: What was skipped and why, one line each.
    """

    clips: int
    left_out: int
    resumed: int
    derived_joints: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]


def prepare(
    raw: str | Path,
    store: str | Path,
    *,
    cleaning: Cleaning = "reference",
    layout_name: str = "ntu",
    derive: bool = False,
    up: Up = "y",
    workers: int = 0,
    on_error: OnError = "stop",
    report: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Prepared:
    """Read, cleans and stores raw recordings, in parallel and holding few of them at a time.

    The store is the same for any number of workers: clips come in the order of their names. Class names come
    from `class_names.txt` in the folder if there is one; without it the recordings are taken for NTU RGB+D,
    whose class names and list of samples without usable skeleton come with this package.

    Killed, it leaves the old store or none. The next one of the same recordings goes on where that one was
    cut off, as far as recordings and options are the same, and what was written is found whole.

    Args:
        raw: Folder with `.skeleton` files or zip files of them, in it or in folders below; or a zip file.
        store: Folder of the new store.
        cleaning: How recordings are cleaned, see `clean`.
        layout_name: Layout of the store, a built-in one or a TOML file; joints are found by name.
        derive: Whether joints that NTU does not have are taken from others, see `joint_map`.
        up: Axis that points up in the recordings: y in those of NTU RGB+D. They are turned before they are
            cleaned.
        workers: Processes; 0 takes one for each core.
        on_error: What to do about a file that cannot be used: "stop", or "skip" and list it in the report.
        report: The list of skipped files; by default `STORE.skipped.txt`, written if there are any.
        overwrite: Replace a store that is already there.
        progress: Shows a bar on the standard error stream.

    Raises:
        DataError: No recordings, a bad file with `on_error="stop"`, nothing left to store, `store` is in
            the way, a joint of the layout is missing.
    """
    target = layout(layout_name)
    mapping = joint_map(layout("ntu").joints, target.joints, derive=derive, source="NTU RGB+D")
    folder = RawFolder.find(raw)
    problems = Problems(on_error, Path(report or f"{store}.skipped.txt"))
    source = {
        "kind": "NTU raw",
        "folder": str(raw),
        "files": len(folder.files),
        "cleaning": cleaning,
        "up": up,
        "imported": [{"format": "raw"} | ({} if up == "y" else {"up": up})],
        "derived_joints": {name: list(joints) for name, joints in mapping.derived.items()},
    }
    with StoreWriter(
        store,
        layout=target,
        class_names=folder.class_names,
        fps=NTU_FPS,
        source=source,
        overwrite=overwrite,
        plan=list(_plan(folder, cleaning, up, target)),
    ) as writer:
        resumed = min(len(writer.chunks) * CHUNK, len(folder.files))
        for chunk in writer.chunks:
            for note in chunk.notes:
                problems.add(note)
        noted = len(problems.found)
        found = folder.recordings(cleaning=cleaning, up=up, start=resumed, workers=workers, progress=progress)
        with closing(found) as recordings:  # and the progress bar, before an error is shown
            for done, recording in enumerate(recordings, start=resumed + 1):
                if recording.joints is None:
                    problems.add(recording.problem)
                else:
                    name = recording.name
                    facts: dict[str, Any] = {"label": name.label, **name.facts}
                    try:
                        writer.add(mapping(recording.joints), name=str(name), **facts)
                    except DataError as error:
                        problems.add(str(error.within(str(recording.file))))
                if done % CHUNK == 0 or done == len(folder.files):
                    writer.finish_chunk(problems.found[noted:])
                    noted = len(problems.found)
        problems.write()
    return Prepared(writer.clips, folder.left_out, resumed, mapping.derived, tuple(problems.found))


def _plan(folder: RawFolder, cleaning: Cleaning, up: Up, target: SkeletonLayout) -> Iterator[str]:
    """Return for each chunk a digest of all that its clips depend on."""
    options = (version("skeleton-data"), cleaning, up, target.model_dump_json(), folder.class_names)
    for start in range(0, len(folder.files), CHUNK):
        digest = hashlib.sha256(repr(options).encode())
        for file in folder.files[start : start + CHUNK]:
            digest.update(repr((str(file), file.size, file.stamp)).encode())
        yield digest.hexdigest()
