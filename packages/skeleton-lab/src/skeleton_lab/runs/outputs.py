"""What a run ended with, and whether all of it is still as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from skeleton_data import file_sha256, read_checksums
from skeleton_lab.errors import input_errors

SUMS = "SHA256SUMS"
"""Checksums of what a run ended with, or of the files of a model, as `sha256sum --check` reads them."""


def seal_text(folder: Path, outputs: Iterable[str]) -> str:
    """Return the checksums of outputs of a run; that of a model is the checksum of its own checksums."""
    lines = []
    for name in outputs:
        sealed = f"{name}/{SUMS}" if (folder / name).is_dir() else name
        lines.append(f"{file_sha256(folder / sealed)}  {sealed}\n")
    return "".join(lines)


def what_is_wrong(folder: Path, outputs: Iterable[str]) -> str | None:
    """Return what is wrong with the outputs of a run that has ended, as `encoder/config.json is missing`.

    Args:
        folder: Of the run.
        outputs: Names of files, and of folders of models, that must be there; what was sealed must be, too.

    Raises:
        InputError: A file of checksums is damaged.
    """
    sealed = _sums(folder)
    models = [name.removesuffix(f"/{SUMS}") for name in sealed if name.endswith(f"/{SUMS}")]
    for name in dict.fromkeys((*outputs, *models)):
        if not (folder / name).exists():
            return f"{name} is missing"
    if problem := _difference(folder, sealed, ""):
        return problem
    for name in dict.fromkeys((*outputs, *models)):
        if (folder / name).is_dir() and (problem := _difference(folder / name, _sums(folder / name), name)):
            return problem
    return None


def _sums(folder: Path) -> dict[str, str]:
    """Return the checksums in a folder; none where it has no file of them, as runs of earlier versions."""
    if not (folder / SUMS).is_file():
        return {}
    with input_errors():
        return read_checksums(folder / SUMS)


def _difference(folder: Path, sums: dict[str, str], place: str) -> str | None:
    for name, checksum in sums.items():
        shown = f"{place}/{name}" if place else name
        if not (folder / name).is_file():
            return f"{shown} is missing"
        if file_sha256(folder / name) != checksum:
            return f"{shown} is damaged: its checksum is not the one in {SUMS}"
    return None
