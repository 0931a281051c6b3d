"""Worker processes that do runs side by side, a core each, and share the terminal."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from typing import Any

from tqdm import tqdm

_line = 1


def worker_pool(processes: int) -> ProcessPoolExecutor:
    """A pool of fresh processes, each with one thread and a line of the terminal of its own.

    On small models several single-threaded runs get more done than one run on all cores.
    """
    context = get_context("spawn")
    return ProcessPoolExecutor(
        processes,
        mp_context=context,
        initializer=_begin,
        initargs=(context.RLock(), context.Value("i", 0)),
    )


def is_first_process() -> bool:
    """Whether this is the first, or the only, of the processes of `accelerate launch`."""
    return int(os.environ.get("RANK", "0")) == 0


def progress_line() -> Mapping[str, Any]:
    """Options of tqdm for a run in this worker; the first line is left to whoever waits for the workers."""
    return {"position": _line, "leave": False}


def keep_freed_memory() -> None:
    """Keep freed memory for the next step instead of returning it to the system (glibc only).

    By default every tensor above 32 MB is mapped and faulted anew in each step.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        for parameter in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
            if hasattr(libc, "mallopt"):
                libc.mallopt(parameter, 1 << 30)


def _begin(lock: Any, started: Any) -> None:
    global _line
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches workers too; a run that trains handles it
    os.environ["OMP_NUM_THREADS"] = "1"
    keep_freed_memory()
    import torch

    torch.set_num_threads(1)
    tqdm.set_lock(lock)
    with started.get_lock():
        started.value += 1
        _line = started.value


def _end_with_parent() -> None:
    """End when the program that began this worker is gone; runs resume from their checkpoints."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
