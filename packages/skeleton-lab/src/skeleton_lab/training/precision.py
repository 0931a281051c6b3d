"""A warning where bfloat16 is slower than float32, as on a CPU that has no instructions for it."""

from __future__ import annotations

import time

import torch

SLOW = 2.0  # times the time in float32


def bfloat16_time(size: int = 192) -> float:
    """Time of a matrix product in bfloat16 on this CPU, as a multiple of that in float32.

    Args:
        size: Rows and columns of both matrices.

    Example:
        >>> bfloat16_time() > 0
        True
    """
    times = {}
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.ones(size, size, dtype=dtype)
        _ = matrix @ matrix  # the first one is slower
        times[dtype] = min(_seconds(matrix) for _ in range(3))
    return times[torch.bfloat16] / times[torch.float32]


def slow_bfloat16() -> str | None:
    """Return a warning where bfloat16 takes longer than `SLOW` times float32 on this CPU, else None."""
    if (times := bfloat16_time()) < SLOW:
        return None
    return (
        f"training.precision is bf16, but on this CPU a product in bfloat16 takes {times:.0f} times as long "
        "as in float32; set --training.precision no"
    )


def _seconds(matrix: torch.Tensor) -> float:
    start = time.perf_counter()
    _ = matrix @ matrix
    return time.perf_counter() - start
