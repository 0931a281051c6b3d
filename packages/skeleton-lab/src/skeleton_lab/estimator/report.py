"""What predictions of all folds come to, in figures whose rules are stated."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from skeleton_lab.errors import InputError
from skeleton_lab.estimator.arrays import as_groups, as_labels
from skeleton_lab.evaluation.figures import figures_of
from skeleton_lab.runs.results import TestResult


class RecognitionReport(BaseModel):
    """Figures of predictions, pooled over all clips that have a label.

    Means over classes are taken once, of the pooled clips, and not fold by fold: where a fold lacks a class,
    some count it as 0 and some leave it out, and the mean depends on that more than on the predictions.
    """

    figures: TestResult
    confusion: dict[str, dict[str, int]] = Field(description="Clips by true class, and by predicted class.")
    lacking: dict[str, list[str]] = Field(description="Classes of which a group has no clip, by group.")

    def __str__(self) -> str:
        """Return the figures, a line each, with their rules."""
        found = self.figures
        lines = [
            f"{found.clips} clips with a label, pooled over all groups",
            f"accuracy {found.top1:.3f}: the fraction of clips that were recognised",
            f"mean-class accuracy {found.mean_class:.3f}: the mean over the classes that have clips",
            f"macro-F1 {found.macro_f1:.3f}: the mean over the classes that have clips or were predicted",
        ]
        lines += [f"group {group} has no clip of {', '.join(names)}" for group, names in self.lacking.items()]
        return "\n".join(lines)


def recognition_report(y: Any, predicted: Any, groups: Any = None) -> RecognitionReport:
    """Compare predictions, as of `cross_val_predict`, with classes.

    Args:
        y: The classes; clips without a label (-1, None, "" or NaN) are left out.
        predicted: What was predicted for each clip.
        groups: Whose clips were a fold's test side, to name the classes that it lacks.

    Raises:
        InputError: If lengths differ, no clip has a label, or one has no prediction; names the index.

    Example:
        >>> report = recognition_report(["a", "a", "b", ""], ["a", "b", "b", "a"], groups=[1, 1, 2, 2])
        >>> round(report.figures.top1, 3), report.figures.mean_class
        (0.667, 0.75)
        >>> report.lacking
        {'1': ['b'], '2': ['a']}
    """
    count = len(y)
    true, labels = as_labels(y, count)
    if not len(true):
        raise InputError("y: no clip has a label, so that there is nothing to compare with")
    answers, answered = as_labels(predicted, count, name="predicted")
    if (answered < 0).any():
        raise InputError(
            f"predicted[{int((answered < 0).argmax())}] is no class; a prediction is needed for each clip"
        )
    names = [
        str(each)
        for each in sorted({*true.tolist(), *answers.tolist()}, key=lambda each: (str(type(each)), each))
    ]
    place = {name: number for number, name in enumerate(names)}
    known = np.flatnonzero(labels >= 0)
    row = [place[str(true[labels[clip]])] for clip in known]
    column = [place[str(answers[answered[clip]])] for clip in known]
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, (row, column), 1)
    return RecognitionReport(
        figures=figures_of(confusion, names, top5=None),
        confusion={
            name: dict(zip(names, each.tolist(), strict=True))
            for name, each in zip(names, confusion, strict=True)
        },
        lacking={} if groups is None else _lacking(true, labels, groups),
    )


def _lacking(classes: Any, labels: Any, groups: Any) -> dict[str, list[str]]:
    numbers = as_groups(groups, len(labels))
    found = {}
    for number in np.unique(numbers):
        here = np.flatnonzero(numbers == number)
        missing = [str(each) for k, each in enumerate(classes) if k not in labels[here]]
        if missing:
            found[str(groups[here[0]])] = missing
    return found
