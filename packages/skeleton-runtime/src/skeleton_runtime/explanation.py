"""What an answer rests on: how much less probable it is where joints or frames are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from skeleton_data import Preprocessing

Joints = NDArray[np.float32]
SPANS = 20
"""Spans of time that a clip is divided into, at most."""


class Recognises(Protocol):
    """What answers for clips: a `Recogniser`."""

    preprocessing: Preprocessing

    def __call__(self, clips: Sequence[Joints]) -> Joints:
        """Return probabilities (N, K) of clips, each (T, M, V, 3)."""


@dataclass(frozen=True)
class Explanation:
    """What the most probable class of a clip rests on.

    Attributes:
        label: The class.
        probability: Its probability.
        joints: For each joint by name, how much less probable the class is where the joint does not move.
        frames: For each span of frames (first, last), how much less probable the class is without it.
    """

    label: str
    probability: float
    joints: dict[str, float]
    frames: dict[tuple[int, int], float]


def explain(recogniser: Recognises, clip: Joints) -> Explanation:
    """Hide every joint, and every span of frames, in turn.

    As in masked pre-training, what is hidden is a joint in all frames or frames with all joints. In the place
    of a hidden joint stands its mean place, so that its movement is lost and the body stays one; in the place
    of hidden frames stand the straight ways from the frame before to the frame after.

    Args:
        recogniser: Answers.
        clip: (T, M, V, 3), as the model knows clips.
    """
    preprocessing = recogniser.preprocessing
    parts = np.array_split(np.arange(len(clip)), min(SPANS, len(clip)))
    spans = [(int(part[0]), int(part[-1])) for part in parts]
    still = [_without_joint(clip, joint) for joint in range(clip.shape[2])]
    short = [_without_frames(clip, first, last) for first, last in spans]
    probabilities = recogniser([clip, *still, *short])
    best = int(probabilities[0].argmax())
    lost = (probabilities[0, best] - probabilities[1:, best]).tolist()
    names = preprocessing.layout.joints
    return Explanation(
        label=preprocessing.classes[best],
        probability=float(probabilities[0, best]),
        joints=dict(zip(names, lost[: len(names)], strict=True)),
        frames=dict(zip(spans, lost[len(names) :], strict=True)),
    )


def _without_joint(clip: Joints, joint: int) -> Joints:
    hidden, there = clip.copy(), np.asarray(clip.any(axis=(2, 3)))
    for body in range(clip.shape[1]):
        if there[:, body].any():
            hidden[there[:, body], body, joint] = clip[there[:, body], body, joint].mean(axis=0)
    return hidden


def _without_frames(clip: Joints, first: int, last: int) -> Joints:
    hidden = clip.copy()
    before, after = clip[max(first - 1, 0)], clip[min(last + 1, len(clip) - 1)]
    before = after if first == 0 else before
    after = before if last == len(clip) - 1 else after
    there = before.any(axis=(1, 2)) & after.any(axis=(1, 2))
    steps = np.linspace(0, 1, last - first + 3, dtype=np.float32)[1:-1, None, None, None]
    hidden[first : last + 1, there] = (before + steps * (after - before))[:, there]
    return hidden
