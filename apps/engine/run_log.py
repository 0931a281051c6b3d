"""What a run tells while it goes: progress bar, metrics.jsonl, tracker."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor
from tqdm import tqdm

from engine.run_folder import RunFolder, write_atomically
from engine.training import Plan

Batch = TypeVar("Batch")


class RunLog:
    """Makes the run folder, and tells the progress of the run on the main process.

    Args:
        accelerator: Knows the main process and the tracker.
        folder: Receives metrics.jsonl; lines after step `start`, which are run again, are dropped.
        plan: Steps and batch size.
        start: Steps done before, 0 in a new run.
        log_steps: Steps between two lines.
        bar: Options of tqdm, such as `{"disable": True}` or `{"position": 1, "leave": False}`.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        folder: RunFolder,
        plan: Plan,
        *,
        start: int,
        log_steps: int,
        bar: Mapping[str, Any],
    ) -> None:
        self.accelerator, self.path, self.plan, self.log_steps = accelerator, folder.metrics, plan, log_steps
        self.done = start
        self._losses: list[Tensor] = []
        self._since = time.perf_counter()
        if accelerator.is_main_process:
            folder.create()
            before = self.path.read_text() if self.path.exists() else ""
            # What follows the last line break is the rest of a line that a killed run was writing.
            kept = [line for line in before.split("\n")[:-1] if self._stays(json.loads(line))]
            write_atomically(self.path, "".join(f"{line}\n" for line in kept).encode())
        accelerator.wait_for_everyone()
        if accelerator.log_with:
            accelerator.init_trackers("tensorboard")
        self._bar = tqdm(
            **{
                "total": plan.steps * plan.batch_size,
                "initial": start * plan.batch_size,
                "unit": "clip",
                "desc": folder.path.name,
                "dynamic_ncols": True,
                **bar,
                "disable": bar.get("disable", False) or not accelerator.is_main_process,
            }
        )

    def steps(self, batches: Iterable[Batch]) -> Iterator[tuple[int, Batch]]:
        """Number the batches of the steps that are left, under a progress bar."""
        with self._bar:
            for batch in batches:
                yield self.done, batch

    def trained(self, loss: Tensor, *, learning_rate: float, **terms: Tensor) -> int:
        """Note a step's loss and its terms (means over this process's share); return the steps done.

        Raises:
            FloatingPointError: If the loss is not finite; looked at when a line is written.
        """
        self.done += 1
        self._losses.append(torch.stack([loss.detach(), *terms.values()]))
        self._bar.update(self.plan.batch_size)
        if self.done % self.log_steps == 0 or self.plan.ends_period(self.done):
            means = self.accelerator.reduce(torch.stack(self._losses).mean(dim=0), "mean").tolist()
            mean, parts = means[0], dict(zip(terms, means[1:], strict=True))
            if not math.isfinite(mean):
                raise FloatingPointError(
                    f"the loss is {mean} by step {self.done}, at a learning rate of {learning_rate:g}"
                )
            rate = len(self._losses) * self.plan.batch_size / (time.perf_counter() - self._since)
            told = {"learning_rate": learning_rate, "clips_per_second": round(rate, 1)}
            self.record("train", loss=mean, **parts, **told)
            self._bar.set_postfix(loss=f"{mean:.4g}", refresh=False)
            self._losses.clear()
            self._since = time.perf_counter()
        return self.done

    def record(self, split: str, **values: float) -> None:
        """Write a line of metrics, and the same to the tracker."""
        epoch = round(self.done / self.plan.steps_per_epoch, 4)
        if self.accelerator.is_main_process:
            row = {"step": self.done, "epoch": epoch, "split": split, **values}
            with self.path.open("a") as file:
                file.write(json.dumps(row) + "\n")
        self.accelerator.log({f"{split}/{name}": value for name, value in values.items()}, step=self.done)
        self._since = time.perf_counter()

    def _stays(self, row: dict[str, Any]) -> bool:
        """Whether a line of a run that is resumed tells of something that is not done again."""
        return row["step"] <= self.done and row["split"] != "test"

    def close(self) -> None:
        """Close the tracker; the processes stay together, for the next run of the same program."""
        for tracker in self.accelerator.trackers:
            tracker.finish()
