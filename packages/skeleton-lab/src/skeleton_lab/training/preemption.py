"""A scheduler's wish that a run end."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator

AGREE_STEPS = 8
"""Steps after which several processes ask one another: each time they wait for each other."""
ONE_WISH = 5.0
"""Seconds: a scheduler that tells all processes, the launcher too, has each told twice."""


class Interruption:
    """Notes SIGTERM, so that the run can end itself behind a checkpoint; a later one ends it at once.

    Only for the main thread of a program; elsewhere nothing is noted.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self._since, self._before = 0.0, None

    def __enter__(self) -> Interruption:
        """Watch for SIGTERM."""
        if threading.current_thread() is threading.main_thread():
            self._before: Any = signal.signal(signal.SIGTERM, self._note)
            _hear_of_launcher()
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the handler that was there before."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def told(self, done: int) -> bool:
        """Whether any process was told to end, so that all do after `done` steps."""
        if self.accelerator.num_processes == 1:
            return bool(self._since)
        if done % AGREE_STEPS:
            return False
        noted = torch.tensor(float(bool(self._since)), device=self.accelerator.device)
        return bool(self.accelerator.reduce(noted, "sum"))

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._since and time.monotonic() - self._since > ONE_WISH:
            signal.signal(signal.SIGTERM, self._before)
            signal.raise_signal(signal.SIGTERM)
        self._since = self._since or time.monotonic()


def _hear_of_launcher() -> None:
    """Have SIGTERM sent when `accelerate launch` is gone: it tells several processes to end, but not one."""
    if sys.platform == "linux" and b"accelerate" in Path(f"/proc/{os.getppid()}/cmdline").read_bytes():
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)  # PR_SET_PDEATHSIG
