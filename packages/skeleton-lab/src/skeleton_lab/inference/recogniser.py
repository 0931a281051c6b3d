"""A classifier with all that it carries: from clips of any length to the names of actions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skeleton_lab.errors import InputError
from skeleton_lab.inference.arrays import sample_clips
from skeleton_lab.inference.coordinates import training_coordinates
from skeleton_lab.inference.live import LiveWindow
from skeleton_lab.inference.recordings import Recording
from skeleton_lab.models.saved_model import SavedModel
from skeletonmae import sliding_windows


class Recogniser:
    """Recognises actions.

    Args:
        model: A classifier.
        device: Where it runs; by default a GPU, if there is one.

    Raises:
        ValueError: If the model is no classifier, or its weights are damaged.

    Attributes:
        preprocessing: Layout, sampling and class names of the model.
        calibration: How its scores become probabilities.
    """

    def __init__(self, model: SavedModel, device: torch.device | str | None = None) -> None:
        if not model.is_classifier:
            raise InputError(f"{model.path}: an encoder, which knows no classes; fine-tune it first")
        self.preprocessing, self.calibration = model.preprocessing, model.calibration
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.network = model.load().to(self.device)

    @classmethod
    def from_pretrained(cls, where: str | Path) -> Recogniser:
        """Load the classifier of a run, of a folder, or of `hf://OWNER/NAME`."""
        return cls(SavedModel.open(where))

    @torch.inference_mode()
    def __call__(self, clips: Sequence[NDArray[np.float32]]) -> Tensor:
        """Return probabilities (N, K) of clips.

        Args:
            clips: Each (T, M, V, 3), metres, in the model's layout and as the clips of its training lie in
                their store: `training_coordinates` brings others there.
        """
        joints = sample_clips(clips, self.preprocessing).to(self.device)
        scores: Tensor = self.network(joints)
        return (scores / self.calibration.temperature).softmax(1).cpu()

    def best(self, probabilities: Tensor, count: int) -> list[tuple[str, float]]:
        """Return names and probabilities of the most probable classes of one clip (K,)."""
        values, classes = probabilities.topk(min(count, len(probabilities)))
        names = self.preprocessing.classes
        return [(names[k], value) for k, value in zip(classes.tolist(), values.tolist(), strict=True)]


def recognise_recordings(
    recogniser: Recogniser,
    recordings: Iterable[Recording],
    *,
    top: int = 5,
    window: int | None = None,
    stride: int | None = None,
    batch_size: int = 64,
) -> Iterator[dict[str, Any]]:
    """Recognise recordings, window by window, several at once.

    Args:
        recogniser: The classifier.
        recordings: As `read_recordings` reads them for the classifier.
        top: Classes that are told.
        window: Frames of a window; by default a recording is one.
        stride: Frames from a window to the next; by default half a window.
        batch_size: Windows at once.

    Yields:
        For each window the file, the name of the clip, its first and last frame, and the best classes.
    """
    windows = (
        (recording, start, end)
        for recording in recordings
        for length in [window or len(recording.joints)]
        for start, end in sliding_windows(len(recording.joints), length, stride or max(1, length // 2))
    )
    while batch := list(islice(windows, batch_size)):
        probabilities = recogniser([recording.clip(start, end) for recording, start, end in batch])
        for (recording, start, end), row in zip(batch, probabilities, strict=True):
            where = {"file": str(recording.path), "clip": recording.name}
            best = dict(recogniser.best(row, top))
            yield where | {"first_frame": start, "last_frame": end - 1, "classes": best}


def recognise_live(
    recogniser: Recogniser, windows: Iterable[LiveWindow], *, top: int = 5
) -> Iterator[dict[str, Any]]:
    """Recognise the last frames of a stream again and again, while frames come in.

    Yields:
        For each window its first and last frame, the best classes, and the milliseconds since its last frame
        came.
    """
    made_for = recogniser.preprocessing
    recogniser([np.ones((1, 1, len(made_for.layout.joints), 3), np.float32)])  # the first call takes longer
    for window in windows:
        joints = training_coordinates(window.joints, made_for.layout, made_for.cleaning)
        best = dict(recogniser.best(recogniser([joints])[0], top))
        frames = {"first_frame": window.first, "last_frame": window.first + len(window.joints) - 1}
        latency = 1000 * (time.perf_counter() - window.arrived)
        yield frames | {"classes": best, "latency_ms": round(latency, 2)}
