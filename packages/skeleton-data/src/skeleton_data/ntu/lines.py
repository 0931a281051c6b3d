"""Reading raw NTU text line by line, to say which line is wrong and what was expected there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError, NobodyError

JOINTS, BODY_NUMBERS, JOINT_NUMBERS = 25, 10, 12
MAX_METRES = 1e6  # no recording goes beyond, and sums of squares stay within float32

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

Records = tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]


def read_lines(data: bytes, path: str | Path) -> Records:
    """Return the number of frames, and of each body record frame (B,), id (B,) and joints (B, 25, 3).

    Raises:
        DataError: The first thing that is out of order, with its line.
    """
    lines = _Lines(data, path)
    frames = lines.count("the number of frames")
    frame: list[int] = []
    body: list[int] = []
    joints: list[list[float]] = []
    for at in range(frames):
        for which in range(lines.count(f"the number of bodies in frame {at}")):
            where = f"of body {which} in frame {at}"
            frame.append(at)
            body.append(lines.tracking_id(where))
            count = lines.count(f"the number of joints {where}")
            if count != JOINTS:
                lines.fail(expected=f"{JOINTS} joints", found=count)
            joints += [lines.joint(f"joint {joint} {where}") for joint in range(JOINTS)]
    lines.end(frames)
    if not frame:
        message = f"there is no body in any of its {frames} frames"
        raise NobodyError.of(path, message, frames=frames) if frames else DataError.at(path, message)
    return (
        frames,
        np.array(frame, dtype=np.int64),
        np.array(body, dtype=np.int64),
        np.array(joints, dtype=np.float32).reshape(-1, JOINTS, 3),
    )


class _Lines:
    """Walks over the lines of a file and complains about the one it stands on."""

    def __init__(self, data: bytes, path: str | Path) -> None:
        self._path, self._number = path, 0
        if not data.strip():
            raise DataError.at(path, "the file is empty, expected a recording")
        self._lines = []
        for number, line in enumerate(data.rstrip().split(b"\n"), start=1):
            try:
                self._lines.append(line.decode("ascii"))
            except UnicodeDecodeError as error:
                byte = line[error.start]
                raise DataError.at(path, f"byte 0x{byte:02x}, expected ASCII text", line=number) from None

    def fail(self, *, expected: str, found: object) -> NoReturn:
        raise DataError.at(self._path, line=self._number, expected=expected, found=found)

    def count(self, what: str) -> int:
        (word,) = self._words(what, 1)
        if not _INTEGER.fullmatch(word) or int(word) < 0:
            self.fail(expected=what, found=f"{word[:40]!r}")
        return int(word)

    def tracking_id(self, where: str) -> int:
        what = f"the {BODY_NUMBERS} tracking numbers {where}"
        words = self._words(what, BODY_NUMBERS)
        if not _INTEGER.fullmatch(words[0]) or not -(2**63) <= int(words[0]) < 2**63:
            self.fail(expected=f"an integer tracking id first in {what}", found=f"{words[0][:40]!r}")
        return int(words[0])

    def joint(self, what: str) -> list[float]:
        words = self._words(f"{JOINT_NUMBERS} numbers for {what}", JOINT_NUMBERS)
        for word in words[:3]:
            if not NUMBER.fullmatch(word) or not abs(float(word)) < MAX_METRES:
                self.fail(expected=f"three finite coordinates of {what}", found=f"{word[:40]!r}")
        for word in words[3:]:
            # Where a joint is not seen in a picture, the recorder may write NaN or infinity.
            try:
                float(word)
            except ValueError:
                self.fail(expected=f"{JOINT_NUMBERS} numbers for {what}", found=f"{word[:40]!r}")
        return [float(word) for word in words[:3]]

    def end(self, frames: int) -> None:
        if self._number < len(self._lines):
            self._number += 1
            found = self._lines[self._number - 1].strip()
            self.fail(expected=f"the end of the file after {frames} frames", found=f"{found[:40]!r}")

    def _words(self, what: str, expected: int) -> list[str]:
        if self._number == len(self._lines):
            self.fail(expected=what, found="the end of the file")
        self._number += 1
        words = self._lines[self._number - 1].split()
        if len(words) != expected:
            self.fail(expected=what, found=f"{len(words)} words")
        return words
