"""What a cross-validation ends with: each fold, their mean, and all answers pooled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from skeleton_lab.runs.results import UNTRAINED, Origin, TestResult

PRETRAINING = {
    "not": "without the test clips of each fold",
    "unlabelled": "with the test clips, but without their labels (transductive)",
    None: "on clips that are not known",
}
"""What a report says of a pre-trained model, by what it had seen of the test sides."""


class Fold(BaseModel):
    """One fold of a cross-validation."""

    number: int
    name: str = Field(description="What is tested in it, as `subject 3`.")
    folder: Path
    train_clips: int
    untrained: list[str] = Field([], description=UNTRAINED)
    test: TestResult

    @classmethod
    def of(cls, number: int, name: str, folder: Path, result: Mapping[str, Any]) -> Self:
        """Return what the run of a fold ended with.

        Args:
            number: Of the fold, from 1.
            name: What is tested in it.
            folder: Of its run.
            result: The run's result.json.
        """
        kept = {field: result[field] for field in ("train_clips", "untrained", "test") if field in result}
        return cls.model_validate({"number": number, "name": name, "folder": folder, **kept})


class FoldedTraining(Origin):
    """What the pre-trainings of all folds end with (result.json)."""

    folder: Path
    protocol: str
    folds: dict[str, Path] = Field(description="The run of each fold, by what it leaves out.")
    everything: Path | None = Field(description="The run on all clips.")
    seconds: float


class CrossValidation(Origin):
    """What a cross-validation ends with (result.json)."""

    folder: Path
    app: str
    protocol: str
    pretrained: str | None = Field(None, description="What the trainings began with.")
    pretrained_saw_test: Literal["not", "unlabelled"] | None = Field(
        None, description="Whether it had met clips of the test sides; None: not known, or from scratch."
    )
    folds: list[Fold]
    mean: float = Field(description="Mean top-1 accuracy over folds.")
    deviation: float | None = Field(description="Standard deviation over folds.")
    interval: float | None = Field(description="Half of the 95 % interval of the mean (Student).")
    pooled: TestResult = Field(description="Figures of the answers of all folds together.")
    subjects: dict[int, tuple[int, float]] = Field(description="Clips and accuracy of each subject.")
    everything: Path | None = Field(description="The run whose model was trained on all clips.")
    notes: list[str] = Field([], description="What whoever reports the accuracy should know.")
    seconds: float

    def table(self) -> str:
        """Return the folds, their mean and the pooled figures as Markdown, in percent."""
        lines = [
            "| fold | test clips | top-1 % | mean over classes % | macro F1 % | classes not tested |",
            "|---|---:|---:|---:|---:|---|",
            *(self._line(fold.name, fold.test) for fold in self.folds),
            f"| mean ± deviation | | {100 * self.mean:.1f}{_plus_minus(self.deviation)} | | | |",
            self._line("all answers pooled", self.pooled),
        ]
        paragraphs = ["\n".join(lines)]
        if self.interval is not None:
            low, high = 100 * max(0, self.mean - self.interval), 100 * min(1, self.mean + self.interval)
            paragraphs.append(
                f"95 % interval of the mean: {low:.1f} to {high:.1f} % (Student, {len(self.folds)} folds;"
                " they share training clips, so take it as a guide)."
            )
        paragraphs.append(
            "Classes without a test clip are left out of the mean over classes (balanced accuracy), and of"
            " macro F1 unless they were answered, which counts 0; pooled figures are over the classes of all"
            " folds."
        )
        if lacking := [
            f"{', '.join(fold.untrained)} in {fold.name}" for fold in self.folds if fold.untrained
        ]:
            paragraphs.append(
                f"Classes without a training clip, which cannot be recognised: {'; '.join(lacking)}."
            )
        if self.pretrained:
            paragraphs.append(f"Pre-trained {PRETRAINING[self.pretrained_saw_test]}: {self.pretrained}.")
        by_subject = {f"subject {who}" for who in self.subjects}
        if len(self.subjects) > 1 and by_subject != {fold.name for fold in self.folds}:
            rows = (f"| {who} | {n} | {100 * top1:.1f} |" for who, (n, top1) in self.subjects.items())
            paragraphs.append("\n".join(["| subject | test clips | top-1 % |", "|---:|---:|---:|", *rows]))
        return "\n\n".join([*paragraphs, *self.notes])

    @staticmethod
    def _line(name: str, test: TestResult) -> str:
        figures = (test.top1, test.mean_class, test.macro_f1)
        cells = " | ".join("-" if figure is None else f"{100 * figure:.1f}" for figure in figures)
        return f"| {name} | {test.clips} | {cells} | {', '.join(test.absent) or '-'} |"


def _plus_minus(value: float | None) -> str:
    return "" if value is None else f" ± {100 * value:.1f}"
