"""What a simple classifier of raw coordinates is, and how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from skeleton_lab.recipe.recipe import RecipeSection

Kind = Literal["nearest", "dtw", "linear", "mlp", "gru", "hydra", "minirocket", "multirocket_hydra"]
"""What recognises."""
AEON: Mapping[str, str] = {
    "hydra": "HydraClassifier",
    "minirocket": "MiniRocketClassifier",
    "multirocket_hydra": "MultiRocketHydraClassifier",
}
"""Kinds of a simple model that aeon brings, with its names."""
NETWORKS = ("linear", "mlp", "gru")
"""Kinds that are trained step by step."""


class SimpleModel(RecipeSection):
    """What recognises the clips."""

    kind: Kind = Field(
        "mlp",
        description=(
            "Classifier: the nearest labelled clip, frame by frame (nearest) or by dynamic time "
            "warping (dtw); a network (linear, mlp, gru); or random convolutions by aeon (the "
            "extra skeleton-lab[aeon])."
        ),
    )
    width: int = Field(256, ge=1, description="Number of hidden units of mlp and gru.")
    dropout: float = Field(
        0.5, ge=0, lt=1, description="Dropout probability before the last layer of mlp and gru."
    )


class SimpleTraining(RecipeSection):
    """How a network is trained, by AdamW on a falling cosine; of the others only the seed matters."""

    steps: int = Field(400, ge=1, description="Number of optimizer steps.")
    batch_size: int = Field(256, ge=1, description="Clips per optimizer step.")
    lr: float = Field(2e-3, gt=0, description="Peak learning rate of the cosine schedule.")
    weight_decay: float = Field(
        0.05, ge=0, description="Weight decay of AdamW, decoupled from the learning rate."
    )
    label_smoothing: float = Field(
        0.1, ge=0, lt=1, description="Label smoothing of the cross-entropy; 0: none."
    )
    eval_every: int = Field(20, ge=1, description="Number of steps between validations.")
    seed: int = Field(0, ge=0, description="Random seed of weights and batches.")
