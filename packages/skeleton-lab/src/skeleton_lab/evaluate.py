"""Evaluate a fine-tuned model, a pre-trained encoder, or several streams fused.

    skeleton-lab evaluate runs/tuned --side validation
    skeleton-lab evaluate runs/tuned --views 10 --folder runs/tuned-views
    skeleton-lab evaluate runs/joint runs/bone runs/motion --weights 0.6,0.6,0.4
    accelerate launch apps/evaluate.py runs/pretrained --data.labels_per_class 5

A classifier is shown one side of its protocol, each clip once. Of an encoder, the mean and the
deviation over time of each joint's features are whitened by the training clips (`--whitening 0` takes
features as the model pools them), and recognised by a linear probe and by the nearest neighbours among the
labelled training clips; before that, BatchNorm gets the statistics of whole training clips, because in
masked pre-training it met only what was visible. Prints accuracy, also of each
class, and saves it with confusion matrices.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveFloat
from pydantic_settings import CliPositionalArg

from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors
from skeleton_lab.evaluation.data import EvaluateData, HeldOutSide, open_models
from skeleton_lab.models.seen_clips import seen_notes
from skeleton_lab.recipe.recipe import RecipeSection, read_options
from skeleton_lab.runs.results import Evaluation
from skeleton_lab.runs.workers import tell_notes
from sttformer import Pool

if TYPE_CHECKING:
    from torch.nn import Module

    from skeleton_lab.models.saved_model import SavedModel


COMPONENTS = 64
"""With so many, whitened features gained on real recordings (docs/results)."""


class EvaluateConfig(RecipeSection):
    """Evaluate a fine-tuned model, a pre-trained encoder, or several streams fused."""

    models: CliPositionalArg[Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        description="Runs, model folders, or names hf://OWNER/NAME; the scores of several models are fused."
    )
    side: HeldOutSide = Field("test", description="Which part of the split is evaluated.")
    weights: tuple[PositiveFloat, ...] | None = Field(
        None, description="Weight of each model in the fusion, as 0.6,0.6,0.4 (default: all equal)."
    )
    data: EvaluateData = Field(
        EvaluateData(), description="The clips; what is not given here is taken from the run."
    )
    pool: Pool | Literal["joint_statistics"] | None = Field(
        None,
        description=(
            "Pooling of an encoder's features for a probe: the mean over all joints, the mean of each joint, "
            "or the mean and the standard deviation over time of each joint (default: the last one, "
            "whitened; as the model was configured if whitening is given, or if it is no STTFormer or "
            "transformer)."
        ),
    )
    whitening: int | None = Field(
        None,
        ge=0,
        description=(
            "Number of principal components by which an encoder's features are partially whitened before a "
            "probe, fitted on the training clips without their labels; 0 leaves the features as they are "
            f"(default: {COMPONENTS}, but at most a quarter of the training clips; 0 if pool is given, or if "
            "it is no STTFormer or transformer)."
        ),
    )
    views: int = Field(
        1,
        ge=1,
        le=100,
        description=(
            "Number of crops of each clip, cut as in training, over which a classifier's scores "
            "are averaged (test-time augmentation); 1 takes the centre crop alone."
        ),
    )
    calibration_clips: int = Field(
        1024,
        ge=0,
        description=(
            "Number of training clips from which an encoder's BatchNorm statistics are computed "
            "again before a probe; 0 keeps the encoder's own."
        ),
    )
    neighbours: int = Field(
        1, ge=1, description="Number of nearest neighbours that vote (k of the k-NN evaluation)."
    )
    weight_decay: float = Field(1e-3, ge=0, description="Weight decay (L2 penalty) of the linear probe.")
    folder: Path | None = Field(
        None,
        description=(
            "Folder of the results (default: evaluation-test or evaluation-validation in the "
            "run of a single model)."
        ),
    )
    batch_size: int = Field(64, ge=1, description="Clips per batch, over all processes.")
    workers: int = Field(
        0, ge=0, description="Data-loading processes for each process (num_workers of torch)."
    )

    @property
    def of_encoders(self) -> list[str]:
        """The fields that are given, and that only a probe of an encoder looks at."""
        probe = ("pool", "whitening", "calibration_clips", "neighbours", "weight_decay")
        labels = ("label_fraction", "labels_per_class", "label_seed")
        given = [name for name in probe if name in self.model_fields_set]
        return [*given, *(f"data.{name}" for name in labels if name in self.data.model_fields_set)]


def _features(
    config: EvaluateConfig, models: Sequence[SavedModel], clips: int
) -> tuple[Pool | Literal["joint_statistics"] | None, int]:
    """Return how an encoder's features are pooled, None as it was configured, and whitened to how many."""
    given = config.pool is not None or config.whitening is not None
    if given or clips < 4 or not all(model.has_joints for model in models):
        return config.pool, config.whitening or 0
    return "joint_statistics", min(COMPONENTS, clips // 4)


def run(config: EvaluateConfig) -> Evaluation:
    """Evaluate, and save what comes of it.

    Raises:
        InputError: If models, clips or options cannot be used; nothing has been written then.
    """
    with input_errors():
        weights = config.weights or (1.0,) * len(config.models)
        if len(weights) != len(config.models):
            raise InputError(f"weights: there are {len(weights)} weights for {len(config.models)} models")
        models, data, clips = open_models(config.models, config.data, config.side)
        if config.weights and len(models) == 1:
            raise InputError(f"weights: {models[0].path} is alone, so there is nothing to weigh it against")
        if config.views > 1 and not models[0].is_classifier:
            raise InputError(
                f"views is {config.views}, but {models[0].path} is an encoder; views are for classifiers"
            )
        if models[0].is_classifier and (given := config.of_encoders):
            raise InputError(f"{', '.join(given)}: for encoders, but {models[0].path} is a classifier")
        pool, components = _features(config, models, len(clips.unlabelled))
        if pool:
            models = [model.pooled("by_joint" if pool == "joint_statistics" else pool) for model in models]

    from skeleton_lab.evaluation.confusion import save_evaluation
    from skeleton_lab.evaluation.evaluation import ClipReader, probe_and_neighbours
    from skeleton_lab.evaluation.metrics import accuracy_of, test_result
    from skeleton_lab.training.distributed import join
    from skeletonmae import JointStatistics, fuse_scores

    accelerator = join()
    with input_errors():
        networks: list[Module] = [model.load().to(accelerator.device) for model in models]
    if pool == "joint_statistics":
        networks = [JointStatistics(network) for network in networks]
    pairs = [(network, model.preprocessing) for network, model in zip(networks, models, strict=True)]
    reader = ClipReader(accelerator, clips.store, config.batch_size, config.workers)
    shown, train = clips.test if config.side == "test" else clips.validation, clips.train
    scores, calibrated = {}, 0
    if models[0].is_classifier:
        predictions = [reader.scores(*pair, shown, views=config.views) for pair in pairs]
        scores["classifier"] = fuse_scores(predictions, weights)
    else:
        calibrated = min(config.calibration_clips, len(clips.unlabelled))
        for pair in pairs:
            reader.calibrate(*pair, clips.unlabelled, calibrated)
        sides = (clips.unlabelled, train, shown)
        features = [reader.features(*pair, *sides, components=components) for pair in pairs]
        known, asked = zip(*features, strict=True)
        scores = probe_and_neighbours(
            known,
            reader.labels(train),
            asked,
            weights=weights,
            classes=len(clips.classes),
            weight_decay=config.weight_decay,
            neighbours=config.neighbours,
            whitened=components > 0,
        )

    # The votes of fewer than five neighbours put no five classes into an order.
    unordered = {"nearest neighbours"} if config.neighbours < 5 else set()
    alone = models[0].is_classifier and len(models) == 1
    temperature, labels = models[0].calibration.temperature if alone else None, reader.labels(shown)
    methods = {
        name: test_result(each, labels, clips.classes, temperature=temperature, ordered=name not in unordered)
        for name, each in scores.items()
    }
    result = Evaluation(
        models=list(config.models),
        weights=list(weights),
        store=clips.store.path,
        protocol=data.division,
        side=config.side,
        labelled_clips=None if models[0].is_classifier else len(train),
        calibration_clips=calibrated,
        methods=methods,
        num_processes=accelerator.num_processes,
        data=clips.fingerprints,
    )
    folder = config.folder
    if folder is None and len(models) == 1 and models[0].run:
        folder = models[0].run / f"evaluation-{config.side}"
    if accelerator.is_main_process:
        if config.side == "test":
            tell_notes("evaluate", seen_notes(models, clips))
        print(f"{result.headline()}\n\n{result.table()}\n")
        if folder is not None:
            confusion = {name: accuracy_of(each, labels).confusion for name, each in scores.items()}
            save_evaluation(folder, result, confusion)
            print(f"Saved in {folder}: evaluation.json, and confusion matrices as .csv and .png")
    accelerator.wait_for_everyone()
    return result


@exit_on_bad_input("evaluate")
def main() -> None:
    """Evaluate what the command line names."""
    run(read_options(EvaluateConfig, sys.argv[1:], program="evaluate"))


if __name__ == "__main__":
    main()
