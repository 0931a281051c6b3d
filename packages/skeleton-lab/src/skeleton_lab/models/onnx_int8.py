"""A `model.onnx` with numbers of 8 bits: smaller, faster, and kept where it is as accurate."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_runtime import OnnxNetwork

Joints = NDArray[np.float32]
POINTS = 0.5
"""Points of accuracy that it may lose."""
BATCH = 16


def write_int8(
    exported: Path,
    path: Path,
    clips: Joints,
    held_out: Joints,
    label: NDArray[np.int64],
    *,
    most: float = POINTS,
) -> str:
    """Write a classifier with weights and activations of 8 bits, if it stays as accurate.

    The range of each activation is that on clips of the training; each channel of a weight has a range of its
    own.

    Args:
        exported: The `model.onnx`.
        path: The new file.
        clips: (N, C=3, T, V, M) sampled joints of the training, for the ranges.
        held_out: (Q, C=3, T, V, M), which it was not trained on.
        label: Their classes (Q,).
        most: Points of accuracy that it may lose on the held-out clips; if it loses more it is deleted.

    Returns:
        A sentence about both accuracies, for the card.
    """
    _quantise(exported, path, clips)
    before, after = (_accuracy(OnnxNetwork(file), held_out, label) for file in (exported, path))
    accuracy = f"{before:.1f} % of {len(label)} held-out clips, with numbers of 8 bits {after:.1f} %"
    if before - after > most:
        path.unlink()
        return f"There is no `{path.name}`: `{exported.name}` recognises {accuracy}."
    return (
        f"`{path.name}` is the same with numbers of 8 bits, {path.stat().st_size / 1e6:.2g} instead of "
        f"{exported.stat().st_size / 1e6:.2g} MB: `{exported.name}` recognises {accuracy}."
    )


def _quantise(exported: Path, path: Path, clips: Joints) -> None:
    from onnxruntime.quantization import QuantType, quant_pre_process, quantize_static
    from onnxruntime.quantization.calibrate import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.parts: Iterator[dict[str, Any]] = iter(
                [{"clips": clips[start : start + BATCH]} for start in range(0, len(clips), BATCH)]
            )

        def get_next(self) -> dict[str, Any] | None:
            return next(self.parts, None)

    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it advises what does not apply here
    try:
        with tempfile.TemporaryDirectory() as folder:
            ready = Path(folder) / exported.name
            quant_pre_process(exported, ready, skip_symbolic_shape=True)
            quantize_static(
                ready,
                path,
                Reader(),
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                # Of 7 bits: sums of products of 8 bits overflow on x86 processors without VNNI.
                reduce_range=True,
            )
    finally:
        logging.root.setLevel(level)


def _accuracy(network: OnnxNetwork, joints: Joints, label: NDArray[np.int64]) -> float:
    """Return how many clips are recognised, in percent."""
    return 100 * float((network.scores(joints).argmax(axis=1) == label).mean())
