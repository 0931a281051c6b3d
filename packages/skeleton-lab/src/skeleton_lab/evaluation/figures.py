"""Figures of a confusion matrix; classes without a clip are left out by a rule that is always the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from skeleton_lab.runs.results import TestResult


def mean_class_accuracy(confusion: ArrayLike) -> float:
    """Return the mean over classes of the fraction of their clips that was recognised: balanced accuracy.

    Classes without a clip are left out, as by scikit-learn's `balanced_accuracy_score`.

    Args:
        confusion: (K, K) clips by true class (row) and recognised class (column).

    Example:
        >>> mean_class_accuracy([[3, 1, 0], [0, 1, 0], [0, 0, 0]])
        0.875
    """
    counts = np.asarray(confusion, dtype=np.float64)
    clips = counts.sum(axis=1)
    return float((counts.diagonal()[clips > 0] / clips[clips > 0]).mean())


def macro_f1(confusion: ArrayLike) -> float:
    """Return the mean over classes of F1, the harmonic mean of precision and recall.

    Classes that have no clip and were never answered are left out, as by scikit-learn's `f1_score`; one that
    has no clip and was answered counts 0.

    Args:
        confusion: (K, K) clips by true class (row) and recognised class (column).

    Example:
        >>> round(macro_f1([[3, 1, 0], [0, 1, 0], [0, 0, 0]]), 3)
        0.762
    """
    counts = np.asarray(confusion, dtype=np.float64)
    total = counts.sum(axis=1) + counts.sum(axis=0)
    return float((2 * counts.diagonal()[total > 0] / total[total > 0]).mean())


def figures_of(confusion: ArrayLike, names: Sequence[str], *, top5: float | None) -> TestResult:
    """Return the figures of a confusion matrix (K, K) of classes of these names.

    Args:
        confusion: Clips by true class (row) and recognised class (column).
        names: Class names.
        top5: Fraction of clips whose class is among the five highest scores, where it is to be reported.
    """
    counts = np.asarray(confusion)
    clips = counts.sum(axis=1)
    return TestResult(
        clips=int(clips.sum()),
        top1=float(counts.trace() / clips.sum()),
        top5=top5,
        mean_class=mean_class_accuracy(counts),
        macro_f1=macro_f1(counts),
        absent=[name for name, count in zip(names, clips, strict=True) if not count],
        per_class={
            name: float(counts[k, k] / clips[k]) if clips[k] else None for k, name in enumerate(names)
        },
    )
