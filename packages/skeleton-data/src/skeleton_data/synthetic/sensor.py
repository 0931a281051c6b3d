"""What a depth camera makes of people: a view, hidden joints, noise, joints lost for a while."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton_data.synthetic.body import ARM, LEG, rotation
from skeleton_data.synthetic.keyframes import Floats

Bytes = NDArray[np.uint8]

TRUNK = (0, 1, 2, 3, 4, 8, 12, 16, 20)
"""Spine, head, shoulders and hips: hidden neither by the own trunk nor lost."""

NOISE = np.full(25, 0.012)
"""Standard deviation of each joint in metres at 3 m: least for the spine, most for the finger tips."""
NOISE[[0, 1, 2, 3, 20]] = 0.007
NOISE[[6, 10, 14, 18]] = 0.016
NOISE[[7, 11, 15, 19]] = 0.024
NOISE[[21, 22, 23, 24]] = 0.034

LIMBS = (
    ARM["left"][1:],
    ARM["right"][1:],
    ARM["left"][2:],
    ARM["right"][2:],
    LEG["left"][1:],
    LEG["right"][1:],
)
"""What gets lost together: an arm below the shoulder, a hand, a leg below the hip."""

TRACKED, INFERRED, LOST = 2, 1, 0


@dataclass(frozen=True)
class Camera:
    """A camera that looks at the middle of the scene.

    Example:
        >>> camera = Camera(yaw=0.0, tilt=0.0, height=1.0, distance=3.0)
        >>> camera.view(np.array([[0.5, 1.0, 0.0]])).round(6).tolist()
        [[-0.5, 0.0, 3.0]]
    """

    yaw: float
    """Radians round the scene; a camera at 0 stands where people face."""
    tilt: float
    """Radians; positive looks down."""
    height: float
    """Above the floor, metres."""
    distance: float
    """From the middle of the scene, metres."""

    def view(self, points: Floats) -> Floats:
        """Return points `(..., 3)` as the camera sees them: `x` right in its image, `y` up, `z` away."""
        turn = rotation(np.array([[0.0, np.pi - self.yaw, 0.0]]))[0]
        tilt = rotation(np.array([[-self.tilt, 0.0, 0.0]]))[0]
        seen: Floats = (points @ turn.T + [0.0, -self.height, self.distance]) @ tilt.T
        return seen


def observe(people: list[Floats], noise: float, generator: np.random.Generator) -> list[tuple[Floats, Bytes]]:
    """Return what the sensor reports of people that are fully in view.

    Args:
        people: One `(T, 25, 3)` array a person, camera coordinates, metres.
        noise: Factor on all disturbances; 0 reports the truth.
        generator: Randomness of this recording.

    Returns:
        For each person the reported joints `(T, 25, 3)` and tracking states `(T, 25)`: 2 tracked, 1
        inferred, 0 lost.
    """
    reports = []
    for number, true in enumerate(people):
        hidden = _hidden(people, number)
        state = np.where(hidden, INFERRED, TRACKED).astype(np.uint8)
        seen = true + noise * _jitter(true, hidden, generator)
        if noise > 0.0:
            for _ in range(int(generator.poisson(0.7 * noise))):
                _lose(seen, state, generator)
        reports.append((seen, state))
    return reports


def _hidden(people: list[Floats], number: int) -> NDArray[np.bool_]:
    """Return whether `(T, 25)` a trunk stands between the camera and a joint."""
    joints = people[number]
    hidden = np.zeros(joints.shape[:2], dtype=bool)
    for other, person in enumerate(people):
        low, high = person[:, None, 0], person[:, None, 3]
        # Where the spine crosses the ray to the joint, by height alone: people stand more or less upright.
        fraction = np.clip(
            (joints[..., 1] - low[..., 1]) / np.maximum(high[..., 1] - low[..., 1], 0.1), 0.0, 1.0
        )
        spine = low + fraction[..., None] * (high - low)
        apart = np.abs(joints[..., 0] / joints[..., 2] - spine[..., 0] / spine[..., 2]) * spine[..., 2]
        level = (joints[..., 1] > low[..., 1] - 0.1) & (joints[..., 1] < high[..., 1] + 0.1)
        behind = (apart < 0.13) & (joints[..., 2] > spine[..., 2] + 0.08) & level
        if other == number:
            behind[:, TRUNK] = False
        hidden |= behind
    return hidden


def _jitter(true: Floats, hidden: NDArray[np.bool_], generator: np.random.Generator) -> Floats:
    """Return noise that grows with the squared distance, partly slow, partly fixed for the recording."""
    frames = len(true)
    white = generator.standard_normal((frames + 4, 25, 3))
    slow = white[:-4] + 2.0 * white[1:-3] + 3.0 * white[2:-2] + 2.0 * white[3:-1] + white[4:]
    fast = generator.standard_normal((frames, 25, 3))
    fixed = generator.standard_normal((25, 3))
    size = NOISE[:, None] * (true[..., 2:] / 3.0) ** 2 * np.where(hidden, 3.0, 1.0)[..., None]
    return size * (0.15 * slow + 0.5 * fast + 0.7 * fixed)


def _lose(seen: Floats, state: Bytes, generator: np.random.Generator) -> None:
    """Lose a limb for some frames, in place: it freezes where it was, or jumps about."""
    frames = len(seen)
    joints = list(LIMBS[int(generator.integers(len(LIMBS)))])
    length = min(int(generator.integers(4, 22)), frames - 1)
    start = int(generator.integers(0, frames - length))
    span = slice(start, start + length)
    if generator.random() < 0.5:
        seen[span, joints] = seen[start, joints]
        state[span, joints] = LOST
    else:
        jumps = generator.normal(0.0, 0.12, (length // 3 + 1, 1, 3)).repeat(3, axis=0)[:length]
        seen[span, joints] += jumps
        state[span, joints] = INFERRED
