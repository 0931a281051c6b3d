"""Libraries that only some formats need: imported when such a file is read."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from skeleton_data.errors import DataError


def needed(module: str, extra: str, path: Path) -> Any:
    """Import a module that reading `path` needs.

    Raises:
        DataError: It is not installed; names the extra that brings it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise DataError.at(
            path, f"reading it needs {module.split('.')[0]}: pip install 'skeleton-data[{extra}]'"
        ) from None
