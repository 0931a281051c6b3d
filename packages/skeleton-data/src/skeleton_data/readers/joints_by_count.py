"""Which joints data has that does not name them: as the options say, or by their number where that tells."""

from __future__ import annotations

from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names
from skeleton_data.readers.config import ImportConfig


def layout_of(count: int, config: ImportConfig, path: Path) -> SkeletonLayout:
    """Return the layout of data with `count` joints: `config.layout` if it has as many, else the only one.

    Raises:
        DataError: No layout or several have so many joints; names them.

    Example:
        >>> layout_of(33, ImportConfig(), Path("a.npy")).name
        'mediapipe33'
        >>> layout_of(25, ImportConfig(layout="ntu"), Path("a.npy")).name
        'ntu'
    """
    if config.layout is not None and len(layout(config.layout).joints) == count:
        return layout(config.layout)
    known = [name for name in layout_names() if len(layout(name).joints) == count]
    if len(known) == 1:
        return layout(known[0])
    found = f"the layouts {' and '.join(known)} have as many" if known else "no layout has as many"
    raise DataError.at(path, f"its {count} joints have no names, and {found}: say layout")
