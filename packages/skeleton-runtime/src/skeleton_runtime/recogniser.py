"""A trained model with all that it carries: from recordings of any kind to the names of actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skeleton_data import DataError, Preprocessing, in_view, sample_clips
from skeleton_runtime.answers import Answer
from skeleton_runtime.calibration import Calibration
from skeleton_runtime.given_clips import recordings_of, understood
from skeleton_runtime.model_folder import open_model
from skeleton_runtime.network import Network
from skeleton_runtime.ranges import MAX_THREADS, fraction, whole_number
from skeleton_runtime.recordings import Recording
from skeleton_runtime.window_answers import answer_windows, next_few
from skeleton_runtime.windows import Windows

if TYPE_CHECKING:
    from skeleton_runtime.explanation import Explanation
    from skeleton_runtime.given_clips import Clips
    from skeleton_runtime.live import LiveStream

Joints = NDArray[np.float32]


class Recogniser:
    """Recognises actions.

    Args:
        preprocessing: What the clips of the network go through.
        network: What answers for them.
        calibration: How its scores become probabilities; by default as they are.

    Attributes:
        preprocessing: Layout, sampling and class names of the model.
    """

    def __init__(
        self, preprocessing: Preprocessing, network: Network, calibration: Calibration | None = None
    ) -> None:
        self.preprocessing, self.network = preprocessing, network
        self.calibration = calibration or Calibration()

    @classmethod
    def load(cls, where: str | Path, *, threads: int = 1) -> Self:
        """Load a model: a folder that `skeleton-lab share` wrote, a `model.onnx` alone, or `hf://OWNER/NAME`.

        Args:
            where: The model.
            threads: Threads that the network may use.

        Raises:
            DataError: If there is no model, or it is damaged; names the file.
        """
        return cls(*open_model(where, threads=whole_number(threads, "threads", 1, MAX_THREADS)))

    def __call__(self, clips: Sequence[Joints]) -> Joints:
        """Return probabilities (N, K) of clips.

        Args:
            clips: Each (T, M, V, 3), metres, in the model's layout and as the clips of its training lie in
                their store: `training_coordinates` brings others there.
        """
        scores = self.network.scores(sample_clips(clips, self.preprocessing)) / self.calibration.temperature
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: Joints = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return probabilities

    def predict(
        self,
        clips: Clips,
        *,
        window: str | int | None = None,
        stride: str | int | None = None,
        threshold: float | None = None,
        smooth: int = 1,
        batch_size: int = 64,
        **how: Any,
    ) -> list[Answer]:
        """Recognise clips, joints found by name, upright and at the model's rate.

        Args:
            clips: An array (T, V, 3) or (T, M, V, 3) of joints, a store, or a file or folder of any format
                that `skeleton-data import` reads; or several of these, as a list or a generator, which are
                read one by one.
            window: Length of a window that slides over each clip, in frames (60) or seconds ("2s"); by
                default a clip is one.
            stride: From a window to the next, likewise; by default half a window.
            threshold: Probability of the best class below which the answer is "unknown"; by default that of
                the model's calibration.
            smooth: Number of windows whose mean probability counts, the last one among them.
            batch_size: Windows that are held at once.
            **how: Fields of `skeleton_data.ImportConfig` that say how to understand the data:
                `source_layout`, `units`, `up`, `fps`, `derive`, ...

        Returns:
            An answer for each window.

        Raises:
            DataError: If a clip cannot be used; names it.
        """
        recordings, windows = self._recordings(clips, how), Windows(window, stride)
        answers = self.recognise(
            recordings, windows, threshold=threshold, smooth=smooth, batch_size=batch_size
        )
        return list(answers)

    def embed(self, clips: Clips, *, batch_size: int = 64, **how: Any) -> Joints:
        """Return the features (N, F) of clips, before the head: for search and clusters.

        Args:
            clips: See `predict`.
            batch_size: Clips that are held at once.
            **how: See `predict`.

        Raises:
            DataError: If a clip cannot be used, or has nobody in it; names it.
        """
        recordings, features = self._recordings(clips, how), []
        while batch := next_few(recordings, batch_size):
            shown = [self._whole(each) for each in batch]
            features.append(self.network.features(sample_clips(shown, self.preprocessing)))
        if not features:
            raise DataError("there are no clips to embed; give at least one")
        return np.concatenate(features)

    def explain(self, clip: ArrayLike, **how: Any) -> Explanation:
        """Return which joints and which frames of a clip the most probable class rests on.

        Args:
            clip: (T, V, 3) or (T, M, V, 3).
            **how: See `predict`.

        Raises:
            DataError: If the clip cannot be used, or has nobody in it.
        """
        from skeleton_runtime.explanation import explain

        recordings = list(islice(self._recordings(clip, how), 2))
        if len(recordings) != 1:
            raise DataError(f"explain takes one clip, but there are {'several' if recordings else 'none'}")
        return explain(self, self._whole(recordings[0]))

    def stream(
        self,
        *,
        fps: float | None = None,
        window: str | int = "2s",
        stride: str | int | None = None,
        threshold: float | None = None,
        smooth: int = 1,
        source_layout: str | None = None,
        derive: bool = False,
        units: str = "m",
        up: Any = "auto",
        picture: tuple[int, int] | None = None,
        insist: bool = False,
    ) -> LiveStream:
        """Return a stream, to which frames are pushed as they come.

        Args:
            fps: Frames per second of the stream; by default those of the model.
            window: Length of a window, in frames (60) or seconds ("2s").
            stride: From an answer to the next, likewise; by default 0.5 s, or half of a window that is
                shorter than 1 s.
            threshold: Probability of the best class below which the answer is "unknown"; by default that of
                the model's calibration.
            smooth: Number of windows whose mean probability counts, the last one among them.
            source_layout: Layout of the joints; by default the model's.
            derive: Take joints that the stream lacks from others.
            units: m, cm or mm.
            up: Axis that points up; auto: y, but not for a model whose training data were turned upright.
            picture: Width and height of the picture, for a model of 2D joints: frames are then
                [x, y, confidence] in pixels, y down.
            insist: Recognise what cannot be right, as bodies of 50 m.

        Raises:
            DataError: If the joints are not those of the model, or a length is no time.
        """
        from skeleton_runtime.live import LiveStream
        from skeleton_runtime.stream_options import StreamOptions

        given = {"fps": fps, "source_layout": source_layout, "derive": derive, "units": units, "up": up}
        config = understood(given | {"picture": picture, "insist": insist})
        preprocessing = self.preprocessing
        options = StreamOptions.of(preprocessing, config, Windows(window, stride))
        # The first call takes longer. Joints at one point are nobody, for whom onnxruntime 1.30 fails.
        joints = len(preprocessing.layout.joints)
        self([np.linspace(0, 1, joints * 3, dtype=np.float32).reshape(1, 1, joints, 3)])
        least = self._threshold(threshold)
        return LiveStream(
            lambda clip: self([clip])[0], preprocessing, options, threshold=least, smooth=smooth
        )

    def recognise(
        self,
        recordings: Iterable[Recording],
        windows: Windows,
        *,
        threshold: float | None = None,
        smooth: int = 1,
        batch_size: int = 64,
    ) -> Iterator[Answer]:
        """Recognise recordings, as `read_recordings` reads them for the model, window by window.

        They are read as they are needed. For the other arguments see `predict`.

        Raises:
            DataError: If a length, the threshold or the number of windows is out of its range, or windows are
                to be averaged, but none is said.
        """
        least = self._threshold(threshold)
        return answer_windows(
            self, recordings, windows, threshold=least, smooth=smooth, batch_size=batch_size
        )

    def _whole(self, recording: Recording) -> Joints:
        """Return a whole recording as the model knows clips (T, M, V, 3); refuse one with nobody in it."""
        clip = recording.clip(0, len(recording.joints))
        if not in_view(clip, picture=self.preprocessing.units == "picture").any():
            raise DataError(f"{recording.name}: nobody is in it")
        return clip

    def _threshold(self, said: float | None) -> float | None:
        return self.calibration.threshold if said is None else fraction(said, "threshold")

    def _recordings(self, clips: Clips, how: dict[str, Any]) -> Iterator[Recording]:
        return recordings_of(clips, self.preprocessing, understood(how))
