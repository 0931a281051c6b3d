"""Figures of pooled predictions, against those of scikit-learn; what folds lack is named."""

import numpy as np
import pytest

from skeleton_lab import InputError, recognition_report


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_scikit_learn_on_the_clips_that_have_a_label(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    y, found = rng.integers(-1, 5, 60), rng.integers(0, 5, 60)
    figures, known = recognition_report(y, found).figures, y >= 0
    assert figures.clips == known.sum()
    assert figures.top1 == pytest.approx(metrics.accuracy_score(y[known], found[known]))
    assert figures.mean_class == pytest.approx(metrics.balanced_accuracy_score(y[known], found[known]))
    assert figures.macro_f1 == pytest.approx(metrics.f1_score(y[known], found[known], average="macro"))


def test_classes_that_are_absent_are_named():
    y, people = ["wave", "kick", "wave", None, "wave"], ["ann", "ann", "bob", "bob", "cy"]
    report = recognition_report(y, ["wave", "kick", "clap", "wave", "wave"], groups=people)
    assert report.lacking == {"bob": ["kick"], "cy": ["kick"]}
    assert report.figures.absent == ["clap"]  # predicted, and of nobody
    assert report.confusion["wave"] == {"clap": 1, "kick": 0, "wave": 2}
    assert "bob has no clip of kick" in str(report)
    assert f"mean-class accuracy {(2 / 3 + 1) / 2:.3f}" in str(report)


@pytest.mark.parametrize(
    ("y", "predicted", "line"),
    [
        ([0, 1], [0], "predicted has 1 values for 2 clips"),
        ([-1, ""], [0, 1], "y: no clip has a label"),
        ([0, 1], [0, None], r"predicted\[1\]"),
        ([0, 1], [0, 0.5], r"predicted\[1\] is 0\.5"),
    ],
)
def test_what_cannot_be_compared_is_named(y, predicted, line):
    with pytest.raises(InputError, match=line):
        recognition_report(y, predicted)
