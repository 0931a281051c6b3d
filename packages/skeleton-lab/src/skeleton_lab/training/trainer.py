"""The training of a run: its loop, which begins where the run stands and saves checkpoints as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any, Generic

from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor
from tqdm import tqdm

from skeleton_data import ClipBatch
from skeleton_lab.data.clips import Clips, clip_names
from skeleton_lab.errors import Interrupted, NotFiniteError, OutputError
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.runs.provenance import provenance
from skeleton_lab.training.best_checkpoint import BestCheckpoint
from skeleton_lab.training.checkpoint import Checkpoints, RunState
from skeleton_lab.training.distributed import weight_checksums
from skeleton_lab.training.loaders import Loaders
from skeleton_lab.training.metric_log import MetricLog
from skeleton_lab.training.optimizer_step import Loss, Model, OptimizerStep, count_clips
from skeleton_lab.training.plan import Plan, TrainingRecipe
from skeleton_lab.training.preemption import Interruption


class Trainer(Generic[Model]):
    """Owns a run while it trains: its folder, the number of steps done, and everything that follows them.

    Entering it makes and locks the folder and loads the last checkpoint of a run to resume. Iterating gives
    the batches that are left; after each, a checkpoint is saved when one is due. Leaving it unlocks the
    folder. All processes go through it together:

        with Trainer(recipe, accelerator=accelerator, plan=plan, folder=folder, model=model,
                     loaders=loaders, clips=clips) as trainer:
            for batch in trainer:
                trainer.train_step(batch, loss)
                if trainer.should_evaluate:
                    model = trainer.eval_model()
                    trainer.best.update(model, step=trainer.step, score=(accuracy(model),))
            model = trainer.best.load(trainer.eval_model())

    Args:
        recipe: Says how to train.
        accelerator: Divides the work over processes.
        plan: Says the steps.
        folder: Receives checkpoints and metrics.
        model: The model that is trained.
        loaders: Reads the clips.
        clips: The clips to train on.
        bar: Options of tqdm, such as `{"disable": True}` or `{"position": 1, "leave": False}`.

    Attributes:
        model: The model to call in the loss, as the accelerator wrapped it.
        step: Optimizer steps done.
        best: The best weights so far.
        log: Receives metrics.
    """

    step: int
    best: BestCheckpoint
    log: MetricLog

    def __init__(
        self,
        recipe: TrainingRecipe,
        *,
        accelerator: Accelerator,
        plan: Plan,
        folder: RunFolder,
        model: Model,
        loaders: Loaders,
        clips: Clips,
        bar: Mapping[str, Any] | None = None,
    ) -> None:
        self.accelerator, self.plan, self.folder = accelerator, plan, folder
        self._recipe, self._loaders, self._clips, self._bar_options = recipe, loaders, clips, bar or {}
        self._optimizer_step = OptimizerStep(accelerator, model, recipe, plan)
        self._checkpoints = Checkpoints(accelerator, folder, keep=recipe.run.keep_checkpoints)
        self._interruption = Interruption(accelerator)
        self.model = self._optimizer_step.model

    def __enter__(self) -> Trainer[Model]:
        """Make and lock the folder, and load the last checkpoint of a run to resume.

        Raises:
            InputError: If another process has the folder, or no checkpoint is whole.
        """
        with ExitStack() as on_error:
            if self.accelerator.is_main_process:
                self.folder.prepare()
                on_error.callback(self.folder.unlock)
            self.accelerator.wait_for_everyone()
            state = self._checkpoints.load()
            self.step, self._started = state.step, time.perf_counter() - state.seconds
            self.best = BestCheckpoint(self.accelerator, self.folder.checkpoints, **state.best)
            self.log = MetricLog(
                self.accelerator,
                self.folder,
                self.plan,
                step=state.step,
                lines=state.lines,
                window=state.window,
            )
            self.log.start_tracker(self._recipe.run.tracker)
            on_error.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the tracker and unlock the folder; the processes stay together, for the next run."""
        try:
            # What ended the run is to be told, not what follows from it.
            with suppress(*[OutputError] if kind else []):
                self.log.close()
        finally:
            if self.accelerator.is_main_process:
                self.folder.unlock()

    def __iter__(self) -> Iterator[ClipBatch]:
        """Yield this process's share of the batch of each step that is left.

        After each step, a checkpoint is saved if one is due, or if the run was told to end.

        Raises:
            Interrupted: If it was told to end; a checkpoint is saved.
            NotFiniteError: If a loss is not finite and training is to stop then.
            OutputError: If the disk is full or the folder read-only; the checkpoints before are whole.
        """
        with self._interruption, self._progress_bar() as bar:
            for batch in self._loaders.training(self._clips, self.plan, start=self.step):
                yield batch
                bar.set_postfix(self.log.latest, refresh=False)
                bar.update(self.plan.batch_size)
                self._save_if_due()

    @property
    def epoch(self) -> int:
        """Which pass over the clips the next step belongs to: 0, 1, ..."""
        return self.step // self.plan.steps_per_epoch

    @property
    def should_evaluate(self) -> bool:
        """Whether the model is to be evaluated after the steps done; a checkpoint follows."""
        return self.plan.should_evaluate(self.step)

    @property
    def seconds(self) -> float:
        """Time that the run has taken, with that before it was resumed."""
        return round(time.perf_counter() - self._started, 1)

    def train_step(
        self, batch: ClipBatch, loss: Loss, *, count: Callable[[ClipBatch], Tensor] = count_clips
    ) -> None:
        """Take one optimizer step on a batch, and log its values.

        Args:
            batch: This process's share of the batch.
            loss: The forward pass on a part of it; returns `loss` and further terms by name.
            count: Counts what the loss is a mean over: clips, or the bodies in them.

        Raises:
            NotFiniteError: If a loss since the last line of metrics is not finite and training is to stop.
        """
        result = self._optimizer_step.take(batch, loss, number=self.step, count=count)
        self.step += 1
        self.log.add(result)
        if self.step % self._recipe.training.log_every == 0 or self.should_evaluate:
            self._check_losses()
            self.log.write_means(result)

    def eval_model(self) -> Model:
        """Return the model to evaluate and save, unwrapped and the same in all processes; all call this."""
        return self._optimizer_step.eval_model()

    def summary(self) -> dict[str, Any]:
        """Fields of every training's result. All processes call it together, after the last step."""
        model = self.eval_model()
        return {
            "folder": self.folder.path,
            "steps": self.plan.steps,
            "parameters": sum(weights.numel() for weights in model.parameters() if weights.requires_grad),
            "seconds": self.seconds,
            "num_processes": self.accelerator.num_processes,
            "precision": self.accelerator.mixed_precision,
            "checksums": weight_checksums(self.accelerator, model),
            "made_with": provenance(),
            "data": self.folder.data,
        }

    def _save_if_due(self) -> None:
        stop = self._interruption.should_stop(self.step)
        if stop or self.should_evaluate:
            self._check_losses()
            self.log.flush()
            self._checkpoints.save(
                RunState(
                    self.step, self.seconds, self.log.lines, window=self.log.window, best=self.best.state()
                )
            )
        if stop and self.step < self.plan.steps:
            raise Interrupted(
                f"{self.folder.path}: interrupted after step {self.step}; a checkpoint is saved, and the "
                "same command goes on from it (a study by itself, a run of its own with --resume)"
            )

    def _check_losses(self) -> None:
        """Look at the losses of the last steps: gathering them makes the processes wait for each other."""
        for step, row in self.log.gather():
            clips = clip_names(self._clips, gather_object(step.clips.tolist()))
            if self._recipe.training.nonfinite == "stop":
                raise NotFiniteError(
                    f"{self.folder.path}: in step {step.number + 1} the loss is {row[0]}, "
                    f"the gradient's norm {row[-1]}, at a learning rate of {step.learning_rate:g}, "
                    f"with the clips {', '.join(clips)}; the last checkpoint is from before"
                )
            fields = {"learning_rate": step.learning_rate, "clips": clips}
            self.log.write_line({"step": step.number + 1, "split": "skipped", **fields})

    def _progress_bar(self) -> tqdm[Any]:
        options = {
            "total": self.plan.steps * self.plan.batch_size,
            "initial": self.step * self.plan.batch_size,
            "unit": "clip",
            "desc": self.folder.path.name,
            "dynamic_ncols": True,
            **self._bar_options,
        }
        disable = self._bar_options.get("disable", False) or not self.accelerator.is_main_process
        return tqdm(**{**options, "disable": disable})
