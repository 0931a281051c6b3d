"""A request that the run end: a scheduler's SIGTERM, or Ctrl-C."""

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
    """Notes SIGTERM and Ctrl-C, so that the run can save a checkpoint and end; a second one ends it at once.

    It works in the main thread of a program alone, which is where Python handles signals. A program that was
    started with Ctrl-C ignored, as the shell starts those behind `&` in a script, goes on ignoring it.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self._since = 0.0
        self._before: dict[int, Handler] = {}

    def __enter__(self) -> Interruption:
        """Watch for signals."""
        if threading.current_thread() is threading.main_thread():
            signals = (signal.SIGTERM, signal.SIGINT)
            heard = [number for number in signals if not _ignored(number)]
            self._before = {number: signal.signal(number, self._note) for number in heard}
            _hear_of_launcher()
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the handlers that were there before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def should_stop(self, step: int) -> bool:
        """Whether any process was told to end, so that all of them do after `step` steps."""
        if self.accelerator.num_processes == 1:
            return bool(self._since)
        if step % AGREE_STEPS:
            return False
        noted = torch.tensor(float(bool(self._since)), device=self.accelerator.device)
        return bool(self.accelerator.reduce(noted, "sum"))

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The launcher of several processes passes Ctrl-C on; that of one process leaves it to the terminal.
        pressed_again = number == signal.SIGINT and self.accelerator.num_processes == 1
        if self._since and (pressed_again or time.monotonic() - self._since > ONE_REQUEST):
            self.__exit__()
            signal.raise_signal(number)
        self._since = self._since or time.monotonic()


def _ignored(number: int) -> bool:
    return number == signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN


def _hear_of_launcher() -> None:
    """Have SIGTERM sent when `accelerate launch` is gone: it tells several processes to end, but not one."""
    if sys.platform == "linux" and b"accelerate" in Path(f"/proc/{os.getppid()}/cmdline").read_bytes():
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)  # PR_SET_PDEATHSIG
