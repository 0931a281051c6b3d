"""How many clips each class has of each subject, as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

MOST_ROWS, MOST_COLUMNS = 60, 24
"""Largest table that is printed."""


def alike(class_names: Sequence[str]) -> list[str]:
    """Return a sentence for classes whose names differ in capitals, blanks and underscores alone.

    Example:
        >>> alike(["sit down", "wave", "Sit_down"])
        ["classes 'sit down' and 'Sit_down' are two: if they are one, give them the same name"]
    """
    spelt: dict[str, list[str]] = {}
    for name in class_names:
        spelt.setdefault(re.sub(r"[\s_]+", " ", name.strip()).casefold(), []).append(repr(name))
    return [
        f"classes {' and '.join(names)} are {'two' if len(names) == 2 else len(names)}: if they are one, give"
        " them the same name"
        for names in spelt.values()
        if len(names) > 1
    ]


def class_table(clips: Counter[tuple[int, int]], class_names: tuple[str, ...]) -> list[str]:
    r"""Return lines with the classes that have no clip, and a table of classes and subjects.

    Args:
        clips: Number of clips of each label and subject, -1 where it is not known.
        class_names: Name of each label, if known.

    Example:
        >>> print("\n".join(class_table(Counter({(0, 1): 2, (1, 1): 3}), ("wave", "kick"))))
        labelled: 5 of 5 clips, 2 classes, 1 subjects
        subject    1
           wave    2
           kick    3
    """
    labels = sorted({label for label, _ in clips if label >= 0})
    subjects = sorted({subject for _, subject in clips if subject >= 0})
    count = sum(clips.values())
    labelled = sum(number for (label, _), number in clips.items() if label >= 0)
    lines = [f"labelled: {labelled} of {count} clips, {len(labels)} classes, {len(subjects)} subjects"]
    every = class_names or tuple(map(str, range(1 + max(labels, default=-1))))
    if labels and len(labels) < len(every):
        from skeleton_data.splits.counts import listed_names

        gaps = ~np.isin(np.arange(len(every)), labels)
        lines.append(f"no clip of {listed_names(every, gaps)}")
    if not subjects or len(labels) > MOST_ROWS or len(subjects) > MOST_COLUMNS:
        return lines
    rows = [(label, every[label]) for label in labels] + [(-1, "no label")] * (labelled < count)
    columns = [(subject, str(subject)) for subject in subjects]
    columns += [(-1, "none")] * any(subject < 0 for _, subject in clips)
    width = max(map(len, ["subject", *(name for _, name in rows)]))
    lines.append(f"{'subject':>{width}} " + " ".join(f"{name:>4}" for _, name in columns))
    for label, name in rows:
        counts = " ".join(f"{clips[label, subject]:>4}" for subject, _ in columns)
        lines.append(f"{name:>{width}} {counts}")
    return lines
