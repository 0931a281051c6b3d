"""What fine-tunings came to: mean and spread over seeds, by labels used and by where they started from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import mean, stdev

from engine.results import FinetuneResult

Key = tuple[int, bool]
"""(clips whose labels were used, from pre-trained weights or not)."""


def compare(results: Iterable[FinetuneResult]) -> str:
    """A Markdown table of test accuracy, a row for each number of labels.

    Example:
        >>> print(compare([]))
        | labelled clips | from scratch, top-1 % | pre-trained, top-1 % | difference | seeds |
        |---:|---:|---:|---:|---:|
    """
    accuracies: defaultdict[Key, list[float]] = defaultdict(list)
    for result in results:
        accuracies[result.train_clips, result.pretrained is not None].append(100 * result.test.top1)
    lines = [
        "| labelled clips | from scratch, top-1 % | pre-trained, top-1 % | difference | seeds |",
        "|---:|---:|---:|---:|---:|",
    ]
    for labels in sorted({labels for labels, _ in accuracies}):
        scratch, pretrained = accuracies[labels, False], accuracies[labels, True]
        difference = f"{mean(pretrained) - mean(scratch):+.1f}" if scratch and pretrained else "-"
        seeds = " / ".join(str(count) for count in sorted({len(scratch), len(pretrained)}))
        lines.append(f"| {labels} | {_spread(scratch)} | {_spread(pretrained)} | {difference} | {seeds} |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    """Mean and standard deviation."""
    if len(values) < 2:
        return f"{values[0]:.1f}" if values else "-"
    return f"{mean(values):.1f} ± {stdev(values):.1f}"
