"""Worker processes that do runs side by side, a core each, and share the terminal."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context, parent_process
from typing import Any, ParamSpec, TypeVar

from tqdm import tqdm

from skeleton_data import spell_options
from skeleton_lab.errors import Interrupted

Given = ParamSpec("Given")
Result = TypeVar("Result")

_line = 1
_part_of_many = False
_interrupted = False


@contextmanager
def worker_pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of fresh processes, each with one thread and a line of the terminal of its own.

    Where there are several GPUs, each process sees one of them. After an error, runs that have not begun are
    left out.

    On small models several single-threaded runs get more done than one run on all cores.

    Raises:
        Interrupted: In the place of Ctrl-C, when the runs have ended.
    """
    context = get_context("spawn")
    pool = ProcessPoolExecutor(
        processes,
        mp_context=context,
        initializer=_begin,
        initargs=(context.RLock(), context.Value("i", 0), visible_devices()),
    )
    try:
        yield pool
    except KeyboardInterrupt:
        pool.shutdown(cancel_futures=True)
        again = "the same command continues from the last checkpoints"
        raise Interrupted(f"the study was interrupted; {again}") from None
    finally:
        pool.shutdown(cancel_futures=True)


def visible_devices() -> tuple[str, ...]:
    """Return the GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them."""
    import torch

    if not torch.cuda.is_available():
        return ()
    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return tuple(named or map(str, range(torch.cuda.device_count())))


def device_of(worker: int, devices: Sequence[str]) -> str:
    """Return the GPU of a worker: they are dealt out in turn.

    Example:
        >>> [device_of(worker, ("0", "1")) for worker in (1, 2, 3)]
        ['0', '1', '0']
    """
    return devices[(worker - 1) % len(devices)]


def submit(
    pool: ProcessPoolExecutor, perform: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
) -> Future[Result]:
    """Give a task to the workers, which Ctrl-C reaches too: it ends the task, and not the worker."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # new workers inherit it
    try:
        return pool.submit(_interruptible, partial(perform, *args, **kwargs))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _interruptible(perform: Callable[[], Result]) -> Result:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if _interrupted:
            raise KeyboardInterrupt
        return perform()
    finally:
        signal.signal(signal.SIGINT, _note_interrupt)


def _note_interrupt(*_: object) -> None:
    """Note Ctrl-C between tasks, or while libraries are imported, so that no further task begins."""
    global _interrupted
    _interrupted = True


def is_first_process() -> bool:
    """Whether this is the first, or the only, of the processes of `accelerate launch`."""
    return int(os.environ.get("RANK", "0")) == 0


def tell_notes(program: str, notes: Iterable[str]) -> None:
    """Print what is to be known of a run on the standard error stream.

    Workers and other processes do not, nor does a run that is one of many, whose table says it.
    """
    if is_first_process() and parent_process() is None and not _part_of_many:
        for note in notes:
            print(f"{program}: note: {spell_options(note, space='_')}", file=sys.stderr)


@contextmanager
def silent_notes() -> Iterator[None]:
    """Let a run in this process be as silent as one in a worker."""
    global _part_of_many
    before, _part_of_many = _part_of_many, True
    try:
        yield
    finally:
        _part_of_many = before


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


def _begin(lock: Any, started: Any, devices: Sequence[str]) -> None:
    global _line
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, _note_interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.environ["OMP_NUM_THREADS"] = "1"
    with started.get_lock():
        started.value += 1
        _line = started.value
    if len(devices) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = device_of(_line, devices)
    keep_freed_memory()
    import torch

    torch.set_num_threads(1)
    tqdm.set_lock(lock)


def _end_with_parent() -> None:
    """End when the program that began this worker is gone; runs resume from their checkpoints."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
