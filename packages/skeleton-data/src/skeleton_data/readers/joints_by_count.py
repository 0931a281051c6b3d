"""Which layout data has: by the names of its joints, by the options, or by their number where that tells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_names import joint_keys
from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names
from skeleton_data.readers.config import ImportConfig

ALWAYS_NAMED = {"hik", "vicon39"}
"""Layouts of files, BVH and C3D, that name their joints."""


def layout_of(count: int, config: ImportConfig, path: Path) -> SkeletonLayout:
    """Return the layout of data with `count` joints: as `config` says, else the only one with as many.

    `source_layout` must have as many; `layout`, that of the store, counts if it has. Layouts whose files
    always name their joints do not count.

    Raises:
        DataError: No layout or several have so many joints; names them.

    Example:
        >>> layout_of(33, ImportConfig(), Path("a.npy")).name
        'mediapipe33'
        >>> layout_of(25, ImportConfig(layout="ntu"), Path("a.npy")).name
        'ntu'
    """
    if config.source_layout is not None:
        said = layout(config.source_layout)
        if len(said.joints) != count:
            raise DataError.at(
                path, f"it has {count} joints, but source_layout {said.name} has {len(said.joints)}"
            )
        return said
    if config.layout is not None and len(layout(config.layout).joints) == count:
        return layout(config.layout)
    unnamed = [name for name in layout_names() if name not in ALWAYS_NAMED]
    known = [name for name in unnamed if len(layout(name).joints) == count]
    if len(known) == 1:
        return layout(known[0])
    found = f"the layouts {' and '.join(known)} have as many" if known else "no layout has as many"
    raise DataError.at(path, f"its {count} joints have no names, and {found}; give the option source_layout")


def layout_of_names(names: Sequence[str]) -> SkeletonLayout | None:
    """Return the layout that has just these joints, however they are spelled and ordered.

    Example:
        >>> layout_of_names(["Nose", "Tail"]) is None
        True
    """
    keys = set(joint_keys(names))
    layouts = map(layout, layout_names())
    return next((each for each in layouts if set(joint_keys(each.joints)) == keys), None)
