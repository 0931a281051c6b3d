"""Whether two classifiers differ on the same clips by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_lab.evaluation.pairing import pair
from skeleton_lab.runs.answers import Answers

RESAMPLES = 10_000


def mcnemar(first: int, second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Of the clips on which just one of two classifiers is right, each would be right in half if they were
    equally good: the p-value is that of a binomial test. McNemar, Psychometrika 1947.

    Args:
        first: Clips on which only the first is right.
        second: Clips on which only the second is right.

    Example:
        >>> mcnemar(5, 5), mcnemar(0, 5)
        (1.0, 0.0625)
    """
    total, least = first + second, min(first, second)
    if total == 0:
        return 1.0
    tail = sum(comb(total, k) for k in range(least + 1))  # whole numbers, which never overflow
    return min(1.0, float(2 * tail / 2**total))


def bootstrap_interval(
    difference: NDArray[np.float64], unit: NDArray[np.int64], *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95 % interval of a mean difference over clips, by drawing units with replacement.

    Clips of one person are alike; so persons are drawn, each with all clips (percentiles; Efron, 1979).

    Args:
        difference: (N,) of each clip.
        unit: (N,) what each clip belongs to, as a subject.
        seed: Of the draws.
        resamples: Draws.
    """
    units, place = np.unique(unit, return_inverse=True)
    sums, counts = np.bincount(place, weights=difference), np.bincount(place)
    means = np.empty(resamples)
    random = np.random.default_rng(seed)
    for at in range(resamples):
        drawn = random.integers(len(units), size=len(units))
        means[at] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same clips.

    Attributes:
        clips: Clips.
        both: Clips on which both are right.
        first: Clips on which only the first is.
        second: Clips on which only the second is.
        p: Of McNemar's exact test.
        interval: 95 % interval of the second's accuracy minus the first's.
        subjects: Subjects that were drawn for it; None where clips were, because no subject is known.
        by_name: Whether clips were paired by name, because the two were tested on different stores.
    """

    clips: int
    both: int
    first: int
    second: int
    p: float
    interval: tuple[float, float]
    subjects: int | None
    by_name: bool = False

    def table(self, names: tuple[str, str]) -> str:
        """Return it as Markdown, in percent."""
        one, other = ((self.both + only) / self.clips for only in (self.first, self.second))
        low, high = self.interval
        drawn = f"{self.subjects} subjects" if self.subjects else "clips, as no subject is known"
        lines = [
            "| run | top-1 % | only this one is right |",
            "|---|---:|---:|",
            f"| {names[0]} | {100 * one:.1f} | {self.first} |",
            f"| {names[1]} | {100 * other:.1f} | {self.second} |",
            "",
            f"Difference {100 * (other - one):+.1f} on {self.clips} clips; 95 % interval {100 * low:+.1f} to"
            f" {100 * high:+.1f} (bootstrap over {drawn}); McNemar's exact test: p = {self.p:.3g}.",
        ]
        if self.by_name:
            lines.append("The runs were tested on two different stores; clips are paired by their names.")
        return "\n".join(lines)


def compare_answers(
    first: Answers, second: Answers, folders: tuple[Path, Path], *, same_data: bool = True
) -> Comparison:
    """Compare the answers of two runs clip by clip.

    Args:
        first: Answers.
        second: Answers to the same clips.
        folders: Where they are, for messages.
        same_data: Whether both are to clips of the same store; if not, clips are paired by name.

    Raises:
        InputError: If they are to different clips, or names do not tell the clips of two stores apart.
    """
    order, other = pair(first, second, folders, same_data=same_data)
    one, two = first.right[order], second.right[other]
    known = bool((first.subject >= 0).all()) and len(np.unique(first.subject)) > 1
    unit = first.subject[order] if known else np.arange(len(one))
    only = int((one & ~two).sum()), int((two & ~one).sum())
    return Comparison(
        clips=len(one),
        both=int((one & two).sum()),
        first=only[0],
        second=only[1],
        p=mcnemar(*only),
        interval=bootstrap_interval(two.astype(np.float64) - one, unit),
        subjects=len(np.unique(unit)) if known else None,
        by_name=not same_data,
    )
