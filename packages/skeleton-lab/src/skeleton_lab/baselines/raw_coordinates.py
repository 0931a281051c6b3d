"""Recognisers to compare with: the nearest clip, a linear layer, an MLP, a GRU, on the joints themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from einops import rearrange, reduce
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from skeleton_data import ClipSampling, ClipSet, SkeletonDataset
from skeleton_lab.baselines.config import SimpleModel, SimpleTraining
from skeleton_lab.data.finetune_clips import FinetuneClips


def read_clips(
    clips: FinetuneClips, side: NDArray[np.int64], sampling: ClipSampling
) -> tuple[Tensor, Tensor]:
    """Return clips of a side (N, T, F), sampled as in evaluation, a frame's numbers in a row; labels (N,)."""
    source = ClipSet(clips.store, side)
    dataset = SkeletonDataset([source], sampling, bodies=clips.bodies, training=False)
    batch = dataset[list(range(len(side)))]
    return rearrange(batch.joints, "n c t v m -> n t (c v m)"), batch.label


class NearestClip(nn.Module):
    """Scores a class by the distance of its nearest labelled clip.

    Args:
        inputs: Labelled clips (N, T, F).
        labels: Their classes (N,).
        classes: Number of classes, K.
        distance: Of clips (Q, T, F) from others (N, T, F), (Q, N); by default Euclidean, frame by frame.

    Example:
        >>> clips = torch.tensor([0.0, 1.0, 5.0]).view(3, 1, 1)
        >>> nearest = NearestClip(clips, torch.tensor([0, 1, 0]), classes=2)
        >>> nearest(torch.tensor([4.0, 2.0]).view(2, 1, 1)).argmax(1)
        tensor([0, 1])
    """

    def __init__(
        self,
        inputs: Tensor,
        labels: Tensor,
        *,
        classes: int,
        distance: Callable[[Tensor, Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.inputs, self.labels, self.classes = inputs, labels, classes
        self.distance = distance or _frame_by_frame

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (Q, K) of clips (Q, T, F): minus the distance, -inf for a class without a clip."""
        distance = self.distance(x, self.inputs)
        scores = torch.full((len(x), self.classes), -math.inf)
        for label in set(self.labels.tolist()):
            scores[:, label] = -distance[:, self.labels == label].amin(1)
        return scores


def _frame_by_frame(x: Tensor, y: Tensor) -> Tensor:
    return torch.cdist(x.flatten(1), y.flatten(1))


class Standardised(nn.Module):
    """A network that sees every input with mean 0 over the labelled clips, and all with deviation 1.

    One scale for all: divided by a deviation of their own, joints that hardly move would be as loud as hands.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, body: nn.Module, inputs: Tensor) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("mean", inputs.mean(0))
        self.register_buffer("deviation", (inputs - inputs.mean(0)).square().mean().sqrt().clamp(min=1e-6))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (N, K) of clips (N, T, F)."""
        scores: Tensor = self.body((x - self.mean) / self.deviation)
        return scores


class Gru(nn.Module):
    """Scores from the mean over frames of what two layers of a bidirectional GRU say."""

    def __init__(self, features: int, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.recurrent = nn.GRU(features, width, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * width, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (N, K) of clips (N, T, F)."""
        scores: Tensor = self.head(reduce(self.recurrent(x)[0], "n t f -> n f", "mean"))
        return scores


def network(model: SimpleModel, inputs: Tensor, labels: Tensor, *, classes: int) -> Standardised:
    """Return a new network for labelled clips (N, T, F)."""
    frames, features = inputs.shape[1:]
    match model.kind:
        case "linear":
            body: nn.Module = nn.Sequential(nn.Flatten(), nn.Linear(frames * features, classes))
        case "mlp":
            body = nn.Sequential(
                nn.Flatten(),
                *(nn.Linear(frames * features, model.width), nn.ReLU(), nn.Dropout(model.dropout)),
                nn.Linear(model.width, classes),
            )
        case "gru":
            body = Gru(features, model.width, classes, model.dropout)
        case other:
            raise ValueError(f"{other} is no network")
    return Standardised(body, inputs)


def train(
    model: nn.Module,
    training: SimpleTraining,
    inputs: Tensor,
    labels: Tensor,
    *,
    validation: tuple[Tensor, Tensor] | None,
    bar: Mapping[str, Any] | None = None,
) -> tuple[int, float | None]:
    """Train by AdamW on a falling cosine, and keep what is best on the validation clips, or the last.

    Returns:
        The step of the weights that were kept, and their accuracy on the validation clips.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.lr, weight_decay=training.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, training.steps)
    best: tuple[float, int] = (-1.0, 0)
    kept = model.state_dict()
    for step in tqdm(range(1, training.steps + 1), unit="step", **(bar or {})):
        chosen = torch.randperm(len(inputs))[: training.batch_size]
        scores = model.train()(inputs[chosen])
        loss = F.cross_entropy(scores, labels[chosen], label_smoothing=training.label_smoothing)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if validation and (step % training.eval_every == 0 or step == training.steps):
            with torch.no_grad():
                right = (model.eval()(validation[0]).argmax(1) == validation[1]).float().mean().item()
            if right > best[0]:
                best = (right, step)
                kept = {name: value.clone() for name, value in model.state_dict().items()}
    if not validation:
        return training.steps, None
    model.load_state_dict(kept)
    return best[1], best[0]
