"""A scheduler's wish that a run end."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator

AGREE_STEPS = 8
"""Steps after which several processes ask one another: each time they wait for each other."""


class Interruption:
    """Notes SIGTERM, so that the run can end itself behind a checkpoint; a second one ends it at once.

    Only for the main thread of a program; elsewhere nothing is noted.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self._noted, self._before = False, None

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before: Any = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def told(self, done: int) -> bool:
        """Whether any process was told to end, so that all do after `done` steps."""
        if self.accelerator.num_processes == 1:
            return self._noted
        if done % AGREE_STEPS:
            return False
        noted = torch.tensor(float(self._noted), device=self.accelerator.device)
        return bool(self.accelerator.reduce(noted, "sum"))

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted = True
        signal.signal(signal.SIGTERM, self._before)
