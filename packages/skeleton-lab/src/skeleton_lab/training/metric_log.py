"""What a run tells while it goes: progress bar, metrics.jsonl, tracker."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from tqdm import tqdm

from skeleton_data import flush_to_disk
from skeleton_lab.data.clips import Clips, clip_names
from skeleton_lab.errors import NotFiniteError, writing
from skeleton_lab.runs.folder import RunFolder, write_atomically
from skeleton_lab.training.optimizer_step import Step
from skeleton_lab.training.plan import Plan, TrainingRecipe
from skeleton_lab.training.trackers import begin_tracking

Batch = TypeVar("Batch")


class RunLog:
    """Makes the run folder, and tells the progress of the run on the main process.

    Lines of metrics.jsonl hold what recipe, seed and step decide, so that those of a run that was resumed are
    those of one that was never stopped; speed is told by bar and tracker.

    Args:
        accelerator: Knows the main process and the tracker.
        folder: Receives metrics.jsonl; lines after the checkpoint, whose steps are run again, are dropped.
        plan: Steps and batch size.
        recipe: Steps between two lines, what follows a loss that is not finite, the tracker.
        clips: What is trained on, for the names in messages.
        state: Of a checkpoint: `step`, the steps done before, in how many `seconds`, and `log`, values of
            those that are to be in the next line.
        bar: Options of tqdm, such as `{"disable": True}` or `{"position": 1, "leave": False}`.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        folder: RunFolder,
        plan: Plan,
        recipe: TrainingRecipe,
        clips: Clips,
        *,
        state: Mapping[str, Any],
        bar: Mapping[str, Any],
    ) -> None:
        self.accelerator, self.path, self.plan = accelerator, folder.metrics, plan
        self.training, self.clips, self.done = recipe.training, clips, state["step"]
        self._window, self._steps = list(state["log"]), list[Step]()
        self._since, self._first = time.perf_counter(), self.done
        self._began = self._since - state["seconds"]
        if accelerator.is_main_process:
            folder.create()
            folder.hold()
            before = self.path.read_text() if self.path.exists() else ""
            # What follows the last line break is the rest of a line that a killed run was writing.
            kept = [line for line in before.split("\n")[:-1] if self._stays(json.loads(line))]
            write_atomically(self.path, "".join(f"{line}\n" for line in kept).encode())
        accelerator.wait_for_everyone()
        with writing(folder.path):
            begin_tracking(accelerator, recipe.run.tracker, folder, start=self.done)
        self._folder = folder
        self._bar = tqdm(
            **{
                "total": plan.steps * plan.batch_size,
                "initial": self.done * plan.batch_size,
                "unit": "clip",
                "desc": folder.path.name,
                "dynamic_ncols": True,
                **bar,
                "disable": bar.get("disable", False) or not accelerator.is_main_process,
            }
        )

    @property
    def seconds(self) -> float:
        """Time that the run has taken, all its parts together, if it was interrupted."""
        return round(time.perf_counter() - self._began, 1)

    def steps(self, batches: Iterable[Batch]) -> Iterator[tuple[int, Batch]]:
        """Number the batches of the steps that are left, under a progress bar."""
        with self._bar:
            for batch in batches:
                yield self.done, batch

    def trained(self, step: Step) -> int:
        """Note a step; return the steps done.

        Raises:
            NotFiniteError: If the loss or gradient of a step is not finite, and training is to stop then;
                looked at when a line is written, and before every checkpoint.
        """
        self.done += 1
        self._steps.append(step)
        self._bar.update(self.plan.batch_size)
        if self.done % self.training.log_steps == 0 or self.plan.ends_period(self.done):
            rate = (self.done - self._first) * self.plan.batch_size / (time.perf_counter() - self._since)
            self._gather()
            if self._window:
                names = (*step.terms, "gradient_norm")
                columns = zip(*self._window, strict=True)
                means = {name: math.fsum(c) / len(c) for name, c in zip(names, columns, strict=True)}
                self.record("train", **means, learning_rate=step.learning_rate)
                self._bar.set_postfix(
                    loss=f"{means['loss']:.4g}", rate=f"{step.learning_rate:.2g}", refresh=False
                )
            self._track({"train/clips_per_second": rate})
            self._window.clear()
            self._since, self._first = time.perf_counter(), self.done
        return self.done

    def record(self, split: str, **values: float) -> None:
        """Write a line of metrics, and the same to the tracker."""
        epoch = round(self.done / self.plan.steps_per_epoch, 4)
        self._write({"step": self.done, "epoch": epoch, "split": split, **values})
        self._track({f"{split}/{name}": value for name, value in values.items()})
        self._since, self._first = time.perf_counter(), self.done

    def state(self) -> list[list[float]]:
        """For a checkpoint. What was written before is on the disk then."""
        self._gather()
        if self.accelerator.is_main_process:
            flush_to_disk(self.path)
        return self._window

    def close(self) -> None:
        """Close the tracker and leave the folder; the processes stay together, for the next run."""
        if self.accelerator.is_main_process:
            self._folder.leave()
        with writing(self._folder.path):
            for tracker in self.accelerator.trackers:
                tracker.finish()

    def _gather(self) -> None:
        """Take the steps since the last look into the window, as means over all processes."""
        if not self._steps:
            return
        rows = self.accelerator.reduce(torch.stack([step.values for step in self._steps]), "mean").tolist()
        first = self.done - len(rows)
        for number, (step, row) in enumerate(zip(self._steps, rows, strict=True), start=first):
            if all(map(math.isfinite, row)):
                self._window.append(row)
            else:
                self._not_finite(number, step, row)
        self._steps.clear()

    def _not_finite(self, number: int, step: Step, row: list[float]) -> None:
        names = clip_names(self.clips, gather_object(step.clips.tolist()))
        if self.training.nonfinite == "skip":
            told = {"learning_rate": step.learning_rate, "clips": names}
            self._write({"step": number + 1, "split": "skipped", **told})
            return
        raise NotFiniteError(
            f"{self.path.parent}: in step {number + 1} the loss is {row[0]}, the gradient's norm {row[-1]}, "
            f"at a learning rate of {step.learning_rate:g}, with the clips {', '.join(names)}; "
            "the last checkpoint is from before"
        )

    def _write(self, row: Mapping[str, Any]) -> None:
        if self.accelerator.is_main_process:
            with writing(self.path), self.path.open("a") as file:
                file.write(json.dumps(row) + "\n")

    def _track(self, values: Mapping[str, float]) -> None:
        with writing(self.path.parent):
            self.accelerator.log(values, step=self.done)

    def _stays(self, row: dict[str, Any]) -> bool:
        """Whether a line of a run that is resumed tells of something that is not done again."""
        return row["step"] <= self.done and row["split"] != "test"
