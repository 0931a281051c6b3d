"""Classifiers and encoders over the clips of a store, on all processes together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DataLoader
from tqdm import tqdm

from skeleton_data import ClipBatch, ClipSet, EpochSampler, Preprocessing, SkeletonDataset, SkeletonStore
from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.evaluation.metrics import predict_all
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.training.distributed import join
from skeleton_lab.training.loaders import Loaders
from skeleton_lab.training.plan import TrainingConfig
from skeletonmae import fuse_scores, linear_probe, nearest_neighbours, partial_whitening, recalibrate


@dataclass(frozen=True)
class ClipReader:
    """Shows clips of a store to models.

    Attributes:
        accelerator: Says which process this is, of how many, and the device.
        store: Where the clips are.
        batch_size: Clips of a step over all processes.
        workers: Processes that read ahead.
    """

    accelerator: Accelerator
    store: SkeletonStore
    batch_size: int
    workers: int

    def labels(self, clips: NDArray[np.int64]) -> Tensor:
        """Return classes of clips (N,), on the device."""
        labels = torch.from_numpy(self.store.index.label[clips].astype(np.int64))
        return labels.to(self.accelerator.device)

    def predict_all(
        self,
        model: nn.Module,
        preprocessing: Preprocessing,
        clips: NDArray[np.int64],
        *,
        view: int | None = None,
    ) -> Tensor:
        """Return scores (N, K) or pooled features (N, F) of the model, for all clips in every process."""
        width = len(preprocessing.classes) or cast(int, model.head_hidden_size)
        batches = self.batches(preprocessing, clips, view=view)
        return predict_all(model, batches, self.accelerator, clips=len(clips), width=width)

    def features(
        self,
        model: nn.Module,
        preprocessing: Preprocessing,
        unlabelled: NDArray[np.int64],
        *sides: NDArray[np.int64],
        components: int,
    ) -> list[Tensor]:
        """Return an encoder's features (N, F) of each side.

        Args:
            model: The encoder.
            preprocessing: What its clips go through.
            unlabelled: Training clips whose features whiten the others.
            sides: Clips whose features are returned.
            components: Principal components of whitened features, which have unit length; 0: no whitening.
        """
        features = [self.predict_all(model, preprocessing, side) for side in sides]
        if components:
            known = self.predict_all(model, preprocessing, unlabelled)
            whitening = partial_whitening(known, components=components)
            features = [F.normalize(whitening(each), dim=1) for each in features]
        return features

    def scores(
        self, model: nn.Module, preprocessing: Preprocessing, clips: NDArray[np.int64], *, views: int
    ) -> Tensor:
        """Return scores (N, K) of a classifier: of the centre of each clip, or the mean over several views.

        Means are of log-probabilities, as where streams are fused.
        """
        if views == 1:
            return self.predict_all(model, preprocessing, clips)
        every = [self.predict_all(model, preprocessing, clips, view=view) for view in range(views)]
        return fuse_scores(every, (1.0,) * views)

    def batches(
        self, preprocessing: Preprocessing, clips: NDArray[np.int64], *, view: int | None = None
    ) -> Iterable[ClipBatch]:
        """Return this process's share of the clips, each once over all processes."""
        loaders = Loaders(self.accelerator, preprocessing.sampling, preprocessing.bodies, 0, self.workers)
        plan = TrainingConfig(epochs=1, batch_size=self.batch_size).plan(len(clips))
        batches: Iterable[ClipBatch] = tqdm(
            loaders.evaluation([(self.store, clips)], plan, view=view),
            total=math.ceil(len(clips) / plan.batch_size),
            unit="batch",
            leave=False,
            disable=None if self.accelerator.is_main_process else True,  # None: where no terminal is
        )
        return batches

    def calibrate(
        self, model: nn.Module, preprocessing: Preprocessing, train: NDArray[np.int64], count: int
    ) -> None:
        """Give BatchNorm the statistics of some whole clips, evenly chosen; each process reads them all."""
        if not count:
            return
        chosen = ClipSet(self.store, train[np.linspace(0, len(train) - 1, count).astype(np.int64)])
        dataset = SkeletonDataset(
            [chosen], preprocessing.sampling, bodies=preprocessing.bodies, training=False
        )
        order: Any = EpochSampler(count, seed=0, shuffle=True)  # BatchSampler's type knows integers only
        batches = DataLoader(
            dataset,
            batch_size=None,  # a key is a whole batch
            sampler=BatchSampler(order, min(self.batch_size, count), drop_last=True),
            num_workers=self.workers,
            generator=torch.Generator(),  # the global one stays as it is
        )
        recalibrate(model, (batch.joints.to(self.accelerator.device) for batch in batches))


def pooled_features(
    model: SavedModel, clips: FinetuneClips, shown: NDArray[np.int64], *, calibration_clips: int
) -> Tensor:
    """Return features (N, F) of clips by an encoder, or by a classifier without its head.

    Args:
        model: The model.
        clips: Their store, and the training side.
        shown: Numbers of the clips, N.
        calibration_clips: Training clips, at most, whose BatchNorm statistics an encoder gets.
    """
    accelerator = join()
    reader = ClipReader(accelerator, clips.store, batch_size=64, workers=0)
    network = model.load().to(accelerator.device)
    preprocessing = model.preprocessing.model_copy(update={"classes": ()})
    if model.is_classifier:
        network.reset_classifier(0)
    else:
        count = min(calibration_clips, len(clips.unlabelled))
        reader.calibrate(network, preprocessing, clips.unlabelled, count)
    return reader.predict_all(network, preprocessing, shown)


def probe_and_neighbours(
    train: Sequence[Tensor],
    labels: Tensor,
    test: Sequence[Tensor],
    *,
    weights: Sequence[float],
    classes: int,
    weight_decay: float,
    neighbours: int,
    whitened: bool = False,
) -> dict[str, Tensor]:
    """Return scores (Q, K) by a linear probe, and votes (Q, K) of the nearest neighbours.

    Of several encoders, the probes' scores are fused, and the neighbours' similarities averaged.

    Args:
        train: For each encoder the features (N, F) of labelled clips.
        labels: Their classes (N,).
        test: For each encoder the features (Q, F) of the clips to recognise.
        weights: How much each encoder counts.
        classes: Number of classes, K.
        weight_decay: Of the probe.
        neighbours: How many vote.
        whitened: Whether features were whitened: the probe does not standardise them again.
    """
    probes = (
        linear_probe(x, labels, classes=classes, weight_decay=weight_decay, standardise=not whitened)
        for x in train
    )
    scores = [probe(x) for probe, x in zip(probes, test, strict=True)]
    queries, features = (_side_by_side(each, weights) for each in (test, train))
    votes = nearest_neighbours(queries, features, labels, classes=classes, k=neighbours)
    return {"linear probe": fuse_scores(scores, weights), "nearest neighbours": votes}


def _side_by_side(features: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Return features whose cosine similarity is the weighted mean of those of the encoders."""
    return torch.cat(
        [F.normalize(x, dim=1) * weight**0.5 for x, weight in zip(features, weights, strict=True)], dim=1
    )
