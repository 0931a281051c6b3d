"""A masked auto-encoder with the interface of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from skeleton_data import SkeletonLayout, Units
from skeleton_lab import pretrain
from skeleton_lab.errors import input_errors
from skeleton_lab.estimator.arrays import as_clips, as_groups, as_layout
from skeleton_lab.estimator.fitting import ModelFiles, completed, workshop, write_store
from skeleton_lab.estimator.parameters import Estimator, seed_of
from skeleton_lab.runs.results import PretrainResult


class SkeletonPretrainer(Estimator):
    """Pre-trains SkeletonMAE on clips without labels, for `SkeletonClassifier(pretrained=...)`.

    It runs `skeleton-lab pretrain`: the same clips, recipe and seed give the same encoder.

    Args:
        layout: Skeleton of the clips: a name such as `kinect_v1`, a `SkeletonLayout`, or its TOML file.
        recipe: TOML file of a pre-training, or its name in `configs/`.
        settings: Fields over those of the recipe, such as `{"training.epochs": 20}`.
        units: Of positions: `m`, or `picture` for 2D joints with their confidence in the place of z.
        random_state: Seed of weights, order and masks; None draws another at each fit.
        verbose: Whether a progress bar is shown.

    Attributes:
        model_: The encoder, as it is saved.
        result_: What the pre-training ended with.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> clips = [rng.normal(0, 0.4, (length, 20, 3)) for length in range(20, 30)]
        >>> quick = {"training.steps": 2, "data.validation": 0}
        >>> encoder = SkeletonPretrainer(layout="kinect_v1", settings=quick).fit(clips)
        >>> encoder.result_.steps
        2
    """

    kind: ClassVar[Literal["classifier"] | None] = None
    model_: ModelFiles
    result_: PretrainResult

    def __init__(
        self,
        layout: str | Path | SkeletonLayout | None = None,
        *,
        recipe: str | Path = "pretrain/default",
        settings: Mapping[str, Any] | None = None,
        units: Units = "m",
        random_state: Any = 0,
        verbose: bool = False,
    ) -> None:
        self.layout, self.recipe, self.settings = layout, recipe, settings
        self.units, self.random_state, self.verbose = units, random_state, verbose

    def fit(self, clips: Any, y: Any = None, groups: Any = None) -> Self:
        """Pre-train.

        Args:
            clips: Arrays (T, V, 3), or (T, M, V, 3) with bodies, of any length.
            y: Not looked at.
            groups: Who moves in each clip; whole subjects are held out to select the weights. Without, clips.

        Raises:
            InputError: If an argument or a parameter cannot be used; names it, and the index.
        """
        layout = as_layout(self.layout)
        joints = as_clips(clips, layout, units=self.units)
        subjects = as_groups(groups, len(joints))
        with workshop(verbose=self.verbose) as folder:
            store = write_store(folder / "clips", joints, layout, self.units, subjects=subjects)
            ours = {
                "data": {"sources": [{"store": str(store), "protocol": "all"}]},
                "training": {"seed": seed_of(self.random_state)},
                "run": {"folder": str(folder / "run"), "tracker": "none"},
            }
            wanted = pretrain.PretrainConfig, self.recipe, self.settings, ours
            config = completed(*wanted, program="SkeletonPretrainer")
            result = pretrain.run(config, bar={"disable": not self.verbose})
            assert result is not None  # it is no dry run
            self.model_, self.result_ = ModelFiles.read(folder / "run" / "encoder"), result
        return self

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the encoder as a folder that `SkeletonClassifier` and all apps take.

        Raises:
            InputError: If the folder is there, or cannot be written.
        """
        self._require_fitted()
        with input_errors():
            self.model_.save(folder, overwrite=overwrite)
