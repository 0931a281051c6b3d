"""A training under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from accelerate import Accelerator
from torch import nn

from skeleton_data import ClipBatch
from skeleton_lab.data.clips import Clips
from skeleton_lab.errors import OutputError
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.training.best_checkpoint import Selection
from skeleton_lab.training.checkpoint import Checkpoints
from skeleton_lab.training.distributed import weight_checksums
from skeleton_lab.training.loaders import Loaders
from skeleton_lab.training.metric_log import RunLog
from skeleton_lab.training.optimizer_step import Learner
from skeleton_lab.training.plan import Plan, TrainingRecipe
from skeleton_lab.training.preemption import Interruption


class Trainer(Learner):
    """A learner with clips, log, checkpoints and the best weights so far; begins where its run stands.

    All processes go through its steps together:

        with Trainer(accelerator, folder, recipe, plan, model, loaders, clips) as trainer:
            for step, batch in trainer.steps():
                for part in trainer.parts(batch):
                    trainer.backward(loss(trainer.model(part.joints)))
                if trainer.advance(step):
                    trainer.best.offer(accelerator, trainer.evaluated(), step=trainer.log.done, score=...)
                trainer.save_if_due()

    Args:
        accelerator: Divides the work.
        folder: Where the run goes.
        recipe: How it is trained.
        plan: The steps.
        model: What is trained.
        loaders: Reads the clips.
        clips: What it is trained on.
        bar: Options of tqdm.

    Raises:
        InputError: If there are checkpoints to resume from, but none is whole.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        folder: RunFolder,
        recipe: TrainingRecipe,
        plan: Plan,
        model: nn.Module,
        loaders: Loaders,
        clips: Clips,
        *,
        bar: Mapping[str, Any] | None = None,
    ) -> None:
        self._folder = folder
        super().__init__(accelerator, model, recipe, plan)
        self._checkpoints = Checkpoints(accelerator, folder, keep=recipe.run.keep_checkpoints)
        state = self._checkpoints.load()
        self.best = Selection(folder.checkpoints, **state["best"])
        self.log = RunLog(accelerator, folder, plan, recipe, clips, state=state, bar=bar or {})
        self._batches = loaders.training(clips, plan, start=state["step"])
        self._interruption = Interruption(accelerator)

    def __enter__(self) -> Trainer:
        """Watch for a signal to stop."""
        self._interruption.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the log after an error; a run that ends by itself closes its own."""
        self._interruption.__exit__()
        if kind is not None:
            with suppress(OutputError):  # what ended the run is to be told, not what follows from it
                self.log.close()

    def steps(self) -> Iterator[tuple[int, ClipBatch]]:
        """The steps that are left, each with this process's share of its batch."""
        return self.log.steps(self._batches)

    def advance(self, number: int) -> bool:
        """Move the weights in step `number` = 0, 1, ...; say whether it is time to validate.

        Raises:
            NotFiniteError: If a loss or gradient was not finite, and training is to stop then.
        """
        return self.plan.ends_period(self.log.trained(self.update(number)))

    def summary(self) -> dict[str, Any]:
        """What every training ends with: fields of its result. All processes call it together, at the end."""
        model = self.evaluated()
        return {
            "folder": self._folder.path,
            "steps": self.plan.steps,
            "parameters": sum(weights.numel() for weights in model.parameters() if weights.requires_grad),
            "seconds": self.log.seconds,
            "num_processes": self.accelerator.num_processes,
            "precision": self.accelerator.mixed_precision,
            "checksums": weight_checksums(self.accelerator, model),
        }

    def save_if_due(self) -> None:
        """Save a checkpoint at the end of a period, and before the run ends because it was told to.

        Raises:
            Interrupted: If it was told to.
            OutputError: If the disk is full or the folder read-only; the checkpoints before are whole.
        """
        self._checkpoints.after_step(self.plan, self._interruption, log=self.log, best=self.best)
