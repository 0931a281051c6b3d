"""The answers of a run to its test clips, one a line: what any figure, or any comparison, is made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data import SkeletonStore
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.text_files import MAX_RESULT, read_small_text
from skeleton_lab.runs.folder import write_atomically

ANSWERS = "answers.csv"
"""The file of a run's folder that holds them."""
_HEADING = ("clip", "name", "subject", "label", "class", "answer", "recognised", "probability")


@dataclass(frozen=True)
class Answers:
    """What was answered to clips.

    Attributes:
        clip: (N,) numbers of the clips in their store.
        name: Their names.
        subject: (N,) who moves; -1 where unknown.
        label: (N,) true class.
        answer: (N,) recognised class.
        probability: (N,) of the recognised class.
        classes: Class names.
    """

    clip: NDArray[np.int64]
    name: tuple[str, ...]
    subject: NDArray[np.int64]
    label: NDArray[np.int64]
    answer: NDArray[np.int64]
    probability: NDArray[np.float64]
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        store: SkeletonStore,
        clips: NDArray[np.int64],
        answer: NDArray[np.int64],
        probability: NDArray[np.float64],
        classes: Sequence[str],
    ) -> Answers:
        """Return the answers to clips of a store."""
        index = store.index
        return cls(
            clip=np.asarray(clips, np.int64),
            name=tuple(store.name(int(clip)) for clip in clips),
            subject=np.asarray(index.subject[clips], np.int64),
            label=np.asarray(index.label[clips], np.int64),
            answer=np.asarray(answer, np.int64),
            probability=np.asarray(probability, np.float64),
            classes=tuple(classes),
        )

    @property
    def right(self) -> NDArray[np.bool_]:
        """(N,) whether the answer is the true class."""
        right: NDArray[np.bool_] = self.label == self.answer
        return right

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(K, K) clips by true class (row) and recognised class (column)."""
        classes = len(self.classes)
        counts = np.bincount(self.label * classes + self.answer, minlength=classes**2)
        return counts.reshape(classes, classes)

    def by_subject(self) -> dict[int, tuple[int, float]]:
        """Return clips and accuracy of each known subject."""
        subjects = np.unique(self.subject[self.subject >= 0]).tolist()
        return {
            who: (int((it := self.subject == who).sum()), float(self.right[it].mean())) for who in subjects
        }

    def write(self, path: Path) -> None:
        """Write them as CSV.

        Raises:
            OutputError: If the file cannot be written.
        """
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(_HEADING)
        columns = (self.clip, self.name, self.subject, self.label, self.answer, self.probability)
        for clip, name, subject, label, answer, probability in zip(*columns, strict=True):
            true, predicted = self.classes[label], self.classes[answer]
            rows.writerow([clip, name, subject, label, true, answer, predicted, f"{probability:.6f}"])
        write_atomically(path, text.getvalue().encode())


def read_answers(run: Path, classes: Sequence[str] | None = None) -> Answers:
    """Return the answers that a run has kept.

    Args:
        run: Its folder.
        classes: Class names; by default those of the answers, numbers for others.

    Raises:
        InputError: If there are none, or the file is damaged.
    """
    path = run / ANSWERS
    if not path.is_file():
        if not run.is_dir():
            raise InputError(f"{run}: there is no such folder; expected that of a finished run")
        raise InputError(f"{run}: it has no {ANSWERS}: it is not finished, or an earlier version made it")
    text = read_small_text(path, most=MAX_RESULT)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        numbers = {
            name: np.array([int(row[name]) for row in rows], np.int64)
            for name in ("clip", "subject", "label", "answer")
        }
        probability = np.array([float(row["probability"]) for row in rows])
        names = {int(row["label"]): row["class"] for row in rows}
        names |= {int(row["answer"]): row["recognised"] for row in rows}
        if not rows or min(names) < 0 or max(names) > 1_000_000:
            raise ValueError("its classes")
        known = tuple(classes or (names.get(k, str(k)) for k in range(max(names) + 1)))
        if len(known) <= max(names):
            raise ValueError("its classes")
        clip_names = tuple(row["name"] for row in rows)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: damaged: {error}") from error
    return Answers(**numbers, name=clip_names, probability=probability, classes=known)


def read_predictions(path: Path, tested: Answers) -> Answers:
    """Return what another method, of any code, predicts for the test clips of a run.

    Args:
        path: CSV with a line for each test clip: `clip` (its number in the store) or `name`, and `answer`
            (number of the predicted class) or `recognised` (its name).
        tested: Answers of the run, which say what else is known of the clips.

    Raises:
        InputError: If a column or a test clip is missing, a clip has two lines, or a class is not known.
    """
    text = read_small_text(path, most=MAX_RESULT).removeprefix("\ufeff")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise InputError(f"{path}: damaged: {error}") from error
    there = rows[0].keys() if rows else ()
    key, said = ("clip" if "clip" in there else "name"), ("answer" if "answer" in there else "recognised")
    if missing := [column for column in (key, said) if column not in there]:
        raise InputError(
            f"{path}: there is no column {missing[0]!r}; give each test clip a line with its clip (number) "
            "or name, and its answer (number of the class) or recognised (name of the class)"
        )
    clips = [str(clip) for clip in tested.clip.tolist()] if key == "clip" else list(tested.name)
    classes = list(map(str, range(len(tested.classes)))) if said == "answer" else list(tested.classes)
    found = {(row[key] or "").strip(): (row[said] or "").strip() for row in rows}
    if other := sorted(found.keys() ^ set(clips)):
        lacks = "no line" if other[0] in clips else "a line, but is no test clip"
        raise InputError(f"{path}: {key} {other[0]!r} has {lacks}; {len(other)} of such differ from the run")
    if not len(found) == len(rows) == len(clips):
        raise InputError(f"{path}: two lines or two test clips have the same {key}")
    if wrong := sorted(set(found.values()) - set(classes)):
        raise InputError(f"{path}: {said} is {wrong[0]!r}, expected one of {', '.join(classes)}")
    answer = np.array([classes.index(found[clip]) for clip in clips], np.int64)
    return replace(tested, answer=answer, probability=np.ones(len(answer)))


def pooled(parts: Sequence[Answers]) -> Answers:
    """Return answers of several folds as those of one, in the order of the clips."""
    order = np.argsort(np.concatenate([part.clip for part in parts]), kind="stable")
    names = [name for part in parts for name in part.name]
    columns = {
        field: np.concatenate([getattr(part, field) for part in parts])[order]
        for field in ("clip", "subject", "label", "answer", "probability")
    }
    return Answers(**columns, name=tuple(names[at] for at in order), classes=parts[0].classes)
