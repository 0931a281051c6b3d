"""How a fine-tuning learns from clips without labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.training.plan import FinetuneTraining


class SelfTraining(RecipeSection):
    """How a fine-tuning learns from unlabelled clips: rounds, each taught by the one before."""

    rounds: int | None = Field(
        None,
        ge=0,
        le=10,
        description="Trainings after the first one, each of them on the answers of the one before for the "
        "unlabelled clips too (default: 2 if `data.unlabelled` names stores, else 0, which is off).",
    )
    teacher: Path | None = Field(
        None,
        description="Folder of a finished fine-tuning with the same recipe and data, but without "
        "self-training; it is taken as the first training (default: that is trained anew).",
    )
    labelled_fraction: float = Field(
        0.25, gt=0, lt=1, description="Share of each batch that has labels, as far as there are so many."
    )
    sharpening: float = Field(
        2.0, ge=1, le=100, description="Power that probabilities are raised to; 1 leaves them as they are."
    )
    alignment: bool = Field(
        True,
        description="Whether answers are brought to the frequencies of the classes among the labelled clips, "
        "so that no class takes over.",
    )
    views: int = Field(4, ge=1, le=100, description="Parts of each clip whose answers are averaged.")

    def check(self, rounds: int, training: FinetuneTraining, unlabelled: Sequence[Path]) -> None:
        """Check that the rounds go together with what else is asked for.

        Raises:
            ValueError: Naming the fields that do not.
        """
        if rounds and (training.select == "test" or training.balanced_sampling):
            field = "training.select test" if training.select == "test" else "training.balanced_sampling"
            raise ValueError(f"{field} needs labels that self-training does not use: leave one out")
        if unlabelled and not rounds:
            raise ValueError("data.unlabelled names stores, but self_training.rounds is 0")
        if self.teacher and not rounds:
            raise ValueError("self_training.teacher names a run, but self_training.rounds is 0")
