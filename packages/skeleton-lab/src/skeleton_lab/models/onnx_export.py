"""A saved model as a `model.onnx` for `skeleton_runtime`, held to the model itself before it is written."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from skeleton_data import Preprocessing, SkeletonLayout
from skeleton_data.transforms import to_stream
from skeleton_lab.errors import InputError
from skeleton_lab.models.example_clips import example_clips
from skeleton_lab.models.onnx_graph import BODIES, OF_BODIES, OPSET, Head, around_bodies
from skeleton_lab.models.saved_model import SavedModel
from skeleton_runtime import Calibration, OnnxNetwork
from skeletonmae import fuse_scores
from sttformer import FoldedSTTFormer, STTFormer

if TYPE_CHECKING:
    import onnx

    from skeleton_lab.models.weights import Network

TOLERANCE = 1e-4
"""Largest difference of scores from those in torch, as a fraction of the largest score, at least of 1."""


def export_onnx(
    models: Sequence[SavedModel], path: Path, clips: Tensor, *, weights: Sequence[float] | None = None
) -> float:
    """Write a model, or several streams as one, as ONNX.

    Args:
        models: One; or classifiers that differ in their stream, whose answers are fused.
        path: The new file.
        clips: (N, C=3, T, V, M) sampled joints, on which the file must answer as torch does.
        weights: How much each model counts.

    Returns:
        The largest difference of an answer.

    Raises:
        InputError: If a network cannot be exported, or answers otherwise; nothing is left then.
    """
    _require_packages()
    networks = [model.load() for model in models]
    preprocessing = _joints_of(models)
    streams = [model.preprocessing.sampling.stream for model in models] if len(models) > 1 else ["joint"]
    flat = preprocessing.units == "picture"
    encoder = _BodyEncoder(networks, streams, preprocessing.layout, flat=flat).eval()
    heads = _heads(networks, weights)
    channels, frames, joints, bodies = clips.shape[1:]
    example = torch.randn(2, channels, frames, joints, generator=torch.Generator().manual_seed(0))
    exported = _to_onnx(encoder, example, source=str(models[0].path))
    with torch.inference_mode():
        absent = encoder(torch.zeros(1, channels, frames, joints)).numpy()
    whole = around_bodies(
        exported,
        absent,
        heads,
        clip=(channels, frames, joints, bodies),
        metadata={
            "format": "skeleton-model/1",
            "preprocessing": preprocessing.model_dump_json(),
            **_calibration(models),
            "weights": " ".join(model.sha256 for model in models),
        },
    )
    _write(whole, path)
    try:
        return _difference(networks, streams, weights, preprocessing, path, clips)
    except Exception:
        path.unlink()
        raise


def export_with_examples(
    models: Sequence[SavedModel], path: Path, *, weights: Sequence[float] | None = None
) -> str:
    """Export models, compared on clips of the first one's training, and tell how far they are off.

    Raises:
        InputError: See `export_onnx`.
    """
    preprocessing = _joints_of(models)
    clips, what = example_clips(models[0], preprocessing)
    difference = export_onnx(models, path, clips, weights=weights)
    return f"Compared with torch on {len(clips)} {what}, its answers differ by {difference:.1g} at most."


def record_calibration(path: Path, calibration: Calibration) -> None:
    """Write into the metadata of a `model.onnx` how its scores become probabilities."""
    import onnx

    model = onnx.load(path)
    known = {each.key: each.value for each in model.metadata_props}
    onnx.helper.set_model_props(model, known | {"calibration": calibration.model_dump_json()})
    _write(model, path)


def _joints_of(models: Sequence[SavedModel]) -> Preprocessing:
    """Return what clips of several streams go through before they are shown as streams."""
    preprocessing = models[0].preprocessing
    if len(models) == 1:
        return preprocessing
    return preprocessing.model_copy(
        update={"sampling": preprocessing.sampling.model_copy(update={"stream": "joint"})}
    )


def _calibration(models: Sequence[SavedModel]) -> dict[str, str]:
    """Return the calibration of a model; that of fused scores is chosen on the file itself."""
    return {"calibration": models[0].calibration.model_dump_json()} if len(models) == 1 else {}


class _BodyEncoder(nn.Module):
    """From bodies (B, C, T, V) to the features (B, F) of all networks, side by side."""

    def __init__(
        self, networks: Sequence[Network], streams: Sequence[Any], layout: SkeletonLayout, *, flat: bool
    ) -> None:
        super().__init__()
        self.parts = nn.ModuleList(_without_head(network) for network in networks)
        self.streams, self.layout, self.flat = streams, layout, flat

    def forward(self, bodies: Tensor) -> Tensor:
        features = []
        for part, stream in zip(self.parts, self.streams, strict=True):
            shown = to_stream(bodies[..., None], stream, self.layout, flat=self.flat)
            features.append(part(shown[..., 0] if isinstance(part, FoldedSTTFormer) else shown))
        return torch.cat(features, dim=1)


def _without_head(network: Network) -> nn.Module:
    if isinstance(network, STTFormer):
        return FoldedSTTFormer(network)
    network = copy.deepcopy(network)
    network.reset_classifier(0)
    return network.eval()


def _heads(networks: Sequence[Network], weights: Sequence[float] | None) -> list[Head]:
    heads = [network.head for network in networks if isinstance(network.head, nn.Linear)]
    weights = [1.0] * len(heads) if weights is None else weights
    return [
        Head(
            features=head.in_features,
            weight=head.weight.detach().numpy(),
            bias=head.bias.detach().numpy(),
            fusion_weight=weight / sum(weights) if len(heads) > 1 else None,
        )
        for head, weight in zip(heads, weights, strict=True)
    ]


def _to_onnx(encoder: nn.Module, example: Tensor, *, source: str) -> onnx.ModelProto:
    shapes = ({0: torch.export.Dim("bodies", min=1, max=2**16)},)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                encoder,
                (example,),
                dynamo=True,
                dynamic_shapes=shapes,
                input_names=[BODIES],
                output_names=[OF_BODIES],
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:  # whatever a network of one's own does that ONNX has no word for
        reason = " ".join(str(error).split())
        raise InputError(f"{source}: cannot be exported to ONNX: {reason:.300}") from error
    assert program is not None
    return program.model_proto


def _write(model: onnx.ModelProto, path: Path) -> None:
    import onnx

    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


@torch.inference_mode()
def _difference(
    networks: Sequence[Network],
    streams: Sequence[Any],
    weights: Sequence[float] | None,
    preprocessing: Preprocessing,
    path: Path,
    clips: Tensor,
) -> float:
    flat = preprocessing.units == "picture"
    answers = [
        network(to_stream(clips, stream, preprocessing.layout, flat=flat))
        for network, stream in zip(networks, streams, strict=True)
    ]
    wanted = (fuse_scores(answers, weights) if len(answers) > 1 else answers[0]).numpy()
    exported = OnnxNetwork(path)
    exported.preprocessing()
    found = exported.scores(clips.numpy()) if preprocessing.classes else exported.features(clips.numpy())
    difference = float(np.abs(found - wanted).max())
    allowed = TOLERANCE * max(1.0, float(np.abs(wanted).max()))
    if not difference <= allowed:
        raise InputError(
            f"{path}: its scores differ from those of the model in torch by {difference:.2g}, "
            f"more than {allowed:.2g}"
        )
    return difference


def _require_packages() -> None:
    for name in ("onnx", "onnxscript"):
        try:
            __import__(name)
        except ImportError as error:
            raise InputError(
                f"model.onnx: {name} is not installed: pip install 'skeleton-lab[onnx]', or give --onnx false"
            ) from error
