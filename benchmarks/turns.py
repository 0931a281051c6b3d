"""Several ways of doing the same, timed in turns."""

import ctypes
import sys
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch.nn import functional as F


def take_turns(
    ways: Mapping[str, Callable[[], object]], rounds: int, *, device: str = "cpu"
) -> dict[str, np.ndarray]:
    """Seconds (rounds,) that each way took; a round is one turn of each, in a changing order.

    It is the time of the clock; with one thread on a CPU that of the process, so that others count less.
    """
    clock = time.process_time if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    random = np.random.default_rng(0)
    for _ in range(rounds):
        for name in random.permutation(list(ways)):
            wait_for(device)
            start = clock()
            ways[name]()
            wait_for(device)
            seconds[name].append(clock() - start)
    return {name: np.array(turns) for name, turns in seconds.items()}


def speedup(theirs: np.ndarray, ours: np.ndarray) -> str:
    """How many times faster ours is: ratio of medians, and 10 % to 90 % of the rounds."""
    low, high = np.quantile(theirs / ours, [0.1, 0.9])
    return f"{np.median(theirs) / np.median(ours):.2f}x ({low:.2f} to {high:.2f})"


def in_precision(precision: str, device: str, way: Callable[[], object]) -> Callable[[], object]:
    """The same under autocast, if it is not float32."""
    half = precision != "float32"
    return torch.autocast(device, dtype=getattr(torch, precision), enabled=half)(way)


def wait_for(device: str) -> None:
    """Kernels of a GPU run on while Python does."""
    if device == "cuda":
        torch.cuda.synchronize()


def matmul_peak(dtype: torch.dtype, device: str, rounds: int = 20) -> float:
    """FLOP/s of the fastest of some large matrix products, or of 1x1 convolutions of the same size.

    torch hands the two to different libraries, whose speeds differ twofold on some processors.
    """
    size = 8192 if device == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    images = a.view(16, 1, size // 16, size).permute(0, 3, 1, 2)
    ways = {"product": lambda: a @ b, "convolution": lambda: F.conv2d(images, b[:, :, None, None])}
    return float(2 * size**3 / min(times.min() for times in take_turns(ways, rounds, device=device).values()))


def keep_freed_memory() -> None:
    """Keep freed memory for the next step, as the apps do (glibc): else large tensors are faulted anew."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        for parameter in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
            libc.mallopt(parameter, 1 << 30)
