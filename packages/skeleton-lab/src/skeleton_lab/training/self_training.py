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
        description=(
            "Number of trainings after the first one; each learns from the predictions of the "
            "one before (its teacher) for unlabelled clips (default: 2 if `data.unlabelled` "
            "names stores, else 0, which is off)."
        ),
    )
    teacher: Path | None = Field(
        None,
        description="Folder of a finished fine-tuning with the same recipe and data, but without "
        "self-training; it is taken as the first training (default: that is trained anew).",
    )
    labelled_fraction: float = Field(
        0.25,
        gt=0,
        lt=1,
        description=(
            "Fraction of each batch that has labels; it is less where there are too few labelled clips."
        ),
    )
    sharpening: float = Field(
        2.0,
        ge=1,
        le=100,
        description="Power to which the teacher's probabilities are raised; 1 leaves them as they are.",
    )
    alignment: bool = Field(
        True,
        description=(
            "Whether predictions are scaled to the class frequencies of the labelled clips "
            "(distribution alignment), so that no class takes over."
        ),
    )
    views: int = Field(
        4,
        ge=1,
        le=100,
        description="Number of crops of each clip over which the teacher's probabilities are averaged.",
    )

    def check(self, rounds: int, training: FinetuneTraining, unlabelled: Sequence[Path]) -> None:
        """Check that the rounds go together with what else is asked for.

        Raises:
            ValueError: Naming the fields that do not.
        """
        if rounds and (training.select == "test" or training.balanced_sampling):
            field = "training.select test" if training.select == "test" else "training.balanced_sampling"
            raise ValueError(f"{field} needs labels that self-training does not use: leave one out")
        if unlabelled and not rounds:
            raise ValueError(
                "data.unlabelled names stores, but self_training.rounds is 0; set it to 1 or more"
            )
        if self.teacher and not rounds:
            raise ValueError(
                "self_training.teacher names a run, but self_training.rounds is 0; set it to 1 or more"
            )
