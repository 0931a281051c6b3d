"""A network that answers for sampled clips, and the one in a `model.onnx`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from skeleton_data import DataError, Preprocessing
from skeleton_runtime.calibration import Calibration

Joints = NDArray[np.float32]

FORMAT = "skeleton-model/1"
"""Which names the inputs, outputs and metadata of the file have."""
INPUT, SCORES, FEATURES = "clips", "scores", "features"
"""Names of the input (N, C=3, T, V, M), of class scores (N, K), and of pooled features (N, F)."""
BODIES = 4
"""Bodies that are computed at once: their activations stay in the processor's cache."""


class Network(Protocol):
    """What answers for clips as `skeleton_data.sample_clips` samples them, (N, C=3, T, V, M)."""

    def scores(self, joints: Joints) -> Joints:
        """Return class scores (N, K)."""

    def features(self, joints: Joints) -> Joints:
        """Return pooled features (N, F)."""


class OnnxNetwork:
    """The network in a `model.onnx`, run by ONNX Runtime on the processor.

    Args:
        path: The file.
        threads: Threads that it may use.

    Raises:
        DataError: If the file is damaged, or no model of this project; names the file.

    Attributes:
        metadata: What the file says about itself.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 4  # what is wrong is told once, by the error
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of several classes, which ONNX Runtime keeps to itself
            version = onnxruntime.__version__
            raise DataError.at(path, f"ONNX Runtime {version} cannot load it: {error}") from None
        self.path = path
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        if self.metadata.get("format") != FORMAT:
            found = self.metadata.get("format", "no format")
            raise DataError.at(path, expected=f"a model of the format {FORMAT!r}", found=f"{found!r}")
        self._outputs = [output.name for output in self._session.get_outputs()]
        if [each.name for each in self._session.get_inputs()] != [INPUT] or FEATURES not in self._outputs:
            raise DataError.at(path, f"expected the input {INPUT!r} and the output {FEATURES!r}")

    def preprocessing(self) -> Preprocessing:
        """Return what its clips go through.

        Raises:
            DataError: If the file does not say it, or says what does not fit its input.
        """
        preprocessing = Preprocessing.parse(self.metadata.get("preprocessing", ""), self.path)
        frames, joints = preprocessing.sampling.frames, len(preprocessing.layout.joints)
        shape = self._session.get_inputs()[0].shape[1:]
        if shape != [3, frames, joints, preprocessing.bodies]:
            raise DataError.at(
                self.path,
                f"its input is {shape}, but its preprocessing is of {frames} frames and {joints} joints",
            )
        if bool(preprocessing.classes) != (SCORES in self._outputs):
            raise DataError.at(self.path, f"its classes do not fit its outputs, {', '.join(self._outputs)}")
        return preprocessing

    def calibration(self) -> Calibration:
        """Return how its scores become probabilities.

        Raises:
            DataError: If what the file says of it is damaged.
        """
        text = self.metadata.get("calibration")
        return Calibration() if text is None else Calibration.parse(text, self.path)

    def scores(self, joints: Joints) -> Joints:
        """Return class scores (N, K) of clips (N, C=3, T, V, M).

        Raises:
            DataError: If the model is an encoder, or a joint or an answer is not finite.
        """
        if SCORES not in self._outputs:
            raise DataError.at(self.path, "it is an encoder, which knows no classes; fine-tune it first")
        return self._run(SCORES, joints)

    def features(self, joints: Joints) -> Joints:
        """Return pooled features (N, F) of clips (N, C=3, T, V, M).

        Raises:
            DataError: If a joint or a feature is not finite.
        """
        return self._run(FEATURES, joints)

    def _run(self, output: str, joints: Joints) -> Joints:
        # ONNX Runtime answers for NaN without a complaint: the first class.
        finite = np.isfinite(joints).all(axis=(1, 2, 3, 4))
        if not finite.all():
            raise DataError(f"clip {int(finite.argmin())} has a joint that is NaN or infinite")
        step = max(1, BODIES // joints.shape[4])
        parts = [joints[start : start + step] for start in range(0, len(joints), step)]
        answers = np.concatenate([self._session.run([output], {INPUT: part})[0] for part in parts])
        known = np.isfinite(answers).all(axis=1)
        if not known.all():
            raise DataError(
                f"clip {int(known.argmin())} is too large: the network's answer is NaN or infinite"
            )
        return answers
