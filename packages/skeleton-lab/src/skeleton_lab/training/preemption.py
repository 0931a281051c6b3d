"""A request that the run end, by a scheduler's SIGTERM."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator

AGREE_STEPS = 8
"""Steps after which several processes ask one another: each time they wait for each other."""
ONE_REQUEST = 5.0
"""Seconds in which signals count as one: a scheduler signals all processes, and then so does the launcher."""

Handler = Callable[[int, FrameType | None], Any] | int | None


class Interruption:
    """Notes SIGTERM, so that the run can save a checkpoint and end; a later one ends it at once.

    It works in the main thread of a program alone, which is where Python handles signals.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self._since = 0.0
        self._before: Handler = None

    def __enter__(self) -> Interruption:
        """Watch for SIGTERM."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._note)
            _hear_of_launcher()
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the handler that was there before."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def should_stop(self, step: int) -> bool:
        """Whether any process was told to end, so that all of them do after `step` steps."""
        if self.accelerator.num_processes == 1:
            return bool(self._since)
        if step % AGREE_STEPS:
            return False
        noted = torch.tensor(float(bool(self._since)), device=self.accelerator.device)
        return bool(self.accelerator.reduce(noted, "sum"))

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._since and time.monotonic() - self._since > ONE_REQUEST:
            signal.signal(signal.SIGTERM, self._before)
            signal.raise_signal(signal.SIGTERM)
        self._since = self._since or time.monotonic()


def _hear_of_launcher() -> None:
    """Have SIGTERM sent when `accelerate launch` is gone: it tells several processes to end, but not one."""
    if sys.platform == "linux" and b"accelerate" in Path(f"/proc/{os.getppid()}/cmdline").read_bytes():
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)  # PR_SET_PDEATHSIG
