"""Write a model folder to publish: weights, model.onnx, and a model card with the accuracy of the runs.

    skeleton-lab share runs/tuned-seed0 runs/tuned-seed1 runs/tuned-seed2 --output shared/tuned
    skeleton-lab share runs/pretrained --output shared/encoder --licence cc-by-nc-4.0
    skeleton-lab share runs/joint runs/bone runs/motion --fuse --weights 0.6,0.6,0.4 --output shared/fused

The first run's model is taken; the others, of the same recipe with other seeds, give the spread. The folder
holds weights (safetensors), config, class names, layout, sampling, checksums, the card, README.md, and
model.onnx, with which `skeleton-predict` answers without torch. Load it by `from_pretrained`, or name it
where apps take a model; uploaded to the Hugging Face Hub it is hf://OWNER/NAME. With --fuse the runs are
streams of one data set: the folder has a folder for each of them, and a model.onnx that fuses their answers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PositiveFloat, TypeAdapter, model_validator
from pydantic_settings import CliPositionalArg

from skeleton_data import replacing_folder
from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors
from skeleton_lab.models.fused_model import share_fused
from skeleton_lab.models.model_card import CARD, model_card, onnx_section
from skeleton_lab.models.model_folder import INT8, ONNX, copy_files, write_checksums
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import RecipeSection, read_options
from skeleton_lab.recipe.text_files import read_record
from skeleton_lab.runs.results import RunResult
from skeleton_runtime import Calibration

RANGE_CLIPS = 128
"""Training clips, at most, on which the ranges of numbers of 8 bits are measured."""
SEEDS = {"seed", "label_seed", "split_seed"}
"""Fields in which runs of one recipe may differ."""


class ShareConfig(RecipeSection):
    """Write a model folder to publish: weights, model.onnx, and a model card with the recipe's accuracy."""

    runs: CliPositionalArg[Annotated[tuple[Path, ...], Field(min_length=1)]] = Field(
        description=(
            "Finished runs of one recipe, which may differ in their seeds; the first gives the "
            "weights. With --fuse: one run for each stream."
        )
    )
    output: Path = Field(description="New folder of the model.")
    licence: str = Field(
        "other",
        pattern=r"^[\w.-]+$",
        examples=["cc-by-nc-4.0"],
        description="Licence of the weights, as an SPDX identifier such as cc-by-nc-4.0, or other.",
    )
    onnx: bool = Field(
        True,
        description="Whether to write model.onnx too, with which skeleton-runtime predicts without torch.",
    )
    int8: bool = Field(
        False,
        description=(
            "Whether to write model.int8.onnx too, quantised to 8 bits; it is left out if it "
            "loses more than half a point of accuracy on held-out clips."
        ),
    )
    fuse: bool = Field(
        False, description="Whether to fuse the scores of the runs, one for each stream, into one model."
    )
    weights: tuple[PositiveFloat, ...] | None = Field(
        None, description="Weight of each run in the fusion, as 0.6,0.6,0.4 (default: all equal)."
    )

    @model_validator(mode="after")
    def _weights_fit(self) -> ShareConfig:
        if self.weights is not None and not (self.fuse and len(self.weights) == len(self.runs)):
            raise ValueError(
                f"weights: {len(self.weights)} weights need fuse and as many runs, not {len(self.runs)}"
            )
        if self.fuse and not self.onnx:
            raise ValueError("fuse writes a model.onnx, so onnx must not be false")
        if self.int8 and (self.fuse or not self.onnx):
            raise ValueError("int8 needs the model.onnx of one model, so leave out fuse and onnx false")
        return self


def run(config: ShareConfig) -> None:
    """Write the folder, atomically.

    Raises:
        InputError: If a run is not finished, is of another recipe, or something is in the way.
    """
    with input_errors():
        if config.output.exists() or config.output.is_symlink():
            raise InputError(f"output: {config.output} exists already; name a new folder")
        models = [SavedModel.open(path) for path in config.runs]
        results = [_result(model) for model in models]
        config.output.parent.mkdir(parents=True, exist_ok=True)
        with replacing_folder(config.output, overwrite=False) as draft:
            if config.fuse:
                share_fused(
                    models,
                    config.weights,
                    draft,
                    licence=config.licence,
                    calibrate=lambda file: _calibration(config.runs, file),
                )
            else:
                _share(models, results, draft, config)
            written = sorted(path.name for path in draft.iterdir())
    print(f"{config.output}: {', '.join(written)}")


def _share(
    models: Sequence[SavedModel], results: Sequence[RunResult], draft: Path, config: ShareConfig
) -> None:
    for model, path in zip(models[1:], config.runs[1:], strict=True):
        if _without_seeds(model.recipe) != _without_seeds(models[0].recipe):
            raise InputError(f"{path} and {config.runs[0]} are not of one recipe; share each alone")
    copy_files(models[0].path, draft)
    card = model_card(models[0], results, licence=config.licence)
    if config.onnx:
        from skeleton_lab.models.onnx_export import export_with_examples

        agreement = export_with_examples(models[:1], draft / ONNX)
        if config.int8:
            agreement += "\n\n" + _write_int8(models[0], config.runs[0], draft)
        card += "\n" + onnx_section(agreement)
    (draft / CARD).write_text(card, encoding="utf-8")
    write_checksums(draft)


def _calibration(runs: Sequence[Path], file: Path) -> Calibration:
    """Choose temperature and threshold of a `model.onnx` on clips that all of its runs held out.

    Raises:
        InputError: If there are none, or the data are not where the runs found them.
    """
    import numpy as np
    import torch

    from skeleton_data import sample_clips
    from skeleton_lab.evaluation.calibration import calibrate
    from skeleton_lab.evaluation.data import EvaluateData, open_models
    from skeleton_runtime import OnnxNetwork

    with input_errors():
        _, _, clips = open_models([str(run) for run in runs], EvaluateData(), "validation")
        network = OnnxNetwork(file)
        preprocessing = network.preprocessing()
        scores = [
            network.scores(sample_clips([clips.store.read(int(number))], preprocessing))
            for number in clips.validation
        ]
    label = clips.store.index.label[clips.validation].astype(np.int64)
    return calibrate(torch.from_numpy(np.concatenate(scores)), torch.from_numpy(label))


def _write_int8(model: SavedModel, run: Path, draft: Path) -> str:
    """Write model.int8.onnx, if it is as accurate on clips that the model was not trained on."""
    import numpy as np

    from skeleton_data import sample_clips
    from skeleton_lab.evaluation.data import EvaluateData, open_models
    from skeleton_lab.models.onnx_int8 import write_int8

    if not model.is_classifier:
        raise InputError(
            f"int8: {run} is an encoder, which has no accuracy that could be compared; leave int8 out"
        )
    _, _, clips = open_models([str(run)], EvaluateData(), "test")
    held_out = clips.validation if len(clips.validation) else clips.test
    chosen = clips.train[np.unique(np.linspace(0, len(clips.train) - 1, RANGE_CLIPS).astype(np.int64))]
    shown, unseen = (
        sample_clips([clips.store.read(int(number)) for number in side], model.preprocessing)
        for side in (chosen, held_out)
    )
    label = clips.store.index.label[held_out].astype(np.int64)
    return write_int8(draft / ONNX, draft / INT8, shown, unseen, label)


def _result(model: SavedModel) -> RunResult:
    if model.run is None or not (path := model.run / "result.json").is_file():
        raise InputError(f"{model.run or model.path} is not a finished run: it has no result.json")
    adapter: TypeAdapter[RunResult] = TypeAdapter(RunResult)
    return read_record(adapter, path)


def _without_seeds(value: Any) -> Any:
    """Return what runs of one recipe have in common; of encoders they began with, that there was one."""
    if isinstance(value, Mapping):
        kept = {name: _without_seeds(each) for name, each in value.items() if name not in SEEDS}
        return kept | ({"pretrained": True} if "pretrained" in value else {})
    return value


@exit_on_bad_input("share")
def main() -> None:
    """Share what the command line names."""
    run(read_options(ShareConfig, sys.argv[1:], program="share"))


if __name__ == "__main__":
    main()
