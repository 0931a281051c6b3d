"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skeleton_data.errors import DataError


@contextmanager
def replacing(path: str | Path, *, overwrite: bool = True) -> Iterator[Path]:
    """A hidden name to write a file or folder under, which takes its place at ``path`` when all went well.

    After an error, or when the process was killed, what was at ``path`` before is still there. A folder is
    never replaced.

    Args:
        path: where the file or folder shall be.
        overwrite: whether a file that is already there may be replaced.

    Raises:
        DataError: ``path`` exists and may not be replaced, or its folder does not exist.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(f"{folder}/list.txt") as draft:
        ...         _ = draft.write_text("whole")
        ...     Path(folder, "list.txt").read_text()
        'whole'
    """
    path = Path(path).absolute()
    if path.is_dir() or (path.exists() and not overwrite):
        raise DataError.at(path, "exists; it will not be replaced")
    if not path.parent.is_dir():
        raise DataError.at(path, f"there is no folder {path.parent}")
    draft = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    try:
        yield draft
        draft.replace(path)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink(missing_ok=True)
