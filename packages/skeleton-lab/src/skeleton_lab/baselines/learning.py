"""From labelled clips to a simple recogniser of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from skeleton_lab.baselines.config import NETWORKS, SimpleModel, SimpleTraining
from skeleton_lab.baselines.raw_coordinates import NearestClip, network, train
from skeleton_lab.baselines.time_series import TimeSeriesClassifier, dynamic_time_warping
from skeleton_lab.evaluation.metrics import accuracy_of

Labelled = tuple[Tensor, Tensor]
"""Clips (N, T, F) and their classes (N,)."""


def learn(
    model: SimpleModel,
    training: SimpleTraining,
    clips: Labelled,
    *,
    classes: int,
    validation: Labelled | None,
    bar: Mapping[str, Any] | None = None,
) -> tuple[nn.Module, int, float | None]:
    """Return a recogniser, the step of its weights (0 without), and its accuracy on the validation clips.

    Args:
        model: What recognises.
        training: How a network is trained; its seed is that of the other kinds, too.
        clips: To learn from.
        classes: Number of classes, K.
        validation: Select the weights of a network.
        bar: Options of tqdm.

    Raises:
        InputError: If the kind cannot be had, or cannot use such clips.
    """
    if model.kind in NETWORKS:
        weights = network(model, *clips, classes=classes)
        return weights, *train(weights, training, *clips, validation=validation, bar=bar)
    found: nn.Module
    match model.kind:
        case "nearest":
            found = NearestClip(*clips, classes=classes)
        case "dtw":
            found = NearestClip(*clips, classes=classes, distance=dynamic_time_warping)
        case kind:
            found = TimeSeriesClassifier(kind, *clips, classes=classes, seed=training.seed)
    if validation is None:
        return found, 0, None
    with torch.no_grad():
        return found, 0, accuracy_of(found(validation[0]), validation[1]).top1
