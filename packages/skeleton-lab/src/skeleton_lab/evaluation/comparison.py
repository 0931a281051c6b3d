"""What fine-tunings came to: mean and spread over seeds, from scratch and from pre-trained weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import mean, stdev

from skeleton_lab.errors import InputError
from skeleton_lab.runs.results import SELECTIONS, FinetuneResult

Accuracies = Mapping[tuple[int, bool], list[float]]
"""Accuracies by the number in a row's first column, and by whether runs started from pre-trained weights."""


def compare(results: Iterable[FinetuneResult]) -> str:
    """Return a Markdown table of test accuracy, a row for each number of labels.

    Raises:
        InputError: If a run has no test side.

    Example:
        >>> print(compare([]))
        | labelled clips | from scratch, top-1 % | pre-trained, top-1 % | difference | seeds |
        |---:|---:|---:|---:|---:|
    """
    accuracies: defaultdict[tuple[int, bool], list[float]] = defaultdict(list)
    selected: set[str] = set()
    for result in results:
        if result.test is None:
            raise InputError(f"{result.folder}: nothing was tested, because all clips trained")
        accuracies[result.train_clips, result.pretrained is not None].append(100 * result.test.top1)
        selected.add(result.selected_by)
    chosen = "; or ".join(SELECTIONS[how] for how in sorted(selected))
    return _table("labelled clips", accuracies) + (
        f"\n\nWeights of fine-tunings: {chosen}." if chosen else ""
    )


def compare_by_step(histories: Iterable[tuple[FinetuneResult, Mapping[int, float]]]) -> str:
    """Return a Markdown table of accuracy on held-out clips, a row for each number of steps.

    Where it falls again, runs overfit; where it still rises, they were too short.

    Args:
        histories: Results, and the accuracy after a number of steps.

    Example:
        >>> print(compare_by_step([]))
        | step | from scratch, top-1 % | pre-trained, top-1 % | difference | seeds |
        |---:|---:|---:|---:|---:|
    """
    accuracies: defaultdict[tuple[int, bool], list[float]] = defaultdict(list)
    for result, history in histories:
        for step, top1 in history.items():
            accuracies[step, result.pretrained is not None].append(100 * top1)
    return _table("step", accuracies)


def _table(first: str, accuracies: Accuracies) -> str:
    lines = [
        f"| {first} | from scratch, top-1 % | pre-trained, top-1 % | difference | seeds |",
        "|---:|---:|---:|---:|---:|",
    ]
    for number in sorted({number for number, _ in accuracies}):
        scratch, pretrained = accuracies.get((number, False), []), accuracies.get((number, True), [])
        difference = f"{mean(pretrained) - mean(scratch):+.1f}" if scratch and pretrained else "-"
        seeds = " / ".join(str(count) for count in sorted({len(scratch), len(pretrained)}))
        lines.append(f"| {number} | {_spread(scratch)} | {_spread(pretrained)} | {difference} | {seeds} |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    """Return the mean and standard deviation."""
    if len(values) < 2:
        return f"{values[0]:.1f}" if values else "-"
    return f"{mean(values):.1f} ± {stdev(values):.1f}"
