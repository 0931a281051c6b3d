"""Which frames of a clip are looked at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Window(NamedTuple):
    """A run of frames in each clip.

    Attributes:
        start: (N,) first frame.
        length: (N,) number of frames, at least 1.
    """

    start: Integers
    length: Integers


def centre_crop(frames: Integers, fraction: float) -> Window:
    """Return the middle of each clip, for evaluation.

    `int((1 - fraction) * frames / 2)` frames are cut off at either end, as in the published feeders.

    Args:
        frames: (N,) length of each clip.
        fraction: Fraction of the frames to keep, above 0 and at most 1.

    Example:
        >>> centre_crop(np.array([40, 300, 1]), 0.95)
        Window(start=array([1, 7, 0]), length=array([ 38, 286,   1]))
    """
    start = ((1 - fraction) * frames / 2).astype(np.int64)
    return Window(start, frames - 2 * start)


def view_crop(frames: Integers, fraction: tuple[float, float], view: int, *, min_frames: int = 0) -> Window:
    """Return a part of each clip that a training crop could be: the same each time, another for each view.

    Lengths and starts are those of the R2 sequence (Roberts 2018), which fills the range of `random_crop`
    evenly, however many views there are.

    Args:
        frames: (N,) length of each clip.
        fraction: Smallest and largest fraction of the frames.
        view: Number of the view, from 0.
        min_frames: Floor of the length.

    Example:
        >>> [view_crop(np.array([40]), (0.5, 1.0), view) for view in (0, 1)]
        [Window(start=array([5]), length=array([30])), Window(start=array([1]), length=array([25]))]
    """
    uniform = (0.5 + view * np.array([0.7548776662, 0.5698402910])) % 1
    return random_crop(frames, fraction, np.tile(uniform, (len(frames), 1)), min_frames=min_frames)


def random_crop(
    frames: Integers, fraction: tuple[float, float], uniform: NDArray[np.float64], *, min_frames: int = 0
) -> Window:
    """Return a random part of each clip, for training.

    The length is `floor(frames * s)` with `s` uniform in `fraction`, but at least `min_frames` and at
    least 1, and at most the clip; all positions are equally likely. The published feeders use (0.5, 1) and at
    least 64 frames, which takes the whole of every clip below 64 frames.

    Args:
        frames: (N,) length of each clip.
        fraction: Smallest and largest fraction of the frames.
        uniform: (N, 2) random numbers in [0, 1) for length and start.
        min_frames: Floor of the length.

    Example:
        >>> random_crop(np.array([40]), (0.5, 1.0), np.array([[0.5, 0.99]]))
        Window(start=array([10]), length=array([30]))
    """
    low, high = fraction
    length = (frames * (low + (high - low) * uniform[:, 0])).astype(np.int64)
    length = np.minimum(np.maximum(length, max(min_frames, 1)), frames)
    start = (uniform[:, 1] * (frames - length + 1)).astype(np.int64)
    return Window(start, length)
