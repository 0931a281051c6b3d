"""Whether probabilities mean what they say, the temperature that mends them, and when an answer is given.

Of clips that a calibrated classifier recognises with a probability of 0.8, it is right in 80 %. Guo, Pleiss,
Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from skeleton_runtime import Calibration

BINS = 15
KEPT = 0.95
"""Fraction of the rightly recognised clips that a threshold keeps."""
LOWEST, HIGHEST = 0.01, 100.0
"""Limits of a temperature."""


def expected_calibration_error(probabilities: Tensor, label: Tensor, *, bins: int = BINS) -> float:
    """Return by how much confidence and accuracy differ, on average over clips.

    Clips are grouped by the probability of their best class into `bins` of equal width; of each group the
    mean probability is compared with the fraction that is right, and groups count by their clips.

    Args:
        probabilities: Of the classes (N, K).
        label: True classes (N,).
        bins: Groups.

    Example:
        >>> sure = torch.tensor([[0.9, 0.1]]).expand(10, 2)
        >>> round(expected_calibration_error(sure, torch.tensor([0] * 9 + [1])), 6)  # right in 90 %
        0.0
        >>> round(expected_calibration_error(sure, torch.tensor([0] * 5 + [1] * 5)), 6)
        0.4
    """
    confidence, best = probabilities.double().max(1)
    group = (confidence * bins).ceil().long().clamp(1, bins) - 1
    gap = confidence - (best == label).double()
    sums = torch.zeros(bins, dtype=gap.dtype, device=gap.device).index_add(0, group, gap)
    return float(sums.abs().sum() / len(label))


def calibrate(scores: Tensor, label: Tensor) -> Calibration:
    """Choose temperature and threshold on clips that were not trained on.

    Args:
        scores: Of the classes (N, K).
        label: True classes (N,).
    """
    temperature = fit_temperature(scores, label)
    threshold = fit_threshold((scores / temperature).softmax(1), label)
    return Calibration(temperature=temperature, threshold=threshold, clips=len(label))


def fit_threshold(probabilities: Tensor, label: Tensor, *, kept: float = KEPT) -> float | None:
    """Return a probability that at least a fraction of the clips that are recognised rightly reach.

    Args:
        probabilities: Of the classes (N, K), of clips that were not trained on.
        label: True classes (N,).
        kept: The fraction.

    Returns:
        The largest such probability of one of these clips, rounded down; None where none is recognised.

    Example:
        >>> probabilities = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
        >>> fit_threshold(probabilities, torch.tensor([0, 0, 0]))
        0.6
    """
    confidence, best = probabilities.double().max(1)
    right = confidence[best == label].sort().values
    if not len(right):
        return None
    least = right[math.floor((1 - kept) * len(right) + 1e-9)]
    steps = math.floor(1e4 * float(least) + 1e-3)  # 0.6 as a float32 is a little less than 0.6
    too_high = torch.tensor(steps / 1e4).to(probabilities.dtype) > least
    return (steps - int(too_high)) / 1e4


def fit_temperature(scores: Tensor, label: Tensor) -> float:
    """Return the temperature with the smallest cross-entropy on clips that were not trained on.

    One more clip is counted, of any class with the same probability: else a few clips that are all recognised
    would make the classifier certain of everything. The cross-entropy is convex in the inverse temperature,
    whose best value is found by bisection: there the mean score of the true class equals what the
    probabilities expect.

    Args:
        scores: Of the classes (N, K).
        label: True classes (N,).

    Returns:
        A number from 0.01 to 100; no class is recognised otherwise because of it.

    Example:
        >>> scores = torch.tensor([[4.0, 0.0]]).expand(4, 2)
        >>> temperature = fit_temperature(scores, torch.tensor([0, 0, 0, 1]))
        >>> round(float((scores[0] / temperature).softmax(0)[0]), 4)  # right in 3 + 1/2 of 4 + 1
        0.7
    """
    scores = scores.double() - scores.double().amax(1, keepdim=True)
    true = (scores.gather(1, label[:, None]).sum() + scores.mean()) / (len(label) + 1)
    low, high = math.log(1 / HIGHEST), math.log(1 / LOWEST)
    for _ in range(60):
        middle = (low + high) / 2
        expected = ((scores * math.exp(middle)).softmax(1) * scores).sum(1).mean()
        low, high = (middle, high) if expected < true else (low, middle)
    return math.exp(-(low + high) / 2)
