"""Export every kind of network to ONNX, check the file, and compare its answers with those in torch.

    python benchmarks/onnx_exports.py

Each file is checked by ONNX's own checker with shapes inferred strictly, and run by ONNX Runtime on one, two
and five clips, among them a clip without anybody and clips with one of several bodies. Printed is the largest
difference of an answer, as a fraction of the largest answer, at least of 1; the first that is above 1e-4 ends
the script.
"""

import platform
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from skeleton_baselines import STGCNConfig
from skeleton_data import ClipSampling, Preprocessing, layout
from skeleton_lab import SavedModel, build_network, export_with_examples, resolve_network, save_network
from skeletonmae import TransformerConfig
from sttformer import STTFormerConfig

TOLERANCE = 1e-4
"""As of the product, which refuses an export that is further off."""
SMALL = {"width": 8, "blocks": ((8, 2), (16, 4))}
TOKENS = {"width": 16, "depth": 2, "heads": 2, "frames": 20}
NETWORKS = {
    "sttformer": STTFormerConfig(tuple_frames=2, **SMALL),
    "sttformer, packed tuples of 1": STTFormerConfig(tuple_frames=1, tuples="packed", **SMALL),
    "sttformer, pooled by joint": STTFormerConfig(
        tuple_frames=5, pool="by_joint", dropout=0.3, attention_dropout=0.2, **SMALL
    ),
    "sttformer, kernels of 1": STTFormerConfig(
        tuple_frames=2, slot_kernel=1, tuple_kernel=1, heads=1, **SMALL
    ),
    "transformer": TransformerConfig(token_frames=4, **TOKENS),
    "transformer, pooled by joint": TransformerConfig(
        token_frames=2, pool="by_joint", drop_path=0.2, **TOKENS
    ),
    "transformer, a token a joint": TransformerConfig(token_frames=20, **TOKENS),
    "stgcn": STGCNConfig(width=4, num_features=8),
    "stgcn, all distances": STGCNConfig(width=4, num_features=8, centre_hops=None, temporal_kernel=1),
}
Case = tuple[str, str, int, str, int, str]
"""Network, layout, classes, stream, bodies and units."""


def cases() -> list[Case]:
    every = [(name, "kinect_v1", classes, "joint", 2, "m") for name in NETWORKS for classes in (3, 0)]
    every += [
        (name, "kinect_v1", 3, stream, 1, "m")
        for stream in ("bone", "motion", "bone_motion")
        for name in ("sttformer", "transformer", "stgcn")
    ]
    every.append(("sttformer", "ntu", 7, "joint", 3, "m"))
    every += [(name, "coco17", 3, "joint", 2, "picture") for name in ("sttformer", "stgcn")]
    return every


def main() -> None:
    torch.manual_seed(0)
    versions = ", ".join(f"{each.__name__} {each.__version__}" for each in (torch, onnx, onnxruntime))
    print(f"{platform.machine()}, Python {platform.python_version()}, {versions}")
    start, worst = time.perf_counter(), []
    for case in cases():
        with tempfile.TemporaryDirectory() as folder:
            worst.append(difference(Path(folder), case))
        print(f"{worst[-1]:.1e}  {', '.join(map(str, case))}", flush=True)
        assert worst[-1] <= TOLERANCE, case
    seconds = time.perf_counter() - start
    print(f"{len(worst)} exports, differences of {max(worst):.1e} at most, {seconds:.0f} s")


def difference(folder: Path, case: Case) -> float:
    """Export a network, and return how far its answers are from those in torch."""
    name, skeleton, classes, stream, bodies, units = case
    sampling = ClipSampling(frames=20, stream=stream)
    shape = resolve_network(NETWORKS[name], layout(skeleton), sampling, classes=classes, field="model")
    preprocessing = Preprocessing(
        layout=layout(skeleton),
        bodies=bodies,
        sampling=sampling,
        classes=tuple("abcdefg"[:classes]),
        fps=30,
        units=units,
    )
    save_network(build_network(shape).eval(), folder / "model", preprocessing)
    model, path = SavedModel.open(folder / "model"), folder / "model.onnx"
    export_with_examples([model], path)
    exported = onnx.load(path)
    onnx.checker.check_model(exported, full_check=True)
    onnx.shape_inference.infer_shapes(exported, strict_mode=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    network, output, found = model.load(), "scores" if classes else "features", []
    for count in (1, 2, 5):
        clips = torch.randn(count, 3, 20, len(layout(skeleton).joints), bodies)
        if count == 5:
            clips[0], clips[1, ..., -1], clips[2, ..., 0] = 0, 0, 0
        with torch.inference_mode():
            wanted = network(clips).numpy()
        answer = session.run([output], {"clips": clips.numpy()})[0]
        found.append(float(np.abs(answer - wanted).max() / max(1.0, np.abs(wanted).max())))
    return max(found)


if __name__ == "__main__":
    main()
