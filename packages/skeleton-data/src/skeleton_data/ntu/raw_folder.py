"""A set of raw NTU recordings: which files there are, how their classes are called, reading them all."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from skeleton_data.clips import Cleaning, Up, turn_upright
from skeleton_data.errors import DataError
from skeleton_data.ntu.cleaning import clean
from skeleton_data.ntu.facts import ntu_class_names, samples_without_skeleton
from skeleton_data.ntu.name import NtuName
from skeleton_data.ntu.raw_file import RawFile, zip_entries
from skeleton_data.ntu.recording import parse_skeleton
from skeleton_data.ordered_map import ordered_map
from skeleton_data.replacing import behind_links

CLASS_NAMES = "class_names.txt"
"""A folder with this file, one class name a line, is not NTU's own: what is known of NTU does not apply."""


@dataclass(frozen=True)
class Recording:
    """One file, cleaned; or what is wrong with it.

    Attributes:
        file: Where it lies.
        joints: Shape (T, M, 25, 3) metres, or None where `problem` says why not.
        problem: What is wrong, one line; empty if nothing is.
    """

    file: RawFile
    joints: NDArray[np.float32] | None
    problem: str = ""

    @property
    def name(self) -> NtuName:
        """Who did what before which camera."""
        return NtuName.parse(self.file.stem)


@dataclass(frozen=True)
class RawFolder:
    """The recordings below a folder, in files or in zip files, or in one zip file.

    Attributes:
        path: Folder or zip file.
        files: The `.skeleton` files, sorted by name.
        left_out: Number of files not among `files`, because NTU's authors list them as without usable
            skeleton.
        class_names: Name of each label.
    """

    path: Path
    files: tuple[RawFile, ...]
    left_out: int
    class_names: tuple[str, ...]

    @classmethod
    def find(cls, path: str | Path) -> Self:
        """Look for recordings in a zip file, or in a folder, the folders in it and the zip files in them.

        Raises:
            DataError: No such folder, no recordings, two of the same name, a damaged zip file.
        """
        folder = Path(path)
        if not folder.is_dir() and folder.suffix != ".zip":
            behind_links(folder)
            raise DataError.at(
                folder, "no such folder; expected one with .skeleton or .zip files, or a .zip file"
            )
        zips = sorted(folder.rglob("*.zip")) if folder.is_dir() else [folder]
        found = [RawFile.of(file) for file in folder.rglob("*.skeleton")] if folder.is_dir() else []
        found += [entry for file in zips for entry in zip_entries(file, ".skeleton")]
        found.sort(key=lambda file: (file.stem, str(file)))
        for first, second in pairwise(found):
            if first.stem == second.stem:
                raise DataError.at(str(second), f"there is another recording of that name: {first}")
        if not found:
            raise DataError.at(folder, "there is no .skeleton file in it, nor in a .zip file in it")
        own_names = _own_names(folder, zips)
        if own_names is not None:
            return cls(folder, tuple(found), 0, own_names)
        files = tuple(file for file in found if file.stem not in samples_without_skeleton())
        names = ntu_class_names()
        beyond_60 = any(file.stem[-3:].isdecimal() and file.stem[-3:] > "060" for file in files)
        return cls(folder, files, len(found) - len(files), names if beyond_60 else names[:60])

    def recordings(
        self,
        *,
        cleaning: Cleaning = "reference",
        up: Up = "y",
        start: int = 0,
        workers: int = 0,
        progress: bool = False,
    ) -> Generator[Recording]:
        """Read and clean the files in order, good ones and bad ones.

        Args:
            cleaning: How, see `clean`.
            up: Axis that points up in the files: y in those of NTU RGB+D.
            start: Files to leave out at the beginning.
            workers: Processes; 0 takes one for each core.
            progress: Shows a bar on the standard error stream.
        """
        read = partial(_read, cleaning=cleaning, up=up)
        results = ordered_map(read, self.files[start:], workers=workers or os.cpu_count() or 1)
        yield from tqdm(
            results, total=len(self.files), initial=start, unit="file", disable=not progress, smoothing=0.02
        )


def _own_names(folder: Path, zips: list[Path]) -> tuple[str, ...] | None:
    own = [RawFile.of(folder / CLASS_NAMES)] if (folder / CLASS_NAMES).is_file() else []
    own += [entry for file in zips for entry in zip_entries(file, CLASS_NAMES) if entry.stem == "class_names"]
    if not own:
        return None
    try:
        return tuple(line for line in own[0].read().decode("utf-8").splitlines() if line.strip())
    except UnicodeDecodeError as error:
        raise DataError.at(str(own[0]), f"cannot be read: {error}") from None


def _read(file: RawFile, *, cleaning: Cleaning, up: Up) -> Recording:
    try:
        NtuName.parse(file.stem)
    except DataError as error:
        return Recording(file, None, str(error.within(str(file))))
    try:
        clip = parse_skeleton(file.read(), str(file))
    except DataError as error:
        return Recording(file, None, str(error))
    try:
        upright = replace(clip, joints=turn_upright(clip.joints, up))
        return Recording(file, clean(upright, cleaning))
    except DataError as error:
        return Recording(file, None, str(error.within(str(file))))
