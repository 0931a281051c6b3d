"""A folder of raw NTU recordings: which files there are, how their classes are called, reading them all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from skeleton_data.cleaning import clean
from skeleton_data.errors import DataError
from skeleton_data.ntu import read_skeleton
from skeleton_data.ntu_facts import ntu_class_names, samples_without_skeleton
from skeleton_data.ntu_name import NtuName
from skeleton_data.ordered_map import ordered_map

CLASS_NAMES = "class_names.txt"
"""A folder with this file, one class name a line, is not NTU's own: what is known of NTU does not apply."""


@dataclass(frozen=True)
class Recording:
    """One file, cleaned; or what is wrong with it.

    Attributes:
        path: file.
        joints: shape (T, M, 25, 3) metres, or None where ``problem`` says why not.
        problem: what is wrong, one line; empty if nothing is.
    """

    path: Path
    joints: NDArray[np.float32] | None
    problem: str = ""

    @property
    def name(self) -> NtuName:
        """Who did what before which camera."""
        return NtuName.parse(self.path.stem)


@dataclass(frozen=True)
class RawFolder:
    """The recordings below a folder.

    Attributes:
        path: folder.
        files: the ``.skeleton`` files below it, sorted by name.
        left_out: number of files not among ``files``, because NTU's authors list them as without usable
            skeleton.
        class_names: name of each label.
    """

    path: Path
    files: tuple[Path, ...]
    left_out: int
    class_names: tuple[str, ...]

    @classmethod
    def find(cls, path: str | Path) -> Self:
        """Looks for recordings in a folder and the folders in it.

        Raises:
            DataError: no such folder, no recordings, two of the same name.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise DataError.at(folder, "no such folder; expected one with .skeleton files")
        found = sorted(folder.rglob("*.skeleton"), key=lambda file: (file.stem, file))
        for first, second in pairwise(found):
            if first.stem == second.stem:
                raise DataError.at(second, f"there is another recording of that name: {first}")
        if not found:
            raise DataError.at(folder, "there is no .skeleton file in it")
        own_names = folder / CLASS_NAMES
        if own_names.is_file():
            return cls(folder, tuple(found), 0, _read_names(own_names))
        files = tuple(file for file in found if file.stem not in samples_without_skeleton())
        names = ntu_class_names()
        beyond_60 = any(file.stem[-3:] > "060" for file in files)
        return cls(folder, files, len(found) - len(files), names if beyond_60 else names[:60])

    def recordings(self, *, workers: int = 0, progress: bool = False) -> Iterator[Recording]:
        """Reads and cleans the files in order, good ones and bad ones.

        Args:
            workers: processes; 0 takes one for each core.
            progress: shows a bar on the standard error stream.
        """
        results = ordered_map(_read, self.files, workers=workers or os.cpu_count() or 1)
        yield from tqdm(results, total=len(self.files), unit="file", disable=not progress, smoothing=0.02)


def _read_names(path: Path) -> tuple[str, ...]:
    try:
        return tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError.at(path, f"cannot be read: {error}") from None


def _read(path: Path) -> Recording:
    try:
        NtuName.parse(path.stem)
    except DataError as error:
        return Recording(path, None, str(DataError.at(path, str(error))))
    try:
        clip = read_skeleton(path)
    except DataError as error:
        return Recording(path, None, str(error))
    try:
        return Recording(path, clean(clip))
    except DataError as error:
        return Recording(path, None, str(DataError.at(path, str(error))))
