"""How a fine-tuning learns from clips without labels."""

from __future__ import annotations

from pydantic import Field

from skeleton_lab.recipe.recipe import RecipeSection


class SelfTraining(RecipeSection):
    """How a fine-tuning learns from unlabelled clips: rounds, each taught by the one before."""

    rounds: int | None = Field(
        None,
        ge=0,
        le=10,
        description="Trainings after the first one, each of them on the answers of the one before for the "
        "unlabelled clips too (default: 2 if `data.unlabelled` names stores, else 0, which is off).",
    )
    labelled_share: float = Field(
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
