"""The best weights of a run so far, which are what it ends with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from accelerate import Accelerator
from safetensors.torch import load_model, save_model
from torch import nn

from skeleton_data import file_sha256, replacing
from skeleton_lab.errors import writing

Model = TypeVar("Model", bound=nn.Module)


@dataclass
class BestCheckpoint:
    """The weights with the highest validation score, or the last ones where nothing is validated.

    Attributes:
        accelerator: Its main process writes the weights.
        folder: Receives a file for each step whose weights were the best; `Checkpoints` removes those that no
            checkpoint names.
        step: Steps done when the weights were saved; 0 before the first.
        score: Score of the weights; scores are compared as tuples.
        sha256: SHA-256 of the file.
    """

    accelerator: Accelerator
    folder: Path
    step: int = 0
    score: tuple[float, ...] = ()
    sha256: str = ""

    def __post_init__(self) -> None:
        """Make the score a tuple; a checkpoint, which is JSON, gives a list."""
        self.score = tuple(self.score)

    @property
    def path(self) -> Path:
        """The file of the best weights."""
        return self.folder / f"best-{self.step:09d}.safetensors"

    def update(self, model: nn.Module, *, step: int, score: tuple[float, ...]) -> None:
        """Save the weights of a model if no earlier ones have as high a score; NaN is the lowest score.

        Raises:
            OutputError: If they cannot be written.
        """
        score = tuple(-math.inf if math.isnan(each) else each for each in score)
        if self.step and score <= self.score:
            return
        self.step, self.score = step, score
        if self.accelerator.is_main_process:
            with writing(self.path):
                self.folder.mkdir(exist_ok=True)
                with replacing(self.path) as draft:
                    save_model(model, str(draft))
                    self.sha256 = file_sha256(draft)

    def load(self, model: Model) -> Model:
        """Load the best weights into a model, in every process, and return it."""
        self.accelerator.wait_for_everyone()
        load_model(model, self.path, strict=True)
        return model

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: the step, the score and the checksum."""
        return {"step": self.step, "score": list(self.score), "sha256": self.sha256}

    def damage(self) -> str | None:
        """Return what is wrong with the file of the best weights, if there should be one."""
        if not self.step or (self.path.is_file() and file_sha256(self.path) == self.sha256):
            return None
        return f"{self.path.name} is missing or damaged"
