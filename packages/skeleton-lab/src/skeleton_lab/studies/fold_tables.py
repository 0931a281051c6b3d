"""What the folds of a study's rows came to, one by one: a folder for each row, column and seed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from skeleton_data import SkeletonStore, folds
from skeleton_lab.errors import writing
from skeleton_lab.recipe.text_files import MAX_RESULT, read_json
from skeleton_lab.runs.answers import ANSWERS
from skeleton_lab.runs.cross_validation import CrossValidation, Fold
from skeleton_lab.runs.folder import write_atomically
from skeleton_lab.studies.plan import Trial
from skeleton_lab.studies.pooling import pool_folds

FOLDS = "folds"
"""Folder of them in the folder of a study."""


def write_folds(trials: Iterable[Trial], folder: Path) -> dict[str, CrossValidation]:
    """Write the folds of each row, column and seed whose folds are all finished and have kept their answers.

    Args:
        trials: Of a study; those of a protocol without folds do not count.
        folder: Of the study.

    Returns:
        What they came to, by row, column and seed.
    """
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.fold is not None:
            name = f"{trial.row.name}, {trial.column.heading}, seed {trial.seed}"
            groups.setdefault(name, []).append(trial)
    found = {}
    for name, group in groups.items():
        if all((trial.answer.folder / ANSWERS).is_file() and trial.answer.finished for trial in group):
            place = folder / FOLDS / re.sub(r"[^\w.-]+", "-", name)
            with writing(place):
                found[name] = _pooled(group, place)
            content = json.dumps(found[name].model_dump(mode="json"), indent=2) + "\n"
            write_atomically(place / "result.json", content.encode())
    return found


def _pooled(trials: Sequence[Trial], place: Path) -> CrossValidation:
    column = trials[0].column
    store = SkeletonStore.open(column.store)
    names = {fold.number: fold.name for fold in folds(store.index, column.protocol)}
    results = [read_json(trial.answer.result, most=MAX_RESULT) for trial in trials]
    every = [
        Fold.of(trial.fold or 0, names[trial.fold or 0], trial.answer.folder, result)
        for trial, result in zip(trials, results, strict=True)
    ]
    seen = {result.get("pretrained_saw_test") for result in results}
    return pool_folds(
        every,
        place,
        store.classes,
        protocol=column.protocol,
        app=trials[0].answer.app,
        pretrained=results[0].get("pretrained"),
        pretrained_saw_test="unlabelled" if "unlabelled" in seen else "not" if seen == {"not"} else None,
        everything=None,
        seconds=round(sum(result["seconds"] for result in results), 1),
        made_with=results[0].get("made_with"),
        # Each fold has its own sides.
        data=[{**each, "sides": None, "held_out": None} for each in results[0].get("data", ())],
    )


def fold_lines(found: dict[str, CrossValidation]) -> list[str]:
    """Return a table of the mean over folds, with its spread, for the end of a study's table."""
    if not found:
        return []
    rows = [
        "| row, column, seed | mean of folds, top-1 % | deviation | half of 95 % interval | lowest fold |",
        "|---|---:|---:|---:|---|",
    ]
    for name, result in found.items():
        least = min(result.folds, key=lambda fold: fold.test.top1)
        spread = (_percent(result.deviation), _percent(result.interval))
        lowest = f"{_percent(least.test.top1)} ({least.name})"
        rows.append(f"| {name} | {_percent(result.mean)} | {' | '.join(spread)} | {lowest} |")
    return [
        f"Each fold, each subject and the confusion matrix of all folds are in the folder {FOLDS}.",
        "\n".join(rows),
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
