"""People on a floor before the cameras: who stands where, when the action begins, how long the clip is."""

import numpy as np

from skeleton_data.synthetic.body import rotation
from skeleton_data.synthetic.catalogue import Action, Duo, Solo
from skeleton_data.synthetic.keyframes import Floats
from skeleton_data.synthetic.performer import Performer
from skeleton_data.synthetic.play import play
from skeleton_data.synthetic.take import Take

FPS = 30.0


def perform(
    action: Action,
    performer: Performer,
    partner: Performer,
    frames: tuple[int, int],
    generator: np.random.Generator,
) -> list[Floats]:
    """Perform an action once.

    Args:
        action: What is done.
        performer: Who does it.
        partner: The second person, not called for by actions of one.
        frames: Fewest and most frames of the clip; a longer or shorter performance is sped up or slowed down.
        generator: Randomness of this performance.

    Returns:
        One `(T, 25, 3)` array a person, metres, in the floor frame of the scene: `y` up, cameras towards
        positive `z`.
    """
    actor = Take(performer, generator)
    facing = float(generator.normal(0.0, 0.25))
    place = generator.normal(0.0, 0.12, 3) * [1.0, 0.0, 1.0]
    match action:
        case Solo():
            action.script(actor)
            at = _moments(actor.seconds, actor.pace, frames, generator)
            return [_placed(play(actor, at), facing, place)]
        case Duo():
            other = Take(partner, generator)
            gap = actor.about(action.gap, 0.07) * 0.5 * (performer.body.arm + partner.body.arm)
            action.script(actor, other, gap)
            pace = 0.5 * (actor.pace + other.pace)
            at = _moments(max(actor.seconds, other.seconds), pace, frames, generator)
            facing += (0.5 if generator.random() < 0.5 else -0.5) * np.pi
            ahead = 0.5 * gap * np.array([np.sin(facing), 0.0, np.cos(facing)])
            return [
                _placed(play(actor, at), facing, place - ahead),
                _placed(play(other, at), facing + np.pi, place + ahead),
            ]


def _moments(seconds: float, pace: float, frames: tuple[int, int], generator: np.random.Generator) -> Floats:
    """Return the times `(T,)` of the frames in keyframe time, from about the beginning to after the end."""
    before, after = generator.uniform([-0.1, 0.0], [0.5, 0.5])
    length = before + seconds / pace + after
    count = int(np.clip(round(length * FPS), *frames))
    moments: Floats = (np.linspace(0.0, length, count) - before) * pace
    return moments


def _placed(joints: Floats, facing: float, place: Floats) -> Floats:
    """Turn a person about the vertical and put them somewhere on the floor."""
    placed: Floats = joints @ rotation(np.array([[0.0, facing, 0.0]]))[0].T + place
    return placed
