"""What a stream of frames is like, and how often it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from skeleton_data import ImportConfig, JointMap, Preprocessing, Up, layout
from skeleton_runtime.arrays import require_picture, scale_of
from skeleton_runtime.recordings import FPS, map_joints
from skeleton_runtime.training_options import up_of_arrays
from skeleton_runtime.windows import Windows


@dataclass(frozen=True)
class StreamOptions:
    """What a stream of frames is like, and how often it is answered.

    Attributes:
        mapping: From the joints of the stream to those of the model.
        joints: Joints of the stream.
        fps: Frames per second.
        length: Frames of a window.
        stride: Frames from a window to the next.
        scale: Metres of a unit of the stream.
        up: Axis of the stream that points up.
        picture: Width and height of the picture, where a model of 2D joints is shown x and y in pixels, y
            down, and how sure the detector is.
        insist: Whether to go on where it cannot be right.
    """

    mapping: JointMap
    joints: int
    fps: float
    length: int
    stride: int
    scale: float = 1.0
    up: Up = "y"
    picture: tuple[int, int] | None = None
    insist: bool = False

    @classmethod
    def of(cls, preprocessing: Preprocessing, config: ImportConfig, windows: Windows) -> Self:
        """Return the options of a stream for a model.

        Args:
            preprocessing: That of the model.
            config: How to understand the frames; what is not said is the model's, metres, and y.
            windows: Length and stride.

        Raises:
            DataError: If the joints are not those of the model, or a length is no time.
        """
        require_picture(preprocessing, config.picture)
        rate = config.fps or preprocessing.fps or FPS
        names = layout(config.source_layout).joints if config.source_layout else preprocessing.layout.joints
        length, stride = windows.of_stream(rate)
        return cls(
            mapping=map_joints(names, preprocessing.layout, derive=config.derive, source="the stream"),
            joints=len(names),
            fps=rate,
            length=length,
            stride=stride,
            scale=float(scale_of(config.units, config.up, preprocessing)),
            up=up_of_arrays(preprocessing, config, "the stream"),
            picture=config.picture,
            insist=config.insist,
        )
