"""The weights that a run will answer with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from safetensors.torch import load_model, save_model
from torch import nn

from skeleton_data import file_sha256, replacing
from skeleton_lab.errors import writing


@dataclass
class Selection:
    """Those weights with the highest score, or the last.

    Attributes:
        folder: Where they are kept meanwhile, in a file for each that was the best; `Checkpoints` removes
            those that no checkpoint names.
        step: After how many steps they were taken; 0 before the first.
        score: Their score; compared as tuples are.
        sha256: Of the file.
    """

    folder: Path
    step: int = 0
    score: tuple[float, ...] = ()
    sha256: str = ""

    def __post_init__(self) -> None:
        """Make the score a tuple; a checkpoint gives it as a list."""
        self.score = tuple(self.score)  # a list, when it comes from a checkpoint

    @property
    def path(self) -> Path:
        """Where the weights are."""
        return self.folder / f"best-{self.step:09d}.safetensors"

    def offer(
        self, accelerator: Accelerator, model: nn.Module, *, step: int, score: tuple[float, ...]
    ) -> None:
        """Take these weights if nothing with as high a score was taken before; NaN is lowest."""
        score = tuple(-math.inf if math.isnan(each) else each for each in score)
        if self.step and score <= self.score:
            return
        self.step, self.score = step, score
        if accelerator.is_main_process:
            with writing(self.path):
                self.folder.mkdir(exist_ok=True)
                with replacing(self.path) as draft:
                    save_model(model, str(draft))
                    self.sha256 = file_sha256(draft)

    def restore(self, accelerator: Accelerator, model: nn.Module) -> nn.Module:
        """Load the selected weights into the model, in every process."""
        accelerator.wait_for_everyone()
        load_model(model, self.path, strict=True)
        return model

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"step": self.step, "score": list(self.score), "sha256": self.sha256}

    def complaint(self) -> str | None:
        """What is wrong with the file; nothing before the first was taken."""
        if not self.step or (self.path.is_file() and file_sha256(self.path) == self.sha256):
            return None
        return f"{self.path.name} is missing or damaged"
