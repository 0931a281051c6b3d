"""What an interrupted run needs to go on."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from safetensors.torch import load_model, save_model
from torch import nn

from engine.run_folder import RunFolder


def save_checkpoint(
    accelerator: Accelerator, folder: Path, *, step: int, best: Selection | None = None
) -> None:
    """Save weights, optimiser, schedule, random states and selection; all processes call it together.

    It is written aside and renamed, so that the last whole checkpoint is there at any moment; older ones go.
    """
    partial = folder / ".partial"
    if accelerator.is_main_process:
        shutil.rmtree(partial, ignore_errors=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(partial))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        (partial / "run.json").write_text(json.dumps({"step": step, "best": best.state() if best else {}}))
        whole = folder / f"step-{step:09d}"
        shutil.rmtree(whole, ignore_errors=True)
        os.replace(partial, whole)
        for older in _checkpoints(folder)[:-1]:
            shutil.rmtree(older)


def load_checkpoint(accelerator: Accelerator, run: RunFolder) -> dict[str, Any]:
    """Load the last checkpoint of a run to resume into what the accelerator prepared.

    Returns:
        Its `step` and `best`, as they were saved; step 0 if the run begins anew.
    """
    found = _checkpoints(run.checkpoints) if run.resumed else []
    if not found:
        return {"step": 0, "best": {}}
    accelerator.load_state(str(found[-1]))
    return json.loads((found[-1] / "run.json").read_text())


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


@dataclass
class Selection:
    """The weights that a run will answer with: those with the highest score, or the last.

    Attributes:
        path: Where they are kept meanwhile.
        step: After how many steps they were taken; 0 before the first.
        score: Their score; compared as tuples are.
    """

    path: Path
    step: int = 0
    score: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self.score = tuple(self.score)  # a list, when it comes from a checkpoint

    def offer(
        self, accelerator: Accelerator, model: nn.Module, *, step: int, score: tuple[float, ...]
    ) -> None:
        """Take these weights if nothing with as high a score was taken before."""
        if self.step and score <= self.score:
            return
        self.step, self.score = step, score
        if accelerator.is_main_process:
            self.path.parent.mkdir(exist_ok=True)
            partial = self.path.with_suffix(".partial")
            save_model(model, str(partial))
            os.replace(partial, self.path)

    def restore(self, accelerator: Accelerator, model: nn.Module) -> None:
        """Load the selected weights into the model, in every process."""
        accelerator.wait_for_everyone()
        load_model(model, self.path, strict=True)

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"step": self.step, "score": list(self.score)}
