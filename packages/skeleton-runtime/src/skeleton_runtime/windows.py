"""How long windows are, as people say it, in frames or in seconds; and when a window is one of nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton_data import DataError, in_view, those_in_view

LEAST_SEEN = 0.25
"""Fraction of the frames of a window in which somebody must be in view; in one with less, there is nobody."""


FEW_FRAMES = 10
"""Frames of a window below which seconds were probably meant: a third of a second of a usual camera."""


class WindowError(DataError):
    """Windows that are no lengths, or do not go together, whatever the recording is."""


@dataclass(frozen=True)
class Windows:
    """Windows that slide over frames.

    Attributes:
        length: Of a window, in frames ("60") or seconds ("2s"); None for the whole recording.
        stride: From a window to the next, likewise; None for half a window.
    """

    length: str | int | None = None
    stride: str | int | None = None

    @property
    def note(self) -> str | None:
        """A sentence where a length in frames was probably meant in seconds.

        Example:
            >>> Windows("2").note, Windows("2s").note
            ('window 2 is a length in frames; for seconds write 2s', None)
        """
        text = str(self.length)
        if text.isdecimal() and 0 < int(text) < FEW_FRAMES:
            return f"window {text} is a length in frames; for seconds write {text}s"
        return None

    def in_frames(self, fps: float, frames: int) -> tuple[int, int]:
        """Return length and stride in frames.

        Args:
            fps: Frames per second.
            frames: Length where none is said.

        Raises:
            WindowError: If one is no time, or frames would be left out between windows.

        Example:
            >>> Windows("2s", "0.5s").in_frames(30, 1000), Windows().in_frames(30, 1000)
            ((60, 15), (1000, 500))
        """
        length = frames if self.length is None else frames_of(self.length, fps, "window")
        if self.stride is None:
            return length, max(1, length // 2)
        stride = frames_of(self.stride, fps, "stride")
        if self.length is None or stride > length:
            raise WindowError(f"stride {self.stride} needs a window that is at least as long")
        return length, stride

    def of_stream(self, fps: float) -> tuple[int, int]:
        """Return length and stride in frames, of a stream.

        Args:
            fps: Frames per second.

        Raises:
            WindowError: If one is no time, there is no length, or frames would be left out between windows.

        Example:
            >>> Windows("2s").of_stream(30), Windows("10").of_stream(30)
            ((60, 15), (10, 5))
        """
        if self.length is None:
            raise WindowError("window must be given: a stream needs one")
        length, half = Windows(self.length, self.stride).in_frames(fps, 0)
        return length, half if self.stride else min(half, frames_of("0.5s", fps, "stride"))


def people_in(window: NDArray[np.float32], *, picture: bool = False) -> NDArray[np.float32] | None:
    """Return a window without the bodies that never come, or None where it is one of nobody.

    A whole recording, which may be padded with empty frames, is none: there it is enough that somebody comes.

    Args:
        window: Its frames (T, M, V, 3).
        picture: See `skeleton_data.in_view`.

    Returns:
        (T, M', V, 3), or None where somebody is in view in less than a quarter of the frames.

    Example:
        >>> frames = np.zeros((8, 1, 25, 3), np.float32)
        >>> frames[7] = np.arange(75).reshape(25, 3)
        >>> people_in(frames) is None  # somebody is there in one frame of eight
        True
        >>> frames[6] = frames[7]
        >>> people_in(frames).shape
        (8, 1, 25, 3)
    """
    seen = in_view(window, picture=picture).any(axis=1)
    return those_in_view(window, picture=picture) if seen.mean() >= LEAST_SEEN else None


def frames_of(length: str | int, fps: float, name: str) -> int:
    """Return how many frames a time is, at least one.

    Raises:
        WindowError: If it is no time; names it.
    """
    text = str(length)
    number = text.removesuffix("s")
    try:
        value = float(number) * fps if text.endswith("s") else int(number)
    except ValueError:
        value = -1
    if not 0 < value < 2**31:
        raise WindowError(f"{name} must be a time in frames (60) or seconds (2s), but is {text!r}")
    return max(1, round(value))
