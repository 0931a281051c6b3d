"""What an encoder has learned: what it reconstructs, and what its layers tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.evaluation.data import HeldOutSide
from skeleton_lab.evaluation.evaluation import ClipReader, probe_and_neighbours
from skeleton_lab.evaluation.layer_features import LayerFeatures, dimensions, norms, shifts
from skeleton_lab.evaluation.metrics import accuracy_of
from skeleton_lab.evaluation.reconstruction import average_pose, reconstruction_errors
from skeleton_lab.models.pretraining import has_pretraining, load_pretraining
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.models.weights import build_network
from skeleton_lab.runs.results import Layer, ReconstructionError
from skeleton_lab.training.distributed import join


@dataclass(frozen=True)
class Examiner:
    """Shows clips to an encoder, to the same network untrained, and to the decoder.

    Attributes:
        model: The encoder, as it was saved.
        network: With its weights.
        clips: The clips.
        shown: Numbers of those that answers are about; probes learn from the labelled training clips.
        reader: Reads them.
    """

    model: SavedModel
    network: nn.Module
    clips: FinetuneClips
    shown: NDArray[np.int64]
    reader: ClipReader

    @classmethod
    def of(
        cls, model: SavedModel, clips: FinetuneClips, side: HeldOutSide, *, batch_size: int, workers: int
    ) -> Self:
        """Load the encoder."""
        accelerator = join()
        reader = ClipReader(accelerator, clips.store, batch_size, workers)
        shown = clips.test if side == "test" else clips.validation
        return cls(model, model.load().to(accelerator.device), clips, shown, reader)

    def untrained(self, *, seed: int) -> nn.Module:
        """Return the same network with weights as drawn."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return build_network(self.model.config).to(self.reader.accelerator.device).eval()

    def layers(self, network: nn.Module, calibration_clips: int) -> dict[str, Layer]:
        """Return what each layer tells; BatchNorm gets the statistics of some whole training clips before."""
        preprocessing, met = self.model.preprocessing, norms(network)
        self.reader.calibrate(network, preprocessing, self.clips.unlabelled, calibration_clips)
        moved = shifts(met, norms(network)) if calibration_clips and network is self.network else {}
        features = LayerFeatures(
            network, joints=self.model.config.joints, channels=self.model.config.channels
        )
        learnt, asked = (
            features.split(self.reader.predict_all(features, preprocessing, side))
            for side in (self.clips.train, self.shown)
        )
        return {
            name: Layer(
                dimensions=dimensions(asked[name].mean(2)),
                **self._accuracies("", learnt[name].mean(2), asked[name].mean(2)),
                **self._accuracies("_by_joint", learnt[name].flatten(1), asked[name].flatten(1)),
                statistics=moved.get(name),
            )
            for name in asked
            if network is self.network or name != "coordinates"
        }

    def reconstruction(self, *, seed: int) -> dict[str, ReconstructionError]:
        """Return errors of the decoder and of what learned nothing; none if no decoder has these joints."""
        run = self.model.run
        if run is None or not has_pretraining(run):
            return {}
        mae, preprocessing = load_pretraining(run)
        if preprocessing.layout.joints != self.model.preprocessing.layout.joints:
            return {}
        accelerator = self.reader.accelerator
        mae.to(accelerator.device)
        pose = average_pose(self.reader.batches(preprocessing, self.clips.unlabelled), accelerator)
        return reconstruction_errors(
            mae, self.reader.batches(preprocessing, self.shown), accelerator, pose, seed=seed
        )

    def _accuracies(self, ending: str, learnt: Tensor, asked: Tensor) -> dict[str, float]:
        labels = self.reader.labels(self.clips.train)
        scores = probe_and_neighbours(
            [learnt],
            labels,
            [asked],
            weights=[1.0],
            classes=len(self.clips.classes),
            weight_decay=1e-3,
            neighbours=1,
        )
        truth = self.reader.labels(self.shown)
        probe, nearest = (accuracy_of(each, truth).top1 for each in scores.values())
        return {f"probe{ending}": probe, f"neighbours{ending}": nearest}
