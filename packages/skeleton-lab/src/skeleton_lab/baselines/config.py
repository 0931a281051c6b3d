"""What a simple classifier of raw coordinates is, and how it is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from skeleton_lab.recipe.recipe import RecipeSection


class SimpleModel(RecipeSection):
    """What recognises the clips."""

    kind: Literal["nearest", "linear", "mlp", "gru"] = Field(
        "mlp", description="The nearest labelled clip, or a network."
    )
    width: int = Field(256, ge=1, description="Hidden channels of MLP and GRU.")
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout before the last layer of MLP and GRU.")


class SimpleTraining(RecipeSection):
    """How a network is trained, by AdamW on a falling cosine; nothing of it matters to the nearest clip."""

    steps: int = Field(400, ge=1, description="Optimiser steps.")
    batch_size: int = Field(256, ge=1, description="Clips of a step.")
    lr: float = Field(2e-3, gt=0, description="Learning rate at its highest.")
    weight_decay: float = Field(0.05, ge=0, description="Weight decay.")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="Label smoothing of the cross-entropy.")
    period: int = Field(20, ge=1, description="Steps between validations.")
    seed: int = Field(0, ge=0, description="Seed of weights and batches.")
