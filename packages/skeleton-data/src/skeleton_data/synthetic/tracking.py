"""What a body tracker makes of a recording: bodies with ids, late, lost and found again, or not there."""

from dataclasses import dataclass

import numpy as np

from skeleton_data.synthetic.config import SyntheticConfig
from skeleton_data.synthetic.keyframes import Floats
from skeleton_data.synthetic.sensor import INFERRED, Bytes

FIRST_ID = 72057594037931101
"""Kinect v2 counts tracking ids from somewhere near this number."""


@dataclass(frozen=True)
class Track:
    """One tracked body: its id, the frame it appears in, joints `(B, 25, 3)` in metres, states `(B, 25)`."""

    body: int
    start: int
    joints: Floats
    states: Bytes

    def __contains__(self, frame: int) -> bool:
        """Return whether the body is there in a frame."""
        return self.start <= frame < self.start + len(self.joints)


def track(
    reports: list[tuple[Floats, Bytes]], config: SyntheticConfig, generator: np.random.Generator
) -> list[Track]:
    """Give ids to reported people, and make the mistakes that cleaning must undo.

    Args:
        reports: Joints `(T, 25, 3)` and states `(T, 25)` of each person.
        config: How often which mistake happens.
        generator: Randomness of this recording.

    Returns:
        Tracks in the order in which they are written. Frames before the first track starts hold no body.
    """
    frames = len(reports[0][0])
    late = int(generator.integers(1, 6)) if generator.random() < config.late else 0
    ids = FIRST_ID + np.cumsum(generator.integers(1, 400, 6))
    tracks = [Track(int(ids[i]), late, seen[late:], state[late:]) for i, (seen, state) in enumerate(reports)]
    if generator.random() < config.switches:
        lost = tracks.pop(int(generator.integers(len(tracks))))
        # Both pieces are longer than the 11 frames up to which a body counts as a ghost.
        cut = int(generator.integers(12, len(lost.joints) - 12))
        tracks.append(Track(lost.body, late, lost.joints[:cut], lost.states[:cut]))
        tracks.append(Track(int(ids[4]), late + cut, lost.joints[cut:], lost.states[cut:]))
    if generator.random() < config.ghosts:
        tracks.insert(int(generator.integers(len(tracks) + 1)), _ghost(int(ids[5]), frames, generator))
    return tracks


def _ghost(body: int, frames: int, generator: np.random.Generator) -> Track:
    """Return a body seen in furniture: a few frames of any shape, or many of something wide and flat."""
    flat = generator.random() < 0.3
    length = int(generator.integers(12, frames - 6)) if flat else int(generator.integers(3, 12))
    start = int(generator.integers(5, frames - length + 1))
    size = [0.5, 0.12, 0.1] if flat else [0.2, 0.4, 0.1]
    where = generator.uniform([-1.2, -0.6, 2.5], [1.2, 0.0, 4.0])
    shape = where + generator.standard_normal((25, 3)) * size
    joints = shape + generator.normal(0.0, 0.02, (length, 25, 3))
    return Track(body, start, joints, np.full((length, 25), INFERRED, dtype=np.uint8))
