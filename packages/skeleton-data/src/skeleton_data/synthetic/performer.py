"""Who performs: a body and the habits that make everyone do the same thing differently."""

from dataclasses import dataclass

import numpy as np

from skeleton_data.synthetic.body import Body
from skeleton_data.synthetic.keyframes import Floats

Place = tuple[float, float, float]
"""Outward, up and forward of a shoulder, in arm lengths."""

HANGING: Place = (0.10, -0.96, 0.08)
IN_POCKET: Place = (0.08, -0.80, 0.16)
ON_HIP: Place = (0.22, -0.66, 0.02)
ON_BELLY: Place = (-0.22, -0.58, 0.42)
BEHIND_BACK: Place = (-0.12, -0.78, -0.24)


@dataclass(frozen=True)
class Performer:
    """A person: body, handedness, tempo and style. The same in all performances of that person."""

    body: Body
    left_handed: bool
    tempo: float
    """Above 1 is faster."""
    amplitude: float
    """Size of free movements: strokes, bends, kicks."""
    slouch: float
    """Forward pitch of chest, radians; the head is carried against it."""
    stance: float
    """Distance of the ankles in hip widths."""
    splay: float
    """Outward turn of the feet, radians."""
    stagger: float
    """How far the left foot stands before the right one, in leg lengths."""
    elbow_out: float
    """How far the elbows point outwards rather than down."""
    lag: float
    """Seconds by which the trunk follows the hands (or leads them, below zero)."""
    lean: float
    """How much the trunk joins in with the hands."""
    sway: float
    """Size of the restless movement of somebody standing."""
    ease: float
    """Late (above 1) or early acceleration, see `keyframes.segments`."""
    arc: float
    """How far hands curve out on a long way."""
    rest: dict[str, Place]
    """Where the hands are when they have nothing to do."""
    offset: Floats
    """`(3,)` personal shift of every position that hands go to, in arm lengths."""

    @classmethod
    def sample(cls, generator: np.random.Generator) -> "Performer":
        """Draw a person."""
        left_handed = bool(generator.random() < 0.3)
        free, busy = ("right", "left") if left_handed else ("left", "right")
        resting = (HANGING, IN_POCKET, ON_HIP, ON_BELLY, BEHIND_BACK)
        rest = {
            free: resting[int(generator.choice(5, p=(0.5, 0.14, 0.12, 0.12, 0.12)))],
            busy: resting[int(generator.choice(2, p=(0.85, 0.15)))],
        }
        return cls(
            body=Body.sample(generator),
            left_handed=left_handed,
            tempo=float(np.clip(np.exp(generator.normal(0.0, 0.18)), 0.65, 1.5)),
            amplitude=float(generator.uniform(0.7, 1.2)),
            slouch=float(np.clip(generator.normal(0.06, 0.07), -0.05, 0.25)),
            stance=float(generator.uniform(0.9, 2.0)),
            splay=float(generator.uniform(0.0, 0.4)),
            stagger=float(generator.normal(0.0, 0.06)),
            elbow_out=float(generator.uniform(0.1, 1.0)),
            lag=float(generator.uniform(-0.1, 0.18)),
            lean=float(generator.uniform(-0.1, 0.35)),
            sway=float(generator.uniform(0.4, 1.6)),
            ease=float(generator.uniform(0.8, 1.3)),
            arc=float(generator.uniform(0.2, 0.4)),
            rest=rest,
            offset=generator.normal(0.0, 0.045, 3),
        )
