"""Several streams of one data set in a folder: each a model, and a model.onnx that fuses them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from skeleton_lab.errors import InputError
from skeleton_lab.models.model_card import CARD, model_card, onnx_section
from skeleton_lab.models.model_folder import ONNX, copy_files, write_checksums
from skeleton_lab.models.saved_model import SavedModel
from skeleton_runtime import Calibration


def share_fused(
    models: Sequence[SavedModel],
    weights: Sequence[float] | None,
    folder: Path,
    *,
    licence: str,
    calibrate: Callable[[Path], Calibration],
) -> None:
    """Write the folder of several streams.

    Args:
        models: Classifiers that differ in their stream alone.
        weights: How much each counts; equally by default.
        folder: Empty.
        licence: Identifier of the weights' licence.
        calibrate: Chooses how the scores of a `model.onnx` become probabilities, or raises an `InputError` if
            there are no clips for it.

    Raises:
        InputError: If a model is no classifier of the same clips and classes, or two are of one stream.
    """
    _require_streams(models)
    from skeleton_lab.models.onnx_export import export_with_examples, record_calibration

    for model in models:
        part = folder / model.preprocessing.sampling.stream
        part.mkdir()
        copy_files(model.path, part)
        (part / CARD).write_text(model_card(model, licence=licence), encoding="utf-8")
        write_checksums(part)
    agreement = export_with_examples(models, folder / ONNX, weights=weights)
    try:
        calibration = calibrate(folder / ONNX)
    except InputError as error:  # without the data, or with other clips held out for each stream
        print(f"share: note: the fused probabilities are not calibrated: {error}", file=sys.stderr)
        how = "Its probabilities are not calibrated, and no answer is unknown."
    else:
        calibration.save(folder)
        record_calibration(folder / ONNX, calibration)
        how = f"Its probabilities are calibrated on {calibration.clips} held-out clips."
    sampling = models[0].preprocessing.sampling.model_copy(update={"stream": "joint"})
    models[0].preprocessing.model_copy(update={"sampling": sampling}).save(folder)
    streams = ", ".join(model.preprocessing.sampling.stream for model in models)
    counted_as = ", ".join(f"{weight:g}" for weight in weights or [1.0] * len(models))
    about = (
        f"---\nlicense: {licence}\ntags:\n- skeleton-action-recognition\n---\n\n# {streams}, fused\n\n"
        f"`model.onnx` averages the log-probabilities of the models in the folders {streams}, which count "
        f"{counted_as}. It is shown joints; bones and motion it takes from them. {how}\n\n"
    )
    (folder / CARD).write_text(about + onnx_section(agreement), encoding="utf-8")
    write_checksums(folder)


def _require_streams(models: Sequence[SavedModel]) -> None:
    first, streams = models[0], [model.preprocessing.sampling.stream for model in models]
    if len(models) < 2 or len(set(streams)) < len(streams):
        raise InputError(
            f"fuse needs models of several streams, each once, but these are of {', '.join(streams)}"
        )
    for model in models:
        if not model.is_classifier:
            raise InputError(f"fuse: {model.path} is an encoder, which knows no classes")
        if _without_stream(model) != _without_stream(first):
            raise InputError(f"fuse: {model.path} and {first.path} differ in more than their stream")


def _without_stream(model: SavedModel) -> dict[str, object]:
    return model.preprocessing.model_dump(exclude={"sampling": {"stream", "augment"}})
