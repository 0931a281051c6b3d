"""The folds of a protocol together: their mean and spread, all answers pooled, and a table of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from skeleton_lab.runs.answers import ANSWERS, pooled, read_answers
from skeleton_lab.runs.cross_validation import CrossValidation, Fold
from skeleton_lab.runs.folder import write_atomically
from skeleton_lab.studies.spread import half_interval

POOLED = (ANSWERS, "confusion.csv", "folds.md")
"""What is written of all folds together, besides the result."""


def pool_folds(
    folds: Sequence[Fold], folder: Path, classes: Sequence[str], *, protocol: str, **facts: Any
) -> CrossValidation:
    """Put finished folds together, and write all answers, their confusion matrix and the table.

    Args:
        folds: Each with the folder that holds its answers.
        folder: Receives answers.csv, confusion.csv, confusion.png and folds.md.
        classes: Class names.
        protocol: What has these folds.
        facts: Further fields of the result.

    Raises:
        InputError: If a fold has no answers.
    """
    from skeleton_lab.evaluation.confusion import draw_confusion, write_confusion
    from skeleton_lab.evaluation.figures import figures_of

    answers = pooled([read_answers(fold.folder, classes) for fold in folds])
    figures, confusion = figures_of(answers.confusion, classes, top5=None), answers.confusion.tolist()
    accuracy = [fold.test.top1 for fold in folds]
    result = CrossValidation(
        folder=folder,
        protocol=protocol,
        folds=list(folds),
        mean=mean(accuracy),
        deviation=stdev(accuracy) if len(accuracy) > 1 else None,
        interval=half_interval(accuracy),
        pooled=figures,
        subjects=answers.by_subject(),
        **facts,
    )
    folder.mkdir(parents=True, exist_ok=True)
    answers.write(folder / ANSWERS)
    write_confusion(folder / "confusion.csv", confusion, classes)
    title = f"{protocol}: {100 * figures.top1:.1f} % of {figures.clips} clips; rows in percent"
    draw_confusion(folder / "confusion.png", confusion, classes, title=title)
    write_atomically(folder / "folds.md", (result.table() + "\n").encode())
    return result
