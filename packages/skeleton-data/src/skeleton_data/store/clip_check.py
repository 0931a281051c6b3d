"""What a clip must be to go into a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.printable import printable
from skeleton_data.store.files import MAX_CLASSES

_MOST = int(np.iinfo(np.int32).max)  # of what the index holds


def check_clip(
    joints: NDArray[Any],
    *,
    name: str,
    facts: Sequence[int],
    layout: SkeletonLayout,
    class_names: Sequence[str],
) -> None:
    """Refuse a clip that a store cannot hold.

    Args:
        joints: Shape (T, M, V, 3).
        name: What it is called.
        facts: Its label, subject, camera, setup and replication, -1 where unknown.
        layout: Skeleton of the store.
        class_names: Name of each label of the store, where known.

    Raises:
        DataError: No name, wrong shape, a number that is not finite, a label without a class name; names
            the clip.
    """
    count = len(layout.joints)
    if joints.ndim != 4 or joints.shape[2:] != (count, 3) or 0 in joints.shape:
        raise DataError(
            f"clip {name!r} has the shape {joints.shape}, expected (frames, bodies, {count}, 3)"
            f" for layout {layout.name!r}"
        )
    if not name:
        raise DataError("a clip has an empty name")
    if printable(name) != name:
        raise DataError(f"clip {name!r} has a control character in its name")
    if facts[0] >= MAX_CLASSES:
        raise DataError(
            f"clip {name!r} has the label {facts[0]}, expected a class number below {MAX_CLASSES}"
        )
    if not -1 <= min(facts) <= max(facts) <= _MOST:
        raise DataError(
            f"clip {name!r} has the facts {tuple(facts)}, expected numbers from 0 to {_MOST} or -1, unknown"
        )
    if not np.isfinite(joints).all():
        frame = int(np.argwhere(~np.isfinite(joints))[0, 0])
        raise DataError(f"clip {name!r} has a number that is not finite in frame {frame}")
    if class_names and facts[0] >= len(class_names):
        raise DataError(
            f"clip {name!r} has the label {facts[0]}, but there are {len(class_names)} class names"
        )
