"""What runs end with: result.json, and what `run` returns."""

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, Field

from skeleton_lab.runs.fingerprints import Fingerprints
from skeleton_lab.runs.provenance import Provenance

PRECISION = "Mixed precision, of the recipe or as Accelerate is configured; `unknown`: of an earlier version."


class Origin(BaseModel):
    """What a result was made with, and from which data; runs of earlier versions lack it."""

    made_with: Provenance | None = Field(None, description="Versions, commit and machine.")
    data: Fingerprints = Field((), description="What tells its stores from others.")


class PretrainResult(Origin):
    """What a pre-training ends with (result.json)."""

    folder: Path
    steps: int
    selected_step: int = Field(description="Step of the weights that were kept.")
    validation_loss: float | None = Field(description="Their loss on held-out subjects.")
    train_clips: int
    validation_clips: int
    parameters: int
    encoder_parameters: int = Field(description="Those of the encoder; the others are the decoder's.")
    seconds: float
    num_processes: int
    precision: str = Field("unknown", description=PRECISION)
    checksums: list[str] = Field(description="SHA-256 of the last weights in each process: all equal.")


class ContrastResult(Origin):
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
    precision: str = Field("unknown", description=PRECISION)
    checksums: list[str] = Field(
        description="SHA-256 of the last weights and queues in each process: all equal."
    )


class TestResult(BaseModel):
    """Accuracy on one side of a protocol, or pooled over the test sides of all folds."""

    clips: int
    top1: float
    top5: float | None = Field(
        description="None where classes have no order, as with one neighbour, or where five classes are half "
        "of all or more."
    )
    mean_class: float | None = Field(
        None,
        description="Mean over classes of the fraction of their clips that was recognised (balanced "
        "accuracy); classes without a clip are left out.",
    )
    macro_f1: float | None = Field(
        None,
        description="Mean over classes of F1; classes without a clip that were never answered are left out.",
    )
    absent: list[str] = Field([], description="Classes without a clip.")
    per_class: dict[str, float | None] = Field(
        description="Fraction of each class's clips that was recognised."
    )
    calibration_error: float | None = Field(
        None,
        description="Expected calibration error of probabilities, in 15 bins, at the model's temperature.",
    )

    @property
    def logged(self) -> dict[str, float]:
        """What a line of metrics holds of it."""
        return {"top1": self.top1} | ({} if self.top5 is None else {"top5": self.top5})


class SelfTrainingResult(BaseModel):
    """What a fine-tuning learnt from clips without labels."""

    unlabelled_clips: int
    left_out: int = Field(description="Clips of `data.unlabelled` that are validation or test clips, too.")
    transductive: bool = Field(description="Whether clips of the test side are among them, without labels.")
    right: list[float | None] = Field(
        description="For each round the fraction of the targets whose most probable class is the true one; "
        "None where no label is known. It influences nothing."
    )
    seconds: float = Field(description="Time of the trainings before this one.")


SELECTIONS = {
    "validation": "the most accurate on held-out clips of the training side",
    "last": "the last, selected without labels",
    "test": "the most accurate on the test side, which makes the accuracy too high",
    "unknown": "selected in a way that a run of an earlier version does not tell",
}
"""What the weights of a fine-tuning are, by what selected them."""


UNTRAINED = "Classes that are tested, but of which no clip trained: none of their clips can be recognised."


class FinetuneResult(Origin):
    """What a fine-tuning ends with (result.json)."""

    folder: Path
    pretrained: str | None = Field(description="What the fine-tuning began with.")
    pretrained_sha256: str | None = Field(None, description="SHA-256 of the weights that it began with.")
    pretrained_saw_test: Literal["not", "unlabelled", "labelled"] | None = Field(
        None, description="Whether it had met clips of the test side; None: not known, or from scratch."
    )
    test: TestResult | None = Field(description="Accuracy on the test side; None where all clips train.")
    validation_top1: float | None = Field(description="Accuracy of the kept weights on held-out clips.")
    temperature: float = Field(
        1.0, description="What divides scores before the softmax, chosen on held-out clips; 1 without them."
    )
    selected_by: Literal["validation", "last", "test", "unknown"] = Field(
        "unknown",
        description="Side on which the kept weights were the most accurate, or `last`; `unknown`: the run is "
        "of an earlier version.",
    )
    selected_step: int = Field(description="Step of the weights that were kept.")
    steps: int
    train_clips: int = Field(description="Clips whose labels were trained on.")
    untrained: list[str] = Field([], description=UNTRAINED)
    self_training: SelfTrainingResult | None = Field(
        None, description="What it learnt from clips without labels; None: nothing."
    )
    validation_clips: int = Field(description="Clips that were held out, with all their labels.")
    parameters: int
    seconds: float
    num_processes: int
    precision: str = Field("unknown", description=PRECISION)
    checksums: list[str] = Field(description="SHA-256 of the last weights in each process: all equal.")


RunResult: TypeAlias = FinetuneResult | ContrastResult | PretrainResult
"""What a training ends with."""


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
    data: Fingerprints = Field((), description="What tells the store from others.")

    def headline(self) -> str:
        """Return what was shown, in a line."""
        clips = next(iter(self.methods.values())).clips
        learnt = f", learnt from {self.labelled_clips}" if self.labelled_clips is not None else ""
        return f"{' + '.join(self.models)}: {clips} {self.side} clips of {self.protocol}{learnt}"

    def table(self) -> str:
        """Return a Markdown table in percent: a column for each method, a row for each class."""
        columns = list(self.methods.values())
        rows: dict[str, list[float | None]] = {"top-1": [column.top1 for column in columns]}
        if any(column.top5 is not None for column in columns):
            rows["top-5"] = [column.top5 for column in columns]
        if any(column.calibration_error is not None for column in columns):
            rows["calibration error"] = [column.calibration_error for column in columns]
        rows["mean over classes"] = [column.mean_class for column in columns]
        rows["macro F1"] = [column.macro_f1 for column in columns]
        rows |= {name: [column.per_class[name] for column in columns] for name in columns[0].per_class}
        lines = [f"| % | {' | '.join(self.methods)} |", f"|---|{'---:|' * len(columns)}"]
        for name, values in rows.items():
            cells = ("-" if value is None else f"{100 * value:.1f}" for value in values)
            lines.append(f"| {name} | {' | '.join(cells)} |")
        return "\n".join(lines)


class Statistics(BaseModel):
    """How statistics of masked clips, as BatchNorm met them, differ from those of whole ones."""

    shift: float = Field(description="Mean distance of the means, in standard deviations of whole clips.")
    scale: float = Field(description="Standard deviation of masked clips over that of whole ones.")


class Layer(BaseModel):
    """What the features of a layer tell, pooled over frames, bodies and joints, or with the joints apart."""

    dimensions: float = Field(description="Directions among which the variance of pooled features is spread.")
    probe: float = Field(description="Accuracy of a linear layer on pooled features.")
    neighbours: float = Field(description="Accuracy of the nearest labelled clip by them.")
    probe_by_joint: float = Field(description="Accuracy of a linear layer on the features of each joint.")
    neighbours_by_joint: float = Field(description="Accuracy of the nearest labelled clip by them.")
    statistics: Statistics | None = Field(description="Of BatchNorm; None without, or if not recalibrated.")


class ReconstructionError(BaseModel):
    """Mean squared error of a reconstruction, in the unit of the target."""

    hidden: float
    visible: float


class Diagnosis(BaseModel):
    """What an encoder has learned (diagnosis.json)."""

    model: str
    store: Path
    protocol: str
    side: str
    clips: int
    labelled_clips: int = Field(description="Clips that probes and neighbours learnt from.")
    calibration_clips: int = Field(description="Clips that BatchNorm's statistics were taken from.")
    reconstruction: dict[str, ReconstructionError] = Field(
        description="Errors of the model, and of predictors that learned nothing."
    )
    layers: dict[str, Layer]
    untrained: dict[str, Layer] = Field(description="The same of the network with weights as drawn.")

    def headline(self) -> str:
        """Return what was shown, in a line."""
        return (
            f"{self.model}: {self.clips} {self.side} clips of {self.protocol}, "
            f"learnt from {self.labelled_clips}"
        )

    def tables(self) -> str:
        """Markdown tables: errors, and accuracy in percent by layer."""
        lines: list[str] = []
        if self.reconstruction:
            lines += ["| squared error of the target | hidden | visible |", "|---|---:|---:|"]
            lines += [
                f"| {name} | {error.hidden:.4g} | {error.visible:.4g} |"
                for name, error in self.reconstruction.items()
            ]
            lines += [""]
        lines += [
            "| layer | dimensions | linear probe | nearest clip | probe by joint | nearest by joint "
            "| shift of means | scale |",
            f"|---|{'---:|' * 7}",
        ]
        lines += [_layer_line(name, layer) for name, layer in self.layers.items()]
        lines += [_layer_line(f"{name} / untrained", layer) for name, layer in self.untrained.items()]
        return "\n".join(lines)


def _layer_line(name: str, layer: Layer) -> str:
    accuracies = (layer.probe, layer.neighbours, layer.probe_by_joint, layer.neighbours_by_joint)
    fit = layer.statistics
    statistics = f"{fit.shift:.2f} | {fit.scale:.2f}" if fit else "- | -"
    percents = " | ".join(f"{100 * accuracy:.1f}" for accuracy in accuracies)
    return f"| {name} | {layer.dimensions:.1f} | {percents} | {statistics} |"
