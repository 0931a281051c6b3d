"""What an app prints at its end: what was reached, where it is, and the command that comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from skeleton_lab.runs.results import ContrastResult, FinetuneResult, PretrainResult, TestResult
from skeleton_lab.runs.workers import is_first_process


def print_ending(result: FinetuneResult | PretrainResult | ContrastResult | None) -> None:
    """Print it, in the first process; a dry run has no result and prints nothing."""
    if result and is_first_process():
        print(*_sentences(result), sep="\n")


def accuracy(test: TestResult) -> str:
    """Return the accuracy of a test, in percent.

    Example:
        >>> accuracy(TestResult(clips=8, top1=0.75, top5=None, mean_class=0.7, per_class={}))
        'Accuracy on 8 test clips: top-1 75.0 %, mean over classes 70.0 %.'
    """
    mean = "" if test.mean_class is None else f", mean over classes {100 * test.mean_class:.1f} %"
    return f"Accuracy on {test.clips:,} test clips: top-1 {100 * test.top1:.1f} %{mean}."


_DATA = ("--data.store", "STORE", "--data.protocol", "PROTOCOL")  # for the user to fill in


def _sentences(result: FinetuneResult | PretrainResult | ContrastResult) -> Iterator[str]:
    match result:
        case FinetuneResult():
            if result.test:
                yield accuracy(result.test)
            elif result.validation_top1 is not None:
                top1 = 100 * result.validation_top1
                yield f"Accuracy on {result.validation_clips:,} validation clips: top-1 {top1:.1f} %."
            yield f"The classifier is in {result.folder / 'classifier'}."
            yield f"Use it: {_command('predict', result.folder)} RECORDING"
        case PretrainResult():
            if result.validation_loss is not None:
                where = f"{result.validation_clips:,} validation clips, at step {result.selected_step:,}"
                yield f"Reconstruction loss on {where}: {result.validation_loss:.4g}."
            yield from _encoders({"": result.folder})
        case ContrastResult():
            yield from _encoders(result.encoders)


def _encoders(runs: dict[str, Path]) -> Iterator[str]:
    for view, run in runs.items():
        of_view = f" of the stream {view}" if len(runs) > 1 else ""
        yield f"The encoder{of_view} is in {run / 'encoder'}."
    first = next(iter(runs.values()))
    yield f"Fine-tune it: {_command('finetune', '--pretrained', first, *_DATA)}"


def _command(*words: str | Path) -> str:
    return shlex.join(["skeleton-lab", *map(str, words)])
