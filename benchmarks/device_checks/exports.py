"""timm and ONNX Runtime, where they are installed."""

import tempfile
from pathlib import Path

import torch

from .equality import relative
from .networks import clips
from .report import NotHere, Report, require
from .source_tree import has


def check_exports(report: Report, device: str) -> None:
    report.check("timm builds and runs the model", lambda: timm_model(device))
    report.check("ONNX Runtime answers as the model", lambda: onnx_model(device))


def timm_model(device: str) -> str:
    if not has("timm", "huggingface_hub", "safetensors"):
        raise NotHere("needs timm, huggingface-hub and safetensors")
    import timm

    import sttformer.timm  # noqa: F401  # registers the sizes

    model = timm.create_model("sttformer_tiny", num_classes=7).to(device)
    scores = model(clips().to(device))
    if scores.shape != (6, 7) or not scores.isfinite().all():
        raise AssertionError(f"scores {tuple(scores.shape)}")
    return f"scores {tuple(scores.shape)} on {scores.device}"


def onnx_model(device: str) -> str:
    """The export is checked and run by the fastest provider that is there."""
    if not has("onnx", "onnxscript", "onnxruntime"):
        raise NotHere("needs onnx, onnxscript and onnxruntime")
    import onnx
    import onnxruntime

    from sttformer import create

    model, x = create("tiny", num_classes=7).eval(), clips()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        torch.onnx.export(model, (x,), dynamo=True, verbose=False).save(path)
        onnx.checker.check_model(path, full_check=True)
        providers = onnxruntime.get_available_providers()
        session = onnxruntime.InferenceSession(path, providers=providers)
        (scores,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    difference = require(relative(torch.from_numpy(scores), model(x)), 1e-4, "difference")
    return f"{difference}, by {session.get_providers()[0]}"
