"""Keyframes joined by minimum-jerk segments, the way a hand travels between two places.

Reference: Flash and Hogan, "The coordination of arm movements", Journal of Neuroscience, 1985.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Key = tuple[float, Sequence[float]]
"""A time in seconds and the values a channel has then."""


def minimum_jerk(phase: Floats) -> Floats:
    """Return the fraction of the way covered at each phase, with zero velocity and acceleration at both ends.

    Args:
        phase: Fraction of the time gone, between 0 and 1, any shape.

    Returns:
        Fraction of the way, the same shape.

    Example:
        >>> minimum_jerk(np.array([0.0, 0.5, 1.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return phase**3 * (10.0 - 15.0 * phase + 6.0 * phase**2)


def segments(times: Sequence[float], at: Floats, ease: float = 1.0) -> tuple[NDArray[np.intp], Floats]:
    """Return which two keyframes each moment lies between, and how far it has come.

    Args:
        times: `(keys,)` times of the keys in seconds, increasing, at least two.
        at: `(T,)` moments in seconds. Before the first key and after the last the channel stands still.
        ease: Exponent on the phase: above 1 a movement starts late, below 1 early.

    Returns:
        `(T,)` number of the earlier key, and `(T,)` fraction of the way to the next one.

    Example:
        >>> index, fraction = segments([0.0, 1.0, 3.0], np.array([0.5, 2.0, 9.0]))
        >>> index.tolist(), fraction.tolist()
        ([0, 1, 1], [0.5, 0.5, 1.0])
    """
    knots = np.asarray(times, dtype=np.float64)
    index = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    phase = np.clip((at - knots[index]) / np.maximum(knots[index + 1] - knots[index], 1e-9), 0.0, 1.0)
    return index, minimum_jerk(phase**ease)


def interpolate(keys: Sequence[Key], at: Floats, ease: float = 1.0) -> Floats:
    """Return the value of a channel at each moment.

    Args:
        keys: Keyframes in order of time, at least two, all with `D` values.
        at: `(T,)` moments in seconds.
        ease: See `segments`.

    Returns:
        `(T, D)` values.

    Example:
        >>> interpolate([(0.0, [0.0]), (1.0, [2.0])], np.array([0.0, 0.5, 1.0])).ravel().tolist()
        [0.0, 1.0, 2.0]
    """
    index, fraction = segments([time for time, _ in keys], at, ease)
    values = np.asarray([value for _, value in keys], dtype=np.float64)
    return values[index] + fraction[:, None] * (values[index + 1] - values[index])
