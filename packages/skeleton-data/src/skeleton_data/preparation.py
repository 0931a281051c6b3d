"""From a folder of raw NTU recordings to a store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skeleton_data.layout import layout
from skeleton_data.problems import OnError, Problems
from skeleton_data.raw_folder import RawFolder
from skeleton_data.store_writer import StoreWriter

NTU_FPS = 30.0


@dataclass(frozen=True)
class Prepared:
    """What came of preparing a store.

    Attributes:
        clips: number of clips written.
        left_out: number of files that NTU's authors list as without usable skeleton.
        problems: what was skipped and why, one line each.
    """

    clips: int
    left_out: int
    problems: tuple[str, ...]


def prepare(
    raw: str | Path,
    store: str | Path,
    *,
    workers: int = 0,
    on_error: OnError = "stop",
    report: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Prepared:
    """Reads, cleans and stores all recordings below a folder, in parallel and holding few of them at a time.

    The store is the same for any number of workers: clips come in the order of their names. Class names come
    from ``class_names.txt`` in the folder if there is one; without it the recordings are taken for NTU RGB+D,
    whose class names and list of samples without usable skeleton come with this package.

    Args:
        raw: folder with ``.skeleton`` files, in it or in folders below.
        store: folder of the new store.
        workers: processes; 0 takes one for each core.
        on_error: what to do about a file that cannot be used: "stop", or "skip" and list it in the report.
        report: the list of skipped files; by default ``STORE.skipped.txt``, written if there are any.
        overwrite: replace a store that is already there.
        progress: shows a bar on the standard error stream.

    Raises:
        DataError: no recordings, a bad file with ``on_error="stop"``, nothing left to store, ``store`` is in
            the way.
    """
    folder = RawFolder.find(raw)
    problems = Problems(on_error, Path(report or f"{store}.skipped.txt"))
    source = {"kind": "NTU raw", "folder": str(raw), "cleaning": "reference", "files": len(folder.files)}
    with StoreWriter(
        store,
        layout=layout("ntu"),
        class_names=folder.class_names,
        fps=NTU_FPS,
        source=source,
        overwrite=overwrite,
    ) as writer:
        for recording in folder.recordings(workers=workers, progress=progress):
            if recording.joints is None:
                problems.add(recording.problem)
                continue
            name = recording.name
            writer.add(
                recording.joints,
                name=str(name),
                label=name.label,
                subject=name.performer,
                camera=name.camera,
                setup=name.setup,
                replication=name.replication,
            )
        problems.write()
    return Prepared(writer.clips, folder.left_out, tuple(problems.found))
