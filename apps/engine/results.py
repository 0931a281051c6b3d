"""What runs end with: result.json, and what `run` returns."""

from pathlib import Path

from pydantic import BaseModel, Field


class PretrainResult(BaseModel):
    """What a pre-training ends with (result.json)."""

    folder: Path
    steps: int
    selected_step: int = Field(description="Step of the weights that were kept.")
    validation_loss: float | None = Field(description="Their loss on held-out subjects.")
    train_clips: int
    validation_clips: int
    parameters: int
    seconds: float
    num_processes: int
    precision: str = Field(description="Mixed precision, of the recipe or as Accelerate is configured.")
    checksums: list[str] = Field(description="SHA-256 of the last weights in each process: all equal.")


class ContrastResult(BaseModel):
    """What a contrastive pre-training ends with (result.json)."""

    folder: Path
    encoders: dict[str, Path] = Field(
        description="For each view what `finetune.py --pretrained` takes: the folder that holds encoder/."
    )
    steps: int
    mining_step: int = Field(description="Steps before positives were mined.")
    train_clips: int
    parameters: int = Field(description="Weights that are trained; key encoders are not counted.")
    seconds: float
    num_processes: int
    precision: str = Field(description="Mixed precision, of the recipe or as Accelerate is configured.")
    checksums: list[str] = Field(
        description="SHA-256 of the last weights and queues in each process: all equal."
    )


class TestResult(BaseModel):
    """Accuracy on one side of a protocol."""

    clips: int
    top1: float
    top5: float | None = Field(description="None where classes have no order, as with one neighbour.")
    per_class: dict[str, float | None] = Field(description="Share of each class's clips that was recognised.")


class FinetuneResult(BaseModel):
    """What a fine-tuning ends with (result.json)."""

    folder: Path
    pretrained: Path | None
    test: TestResult
    validation_top1: float | None = Field(description="Accuracy by which the weights were selected.")
    selected_step: int = Field(description="Step of the weights that were kept.")
    steps: int
    train_clips: int = Field(description="Clips whose labels were trained on.")
    validation_clips: int = Field(description="Clips whose labels served to select the weights.")
    parameters: int
    seconds: float
    num_processes: int
    precision: str = Field(description="Mixed precision, of the recipe or as Accelerate is configured.")
    checksums: list[str] = Field(description="SHA-256 of the last weights in each process: all equal.")


class Evaluation(BaseModel):
    """What an evaluation ends with (evaluation.json)."""

    models: list[str]
    weights: list[float] = Field(description="How much each model counts.")
    store: Path
    protocol: str
    side: str
    labelled_clips: int | None = Field(description="Clips that the probe and the neighbours learnt from.")
    calibration_clips: int = Field(description="Clips that BatchNorm's statistics were taken from.")
    methods: dict[str, TestResult] = Field(description="Accuracy by how it was answered.")
    num_processes: int

    def headline(self) -> str:
        """What was shown, in a line."""
        clips = next(iter(self.methods.values())).clips
        learnt = f", learnt from {self.labelled_clips}" if self.labelled_clips is not None else ""
        return f"{' + '.join(self.models)}: {clips} {self.side} clips of {self.protocol}{learnt}"

    def table(self) -> str:
        """A Markdown table in percent: a column for each method, a row for each class."""
        columns = list(self.methods.values())
        rows = {"top-1": [column.top1 for column in columns], "top-5": [column.top5 for column in columns]}
        rows |= {name: [column.per_class[name] for column in columns] for name in columns[0].per_class}
        lines = [f"| % | {' | '.join(self.methods)} |", f"|---|{'---:|' * len(columns)}"]
        for name, values in rows.items():
            cells = ("-" if value is None else f"{100 * value:.1f}" for value in values)
            lines.append(f"| {name} | {' | '.join(cells)} |")
        return "\n".join(lines)
