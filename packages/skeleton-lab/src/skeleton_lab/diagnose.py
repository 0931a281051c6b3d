"""Look at what a pre-trained encoder has learned, where it does not help.

    skeleton-lab diagnose runs/pretrained --data.labels_per_class 5
    skeleton-lab diagnose runs/pretrained --data.store data/store --data.protocol odd-subjects

Its reconstructions are compared with predictors that need no learning: the mean pose, the nearest visible
frame, a line between visible frames. The features of each layer are compared with the coordinates themselves
and with those of the same network untrained, by a linear probe and by the nearest labelled clip, averaged
over the joints or joint by joint. The table also has the number of directions in which features vary, which
is small after a collapse, and how far BatchNorm's statistics of masked clips are from those of whole clips.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors, writing
from skeleton_lab.evaluation.data import EvaluateData, HeldOutSide, open_models
from skeleton_lab.models.seen_clips import seen_notes
from skeleton_lab.recipe.recipe import RecipeSection, read_options
from skeleton_lab.runs.folder import write_atomically
from skeleton_lab.runs.results import Diagnosis
from skeleton_lab.runs.workers import tell_notes


class DiagnoseConfig(RecipeSection):
    """Compare a pre-trained encoder with simple predictors: its reconstructions and its features."""

    model: CliPositionalArg[str] = Field(
        description="A pre-training run, the folder of an encoder, or hf://OWNER/NAME."
    )
    side: HeldOutSide = Field("test", description="Which part of the split is evaluated.")
    data: EvaluateData = Field(
        EvaluateData(), description="The clips; what is not given here is taken from the run."
    )
    calibration_clips: int = Field(
        1024,
        ge=0,
        description=(
            "Number of training clips from which BatchNorm statistics are computed again; 0 "
            "keeps the encoder's own."
        ),
    )
    seed: int = Field(
        0,
        ge=0,
        description=(
            "Random seed of the masks and of the untrained network that the encoder is compared with."
        ),
    )
    folder: Path | None = Field(
        None, description="Folder of diagnosis.json (default: the file is not written)."
    )
    batch_size: int = Field(64, ge=1, description="Clips per batch, over all processes.")
    workers: int = Field(
        0, ge=0, description="Data-loading processes for each process (num_workers of torch)."
    )


def run(config: DiagnoseConfig) -> Diagnosis:
    """Look, print, and save what was found if a folder is named.

    Raises:
        InputError: If model, clips or options cannot be used.
    """
    with input_errors():
        (model,), data, clips = open_models([config.model], config.data, config.side)
        if model.is_classifier:
            raise InputError(
                f"model: {model.path} is a classifier, but `diagnose` takes a pre-training run; "
                "`evaluate` measures classifiers"
            )

    from skeleton_lab.evaluation.diagnosis import Examiner

    with input_errors():
        examiner = Examiner.of(
            model, clips, config.side, batch_size=config.batch_size, workers=config.workers
        )
        reconstruction = examiner.reconstruction(seed=config.seed)
    calibrated = min(config.calibration_clips, len(clips.unlabelled))
    result = Diagnosis(
        model=config.model,
        store=clips.store.path,
        protocol=data.division,
        side=config.side,
        clips=len(examiner.shown),
        labelled_clips=len(clips.train),
        calibration_clips=calibrated,
        reconstruction=reconstruction,
        layers=examiner.layers(examiner.network, calibrated),
        untrained=examiner.layers(examiner.untrained(seed=config.seed), calibrated),
    )
    if not examiner.reader.accelerator.is_main_process:
        return result
    if config.side == "test":
        tell_notes("diagnose", seen_notes([model], clips))
    print(f"{result.headline()}\n\n{result.tables()}")
    if config.folder:
        with input_errors(), writing(config.folder):
            config.folder.mkdir(parents=True, exist_ok=True)
            text = f"{result.model_dump_json(indent=2)}\n"
            write_atomically(config.folder / "diagnosis.json", text.encode())
    return result


@exit_on_bad_input("diagnose")
def main() -> None:
    """Look at what the command line names."""
    run(read_options(DiagnoseConfig, sys.argv[1:], program="diagnose"))


if __name__ == "__main__":
    main()
