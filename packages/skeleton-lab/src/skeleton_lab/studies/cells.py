"""What the runs of a study came to, by row and column: accuracy over seeds, and what it cost."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Any, Literal

from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.data import HeldOutSide
from skeleton_lab.recipe.text_files import MAX_RESULT, read_json, read_toml
from skeleton_lab.studies.columns import Column
from skeleton_lab.studies.plan import Run, Trial
from skeleton_lab.studies.spread import half_interval
from skeleton_lab.studies.study import Row

Spread = Literal["deviation", "interval"]


@dataclass(frozen=True)
class Cost:
    """What a run cost."""

    minutes: float
    clips_per_second: float | None
    parameters: int
    encoder_parameters: int | None


@dataclass(frozen=True)
class Cell:
    """What a row came to in a column.

    Attributes:
        row: The row.
        column: The column.
        seeds: Seeds that are finished.
        accuracy: Their accuracy in percent.
        labelled: How many clips were labelled, a mean over seeds.
        pretraining: Mean cost of their pre-trainings, if there are any.
        learning: Mean cost of their trainings with labels.
        selected_by: What selected the weights of a fine-tuning.
        transductive: Whether self-training learnt from the test clips, without their labels.
    """

    row: Row
    column: Column
    seeds: tuple[int, ...]
    accuracy: tuple[float, ...]
    labelled: float | None
    pretraining: Cost | None
    learning: Cost | None
    selected_by: str | None = None
    transductive: bool = False

    @property
    def mean(self) -> float | None:
        """Mean accuracy over seeds."""
        return mean(self.accuracy) if self.accuracy else None

    def spread(self, kind: Spread) -> float | None:
        """Return the standard deviation over seeds, or half of the 95 % interval of their mean."""
        if len(self.accuracy) < 2:
            return None
        return stdev(self.accuracy) if kind == "deviation" else half_interval(self.accuracy)

    def against(self, other: Cell) -> Cell:
        """Return by how much it is more accurate than another, seed by seed."""
        theirs = dict(zip(other.seeds, other.accuracy, strict=True))
        pairs = [(seed, ours) for seed, ours in zip(self.seeds, self.accuracy, strict=True) if seed in theirs]
        seeds, accuracy = tuple(seed for seed, _ in pairs), tuple(ours - theirs[seed] for seed, ours in pairs)
        return replace(self, seeds=seeds, accuracy=accuracy)

    @property
    def significant(self) -> bool:
        """Whether the 95 % interval of the mean, that of a difference, does not contain 0."""
        interval = self.spread("interval")
        return self.mean is not None and interval is not None and abs(self.mean) > interval

    @property
    def published(self) -> float | None:
        """The published number, if the column is what it is of."""
        return self.row.published.get(self.column.published or "")


def cells(trials: Iterable[Trial], side: HeldOutSide = "test") -> list[Cell]:
    """Return what is finished, by row and column in their order; without finished seeds a cell is empty.

    Args:
        trials: Of each row, in each column, with each seed.
        side: Where they are accurate.
    """
    groups: dict[tuple[str, Column], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.row.name, trial.column), []).append(trial)
    return [_cell(group, side) for group in groups.values()]


def _cell(trials: Sequence[Trial], side: HeldOutSide) -> Cell:
    seeds: dict[int, list[Trial]] = {}
    for trial in trials:
        seeds.setdefault(trial.seed, []).append(trial)
    seeds = {seed: folds for seed, folds in seeds.items() if all(trial.answer.finished for trial in folds)}
    done = [trial for folds in seeds.values() for trial in folds]
    return Cell(
        row=trials[0].row,
        column=trials[0].column,
        seeds=tuple(seeds),
        accuracy=tuple(100 * _pooled(folds, trials[0].row.method, side) for folds in seeds.values()),
        labelled=mean(map(_labelled, done)) if done else None,
        selected_by=_result(done[0].answer).get("selected_by") if done else None,
        transductive=any(
            _self_training(run).get("transductive", False) for trial in done for run in trial.learnings
        ),
        pretraining=_cost([_distinct(trial.pretrainings for trial in folds) for folds in seeds.values()]),
        learning=_cost([_distinct(trial.learnings for trial in folds) for folds in seeds.values()]),
    )


def _distinct(folds: Iterable[Sequence[Run]]) -> list[Sequence[Run]]:
    """Return the runs of each fold, without those that it shares with an earlier one."""
    known: set[Run] = set()
    found: list[Sequence[Run]] = []
    for runs in folds:
        found.append([run for run in runs if run not in known])
        known |= set(runs)
    return found


def _pooled(folds: Sequence[Trial], method: str | None, side: HeldOutSide) -> float:
    """Return the accuracy over the clips of all folds, or of the only trial of a seed."""
    results = [_result(trial.answer) for trial in folds]
    accuracy = [_top1(result, method, side) for result in results]
    if len(folds) == 1:
        return accuracy[0]
    clips = [_clips(result, method, side) for result in results]
    return float(sum(map(operator.mul, accuracy, clips)) / sum(clips))


def _clips(result: dict[str, Any], method: str | None, side: HeldOutSide) -> int:
    """Return the number of clips that the accuracy is of."""
    if "methods" in result:
        return int(result["methods"][method or "classifier"]["clips"])
    return int(result["test"]["clips"] if side == "test" else result["validation_clips"])


def _top1(result: dict[str, Any], method: str | None, side: HeldOutSide) -> float:
    """Accuracy of a training with labels, or of an evaluation, which is of one side."""
    if "methods" in result:
        return float(result["methods"][method or "classifier"]["top1"])
    return float(result["test"]["top1"] if side == "test" else result["validation_top1"])


def _labelled(trial: Trial) -> int:
    """Return the number of labelled clips that a trial has learnt from."""
    result = _result(trial.learnings[0] if trial.learnings else trial.answer)
    return int(result["train_clips"] if trial.learnings else result["labelled_clips"])


def _cost(seeds: Sequence[Sequence[Sequence[Run]]]) -> Cost | None:
    """Mean over seeds of the cost of all folds of some runs, such as those of three streams."""
    every = [[run for runs in folds for run in runs] for folds in seeds]
    if not any(every):
        return None
    rates = [rate for runs in every for run in runs if (rate := _rate(run))]
    first = [_result(run) for run in seeds[0][0]]
    return Cost(
        minutes=mean(sum(map(_seconds, runs)) for runs in every) / 60,
        clips_per_second=mean(rates) if rates else None,
        parameters=sum(result["parameters"] for result in first),
        encoder_parameters=first[0].get("encoder_parameters"),
    )


def _seconds(run: Run) -> float:
    """Return the time that a run took, with the rounds of a self-training before it."""
    return float(_result(run)["seconds"] + _self_training(run).get("seconds", 0))


def _self_training(run: Run) -> dict[str, Any]:
    """Return what a run tells of its self-training, if it had one."""
    return _result(run).get("self_training") or {}


def _rate(run: Run) -> float | None:
    """Clips that were trained on a second, all in all; of a run without batches there is none."""
    result = _result(run)
    if "steps" not in result:
        return None
    recipe = read_toml(run.folder / "config.toml")
    there = result["train_clips"] + _self_training(run).get("unlabelled_clips", 0)
    batch_size = min(recipe["training"]["batch_size"], there)
    return float(result["steps"] * batch_size / max(result["seconds"], 0.1))  # it is rounded to tenths


def _result(run: Run) -> dict[str, Any]:
    result = read_json(run.result, most=MAX_RESULT)
    if not isinstance(result, dict):
        raise InputError(
            f"{run.result} must be the result of a run, but is a {type(result).__name__}; train it again"
        )
    return result
