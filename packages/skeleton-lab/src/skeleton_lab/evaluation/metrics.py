"""Accuracy over clips, each counted once by whichever process saw it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F

from skeleton_data import ClipBatch
from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.evaluation.calibration import expected_calibration_error
from skeleton_lab.evaluation.figures import figures_of
from skeleton_lab.runs.answers import Answers
from skeleton_lab.runs.results import TestResult
from skeletonmae import confusion_matrix

TOP = 5


@dataclass(frozen=True)
class Accuracy:
    """How well clips were recognised.

    Attributes:
        clips: Clips that were counted.
        loss: Mean cross-entropy, without label smoothing.
        top1: Fraction of clips whose class has the highest score.
        top5: Fraction of clips whose class is among the five highest scores; None where five classes are half
            of all or more, so that it says little.
        confusion: Clips by true class (row) and recognised class (column).
    """

    clips: int
    loss: float
    top1: float
    top5: float | None
    confusion: list[list[int]]

    @property
    def logged(self) -> dict[str, float]:
        """What a line of metrics holds of it."""
        values = {"loss": self.loss, "top1": self.top1, "top5": self.top5}
        return {name: value for name, value in values.items() if value is not None}


class ClipCounts:
    """Counts from which `Accuracy` is computed; those of several processes add up.

    Example:
        >>> counts = ClipCounts(classes=3)
        >>> counts.update(torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]), torch.tensor([0, 1]))
        >>> counts.accuracy().top1, counts.accuracy().confusion
        (0.5, [[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    """

    def __init__(self, classes: int, device: torch.device | str = "cpu") -> None:
        self.confusion = torch.zeros(classes, classes, dtype=torch.int64, device=device)
        self.top5 = torch.zeros((), dtype=torch.int64, device=device)
        self.loss = torch.zeros((), dtype=torch.float32, device=device)

    def update(self, scores: Tensor, label: Tensor) -> None:
        """Count clips with scores (N, K) and true classes (N,)."""
        best = scores.topk(min(TOP, scores.shape[1])).indices
        self.confusion += confusion_matrix(label, best[:, 0], classes=len(self.confusion))
        self.top5 += (best == label[:, None]).sum()
        self.loss += F.cross_entropy(scores.float(), label, reduction="sum")

    def add_up(self, accelerator: Accelerator) -> None:
        """Replace the counts by their sums over all processes."""
        self.confusion, self.top5, self.loss = (
            accelerator.reduce(count, "sum") for count in (self.confusion, self.top5, self.loss)
        )

    def accuracy(self) -> Accuracy:
        """Return what the counts say."""
        clips = int(self.confusion.sum())
        return Accuracy(
            clips=clips,
            loss=self.loss.item() / clips,
            top1=int(self.confusion.trace()) / clips,
            top5=int(self.top5) / clips if len(self.confusion) / 2 > TOP else None,
            confusion=self.confusion.tolist(),
        )


@torch.no_grad()
def evaluate_classifier(
    model: nn.Module, batches: Iterable[ClipBatch], accelerator: Accelerator, *, classes: int
) -> Accuracy:
    """Return the accuracy of a classifier over the batches of all processes.

    Args:
        model: The classifier, not its distributed wrapper: processes may have different numbers of batches.
        batches: This process's share.
        accelerator: Adds up the processes' counts.
        classes: Number of classes, K.
    """
    model.eval()
    counts = ClipCounts(classes, accelerator.device)
    for batch in batches:
        counts.update(model(batch.joints), batch.label)
    counts.add_up(accelerator)
    model.train()
    return counts.accuracy()


def accuracy_of(scores: Tensor, label: Tensor) -> Accuracy:
    """Return the accuracy of scores (N, K) of clips of true classes (N,).

    Example:
        >>> accuracy_of(torch.tensor([[2.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 0])).top1
        0.5
    """
    counts = ClipCounts(scores.shape[1], scores.device)
    counts.update(scores, label)
    return counts.accuracy()


def test_result(
    scores: Tensor,
    label: Tensor,
    names: Sequence[str],
    *,
    temperature: float | None = None,
    ordered: bool = True,
) -> TestResult:
    """Return what scores (N, K) of clips of true classes (N,) come to.

    Args:
        scores: Scores.
        label: True classes.
        names: Names of the classes.
        temperature: Of scores that are to be probabilities.
        ordered: Whether scores put more than the best class into an order.
    """
    found = accuracy_of(scores, label)
    error = None
    if temperature is not None:
        error = round(expected_calibration_error((scores / temperature).softmax(1), label), 5)
    figures = figures_of(found.confusion, names, top5=found.top5 if ordered else None)
    return figures.model_copy(update={"calibration_error": error})


def answers_to(clips: FinetuneClips, scores: Tensor, *, temperature: float = 1.0) -> Answers:
    """Return the answers of scores (N, K) to the N test clips, with probabilities at a temperature."""
    best = (scores.cpu().float() / temperature).softmax(dim=1).max(dim=1)
    answer, probability = best.indices.numpy(), best.values.double().numpy()
    return Answers.of(clips.store, clips.test, answer, probability, clips.classes)


@torch.no_grad()
def predict_all(
    model: nn.Module, batches: Iterable[ClipBatch], accelerator: Accelerator, *, clips: int, width: int
) -> Tensor:
    """Predictions of a model for every clip, scores or features, in the order of the clips.

    Args:
        model: Any network on clips, not its distributed wrapper; goes to evaluation mode.
        batches: This process's share; over all processes each clip is met once.
        accelerator: Puts the processes' shares together.
        clips: Number of clips, N.
        width: Channels of a prediction, C.

    Returns:
        (N, F) float32, the same in every process.
    """
    model.eval()
    predictions = torch.zeros(clips, width, device=accelerator.device)
    met = torch.zeros(clips, dtype=torch.int64, device=accelerator.device)
    for batch in batches:
        predictions[batch.clip] = model(batch.joints).float()
        met[batch.clip] += 1
    met = accelerator.reduce(met, "sum")
    assert bool((met == 1).all()), "each clip once, over all processes"
    whole: Tensor = accelerator.reduce(predictions, "sum")
    return whole
