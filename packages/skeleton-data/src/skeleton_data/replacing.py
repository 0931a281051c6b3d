"""Files and folders that are written atomically, and the checksum that tells whether one is whole."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from skeleton_data.errors import DataError, OutputError, writing


def behind_links(path: Path) -> Path:
    """Return where a path leads to: what stands there is replaced, and not a link to it."""
    if path.is_symlink() and not path.exists():
        raise DataError.at(path, f"is a symbolic link to {path.readlink()}, which does not exist")
    return path.resolve()


@contextmanager
def replacing(path: str | Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield a hidden name to write a file under, which takes its place at `path` when all went well.

    After an error, or when the process was killed, what was at `path` before is still there. What a killed
    process left is removed by the next one on this machine that writes to `path`. A folder is never replaced,
    and neither is, without `overwrite`, a file that another process has put there in the meantime.

    Args:
        path: Where the file shall be; of a symbolic link, what it leads to.
        overwrite: Whether a file that is already there may be replaced.

    Raises:
        DataError: `path` exists and may not be replaced, leads nowhere, or its folder does not exist.
        OSError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(f"{folder}/list.txt") as draft:
        ...         _ = draft.write_text("whole")
        ...     Path(folder, "list.txt").read_text()
        'whole'
    """
    path = behind_links(Path(path))
    _clear_leftovers(path)
    if path.is_dir() or (path.exists() and not overwrite):
        raise _taken(path)
    with _draft_of(path, overwrite=overwrite) as draft:
        yield draft


@contextmanager
def replacing_folder(path: str | Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield an empty hidden folder to write into, which takes its place at `path` when all went well.

    A process that is killed leaves what it was writing beside `path`, and the next one on this machine that
    writes to `path` removes it. If it was killed while the old folder stepped aside, that one is put back.

    Args:
        path: Where the folder shall be; of a symbolic link, what it leads to.
        overwrite: Whether a folder that has something in it may be replaced.

    Raises:
        DataError: `path` exists and may not be replaced, leads nowhere, or its own folder does not exist.
        OSError: The folder cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing_folder(f"{folder}/model") as draft:
        ...         _ = (draft / "config.json").write_text("{}")
        ...     [file.name for file in Path(folder, "model").iterdir()]
        ['config.json']
    """
    path = behind_links(Path(path))
    _clear_leftovers(path)
    if path.exists() and not (path.is_dir() and (overwrite or not any(path.iterdir()))):
        raise _taken(path)
    with _draft_of(path, overwrite=overwrite) as draft:
        shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed and had the same number
        draft.mkdir()
        yield draft


@contextmanager
def _draft_of(path: Path, *, overwrite: bool) -> Iterator[Path]:
    if not path.parent.is_dir():
        raise DataError.at(path, f"there is no folder {path.parent}")
    draft = path.with_name(f"{_drafts_of(path)}{os.getpid()}{path.suffix}")
    try:
        try:
            yield draft
        except OSError as error:
            # The system says which file it could not open, but not which it could not write to; a copy that
            # fails names what it read, and then what it wrote.
            wrote = error.filename if error.filename2 is None else error.filename2
            if wrote is None or Path(wrote).is_relative_to(draft):
                raise OutputError(error.errno, error.strerror or str(error), str(path)) from error
            raise
        with writing(path):
            put_in_place(draft, path, overwrite=overwrite)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            with suppress(OSError):  # of a read-only file system, which has said so already
                draft.unlink(missing_ok=True)


def _drafts_of(path: Path) -> str:
    """Return how names of drafts of `path` begin: the host is in them, since others may share the disk."""
    host = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
    return f".{path.stem}.partial-{host}-"


def _clear_leftovers(path: Path) -> None:
    """Remove what killed processes of this host left, and put back an old folder that had stepped aside."""
    if sys.platform == "win32" or not path.parent.is_dir():
        return  # Windows cannot be asked about a process without ending it.
    begin = _drafts_of(path)
    for left in [each for each in path.parent.iterdir() if each.name.startswith(begin)]:
        number, dot, end = left.name.removeprefix(begin).removesuffix(_OLD).partition(".")
        if dot + end != path.suffix or not number.isdecimal() or _is_alive(int(number)):
            continue
        if left.name.endswith(_OLD) and not path.exists():
            left.replace(path)
        elif left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # of another user, or no number of a process
    return True


_OLD = "-old"


def put_in_place(draft: Path, path: Path, *, overwrite: bool = True) -> None:
    """Rename a file or folder to `path` once all of it is on the disk, and replace what was there.

    Its files can be read by whom the umask lets read new files; safetensors keeps them to their owner.

    Args:
        draft: The file or folder.
        path: Where it shall be.
        overwrite: Whether what is there by now may be replaced; an empty folder always may.

    Raises:
        DataError: Something is there, and may not be replaced.
        OSError: It cannot be done; what was at `path` is there again.
    """
    os.umask(umask := os.umask(0o077))
    for part in (*draft.rglob("*"), draft):
        if part.is_file():
            part.chmod(part.stat().st_mode | 0o666 & ~umask)
        flush_to_disk(part)
    if not overwrite:
        _put_in_free_place(draft, path)
    elif path.is_dir() and any(path.iterdir()):
        # A folder cannot be renamed onto one that is not empty: the old one steps aside for that moment.
        aside = draft.with_name(f"{draft.name}{_OLD}")
        path.replace(aside)
        try:
            draft.replace(path)
        except OSError:
            aside.replace(path)
            raise
        shutil.rmtree(aside)
    else:
        draft.replace(path)
    flush_to_disk(path.parent)


def _put_in_free_place(draft: Path, path: Path) -> None:
    """Rename a file or folder to a path where nothing is; the system itself refuses one that is taken."""
    try:
        if draft.is_dir():
            draft.replace(path)
        else:
            path.hardlink_to(draft)
            draft.unlink()
    except OSError as error:
        if error.errno in _TAKEN or path.exists():
            raise _taken(path) from error
        if draft.is_dir():
            raise
        draft.replace(path)  # a file system without links


_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def _taken(path: Path) -> DataError:
    return DataError.at(path, "exists; it will not be replaced")


def flush_to_disk(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    if sys.platform == "win32" and path.is_dir():
        return  # Windows has no such call for folders.
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
