"""Who is in view: a body whose joints do not all lie at one point."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

Joints = NDArray[np.float32]


def in_view(bodies: Joints, *, picture: bool = False) -> NDArray[np.bool_]:
    """Return which bodies are there.

    A body is not there if all its joints are zero or NaN, or if several were measured and all lie in one
    point, as trackers report a body that they have lost.

    Args:
        bodies: (..., V, 3).
        picture: Whether they are x, y and how sure the detector is.

    Returns:
        (...), a truth value for each body.

    Example:
        >>> body = np.zeros((3, 4, 3))  # three bodies of four joints
        >>> body[1], body[2, 0] = 1.5, 1.5
        >>> in_view(body)
        array([False, False,  True])
    """
    coordinates = bodies[..., :2] if picture else bodies
    measured = bodies if np.isfinite(bodies).all() else np.nan_to_num(bodies)
    there = _any_coordinate(measured != 0)  # (..., V)
    first = np.take_along_axis(coordinates, there.argmax(axis=-1)[..., None, None], axis=-2)
    apart = (_any_coordinate(coordinates != first) & there).any(axis=-1)
    return np.asarray(there.any(axis=-1) & (apart | (there.sum(axis=-1) == 1)))


def _any_coordinate(each: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `each.any(axis=-1)`, which takes several times as long where the last axis is short."""
    some: NDArray[np.bool_] = reduce(np.logical_or, (each[..., c] for c in range(each.shape[-1])))
    return some


def those_in_view(clip: Joints, *, picture: bool = False) -> Joints | None:
    """Return a clip without the bodies that never come, zero in frames in which a body was not measured.

    Whoever comes alone is in the first place then, as in the clips of a training. Frames in which a body that
    comes later lies in one point stay as they are, because those of a training do, too.

    Args:
        clip: (T, M, V, 3).
        picture: See `in_view`.

    Returns:
        (T, M', V, 3), or None of nobody.

    Example:
        >>> clip = np.zeros((4, 2, 25, 3))
        >>> clip[:, 1] = np.arange(25)[:, None]
        >>> those_in_view(clip).shape, those_in_view(clip * 0 + 1.5)
        ((4, 1, 25, 3), None)
    """
    there = in_view(clip, picture=picture)
    if not there.any():
        return None
    measured = np.nan_to_num(clip).any(axis=(-2, -1), keepdims=True)  # (T, M, 1, 1)
    return np.where(measured, clip, 0)[:, there.any(axis=0)]
