"""What to do with input that cannot be used: stop, or leave it out and keep a list."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from skeleton_data.errors import DataError, writing

OnError = Literal["stop", "skip"]


class Problems:
    """Takes note of what cannot be used.

    Args:
        on_error: "stop" raises the first problem; "skip" notes it and lets the caller go on.
        report: File that `write` lists the problems in.
    """

    def __init__(self, on_error: OnError, report: Path) -> None:
        self.found: list[str] = []
        self._on_error, self._report = on_error, report

    def add(self, problem: str) -> None:
        """Note a problem.

        Raises:
            DataError: The problem, if problems are to stop.
        """
        if self._on_error == "stop":
            raise DataError(problem)
        self.found.append(problem)

    def write(self) -> None:
        """Write the report, one problem a line; without any, remove the report of an earlier run."""
        with writing(self._report):
            self._write()

    def _write(self) -> None:
        if self.found:
            self._report.write_text("".join(f"{problem}\n" for problem in self.found), encoding="utf-8")
        else:
            self._report.unlink(missing_ok=True)
