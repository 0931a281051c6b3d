"""A recogniser whose network runs in torch, on a GPU where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import skeleton_runtime
from skeleton_lab.errors import InputError
from skeleton_lab.models.saved_model import SavedModel

Joints = NDArray[np.float32]


class TorchNetwork:
    """A network of torch as `skeleton_runtime.Network`.

    Args:
        model: A classifier or encoder, in evaluation mode.
        device: Where it runs.
    """

    def __init__(self, model: nn.Module, device: torch.device | str) -> None:
        self.model, self.device = model.to(device), device

    @torch.inference_mode()
    def scores(self, joints: Joints) -> Joints:
        """Return class scores (N, K) of clips (N, C=3, T, V, M)."""
        scores: Joints = self.model(torch.from_numpy(joints).to(self.device)).cpu().numpy()
        return scores

    @torch.inference_mode()
    def features(self, joints: Joints) -> Joints:
        """Return pooled features (N, F) of clips (N, C=3, T, V, M)."""
        maps = self.model.forward_features(torch.from_numpy(joints).to(self.device))  # type: ignore[operator]
        features: Joints = self.model.forward_head(maps, pre_logits=True).cpu().numpy()  # type: ignore[operator]
        return features


class Recogniser(skeleton_runtime.Recogniser):
    """Recognises actions, as `skeleton_runtime.Recogniser` does, with the network in torch.

    Args:
        model: A classifier.
        device: Where it runs; by default a GPU, if there is one.

    Raises:
        ValueError: If the model is no classifier, or its weights are damaged.
    """

    def __init__(self, model: SavedModel, device: torch.device | str | None = None) -> None:
        if not model.is_classifier:
            raise InputError(f"{model.path} is an encoder, which knows no classes; fine-tune it first")
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        super().__init__(model.preprocessing, TorchNetwork(model.load(), device), model.calibration)

    @classmethod
    def from_pretrained(cls, where: str | Path) -> Recogniser:
        """Load the classifier of a run, of a folder, or of `hf://OWNER/NAME`."""
        return cls(SavedModel.open(where))
