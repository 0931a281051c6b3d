"""The metrics of a run: metrics.jsonl, and the same values in a tracker."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from accelerate import Accelerator

from skeleton_data import flush_to_disk
from skeleton_lab.errors import writing
from skeleton_lab.runs.folder import RunFolder, Tracker, write_atomically
from skeleton_lab.training.optimizer_step import StepResult
from skeleton_lab.training.plan import Plan


class MetricLog:
    """Writes metrics on the main process.

    Lines of metrics.jsonl hold what recipe, seed and step decide, so that those of a run that was resumed are
    those of one that was never stopped; the speed goes to the tracker alone.

    Args:
        accelerator: Averages values over the processes, and has the tracker.
        folder: Receives metrics.jsonl; its further lines, whose steps are taken again, are dropped.
        plan: Says the steps of an epoch and the clips of a step.
        step: Steps done before.
        lines: Lines of metrics.jsonl after these steps.
        window: Values of those steps that are to be in the next line, from a checkpoint.

    Attributes:
        window: Values (a row for each step) that the next line is the mean of.
        lines: Lines of metrics.jsonl, on the main process.
        latest: Loss and learning rate of the last line, as text for a progress bar.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        folder: RunFolder,
        plan: Plan,
        *,
        step: int,
        lines: int,
        window: Sequence[list[float]],
    ) -> None:
        self.accelerator, self.path, self.plan = accelerator, folder.metrics, plan
        self.window, self.latest = list(window), dict[str, str]()
        self._folder, self._recent = folder, list[StepResult]()
        self._timed_from, self._timed_since = step, time.perf_counter()
        self.lines = 0
        if accelerator.is_main_process:
            self._keep_lines(step, lines)

    def start_tracker(self, tracker: Tracker) -> None:
        """Open a run of the tracker, with the recipe.

        A run that was resumed goes on in TensorBoard; W&B and MLflow show it as another one of the same name.
        """
        path = self._folder.path
        options = {
            "tensorboard": {"purge_step": self._timed_from},
            "wandb": {"name": path.name, "group": path.name, "dir": str(path)},
            "mlflow": {"run_name": path.name},
            "none": {},
        }
        project = "tensorboard" if tracker == "tensorboard" else "skeletonmae"
        recipe = None if tracker == "tensorboard" else self._folder.config
        with writing(path):
            self.accelerator.init_trackers(project, config=recipe, init_kwargs={tracker: options[tracker]})

    def add(self, step: StepResult) -> None:
        """Keep the values of a step for the next line; no process waits for another."""
        self._recent.append(step)

    def gather(self) -> list[tuple[StepResult, list[float]]]:
        """Average the values of the steps since the last call over all processes, for the next line.

        Returns:
            The steps of which a value is not finite, with all values; they are left out of the next line.
        """
        if not self._recent:
            return []
        rows = self.accelerator.reduce(torch.stack([step.values for step in self._recent]), "mean").tolist()
        steps = list(zip(self._recent, rows, strict=True))
        self._recent.clear()
        self.window += [row for _, row in steps if all(map(math.isfinite, row))]
        return [(step, row) for step, row in steps if not all(map(math.isfinite, row))]

    def write_means(self, last: StepResult) -> None:
        """Write the means over the steps since the last such line, of which `last` is the last."""
        done = last.number + 1
        clips = (done - self._timed_from) * self.plan.batch_size
        rate = clips / (time.perf_counter() - self._timed_since)
        if self.window:
            names = (*last.terms, "gradient_norm")
            columns = zip(*self.window, strict=True)
            means = {name: math.fsum(c) / len(c) for name, c in zip(names, columns, strict=True)}
            self.write("train", done, **means, learning_rate=last.learning_rate)
            self.latest = {"loss": f"{means['loss']:.4g}", "rate": f"{last.learning_rate:.2g}"}
        self._track({"train/clips_per_second": rate}, done)
        self.window = []
        self._timed_from, self._timed_since = done, time.perf_counter()

    def write(self, split: str, step: int, /, **values: float) -> None:
        """Write a line of metrics after `step` steps, and the same to the tracker."""
        epoch = round(step / self.plan.steps_per_epoch, 4)
        self.write_line({"step": step, "epoch": epoch, "split": split, **values})
        self._track({f"{split}/{name}": value for name, value in values.items()}, step)
        self._timed_from, self._timed_since = step, time.perf_counter()

    def write_line(self, row: Mapping[str, Any]) -> None:
        """Write a line to metrics.jsonl alone."""
        if self.accelerator.is_main_process:
            with writing(self.path), self.path.open("a") as file:
                file.write(json.dumps(row) + "\n")
            self.lines += 1

    def flush(self) -> None:
        """Wait until metrics.jsonl is on the disk."""
        if self.accelerator.is_main_process:
            flush_to_disk(self.path)

    def close(self) -> None:
        """Close the tracker."""
        with writing(self._folder.path):
            for tracker in self.accelerator.trackers:
                tracker.finish()

    def _track(self, values: Mapping[str, float], step: int) -> None:
        with writing(self._folder.path):
            self.accelerator.log(values, step=step)

    def _keep_lines(self, step: int, count: int) -> None:
        """Drop the lines after a checkpoint; if some before it are missing, say so, and mark the gap."""
        content = self.path.read_bytes() if self.path.exists() else b""
        # What follows the last line break is the rest of a line that a killed run was writing.
        lines = [line for line in content.split(b"\n")[:-1][:count] if _is_row(line)]
        write_atomically(self.path, b"".join(line + b"\n" for line in lines))
        self.lines = len(lines)
        if missing := count - self.lines:
            problem = f"{missing} of {count} lines are missing or damaged"
            print(f"{self.path}: {problem}; the run goes on", file=sys.stderr)
            self.write_line({"step": step, "split": "gap", "missing_lines": missing})


def _is_row(line: bytes) -> bool:
    """Whether a line can be read as metrics."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and isinstance(row.get("step"), int) and isinstance(row.get("split"), str)
