"""Reading raw NTU text all at once: well-formed text only; `ntu_lines` says what is wrong with any other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton_data.ntu_lines import BODY_NUMBERS, JOINT_NUMBERS, JOINTS, MAX_METRES, Records

_LEGAL_BYTES = b"0123456789+-.eE \r\n"
_BODY_LINES = [BODY_NUMBERS, 1, *[JOINT_NUMBERS] * JOINTS]


def read_bulk(data: bytes) -> Records:
    """The same as `ntu_lines.read_lines` for well-formed text, several times faster.

    Raises:
        ValueError, IndexError, OverflowError: the text is not well-formed.
    """
    if data.translate(None, _LEGAL_BYTES):
        raise ValueError("not only numbers")
    text = np.frombuffer(b"\n" + data + b"\n", dtype=np.uint8)
    blank = text <= ord(" ")
    starts = np.flatnonzero(blank[:-1] & ~blank[1:])
    frames, frame, body, first = _find_bodies(data, starts, text)
    joint = (np.array(first)[:, None] + np.arange(0, JOINTS * JOINT_NUMBERS, JOINT_NUMBERS)).ravel()
    places = zip(starts[joint].tolist(), starts[joint + 3].tolist(), strict=True)
    words = b"".join([data[start:end] for start, end in places]).split()
    numbers = np.fromiter(map(float, words), dtype=np.float64, count=3 * len(joint))
    if not (np.abs(numbers) < MAX_METRES).all():
        raise ValueError("a coordinate that is not finite")
    joints = numbers.astype(np.float32).reshape(-1, JOINTS, 3)
    return frames, np.array(frame, dtype=np.int64), np.array(body, dtype=np.int64), joints


def _find_bodies(
    data: bytes, starts: NDArray[np.int64], text: NDArray[np.uint8]
) -> tuple[int, list[int], list[int], list[int]]:
    """The number of frames; for each body record its frame, tracking id and the first word of its joints.

    Word ``k`` of the text is ``data[starts[k]:starts[k + 1]]``, with the blanks that follow it.
    """

    def number(word: int) -> int:
        return int(data[starts[word] : starts[word + 1] if word + 1 < len(starts) else None])

    frames, word = number(0), 1
    frame: list[int] = []
    body: list[int] = []
    first: list[int] = []
    expected = [1]
    for at in range(frames):
        bodies = number(word)
        word += 1
        if not 0 <= bodies <= (len(starts) - word) // sum(_BODY_LINES):
            raise ValueError("more bodies than the text has room for")
        expected += [1, *_BODY_LINES * bodies]
        for _ in range(bodies):
            frame.append(at)
            body.append(number(word))
            first.append(word + BODY_NUMBERS + 1)
            if number(word + BODY_NUMBERS) != JOINTS:
                raise ValueError("another number of joints")
            word += sum(_BODY_LINES)
    ends = np.flatnonzero(text[1:] == ord("\n"))
    words_in_line = np.diff(np.searchsorted(starts, ends), prepend=0)
    if words_in_line[: len(expected)].tolist() != expected or words_in_line[len(expected) :].any():
        raise ValueError("numbers are not on the lines where they belong")
    if not first:
        raise ValueError("no body")
    return frames, frame, body, first
