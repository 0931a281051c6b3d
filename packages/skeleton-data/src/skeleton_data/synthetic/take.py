"""One performance of one person, as keyframes: what an action writes and `play` turns into joints."""

from dataclasses import dataclass

import numpy as np

from skeleton_data.synthetic.body import SIDES
from skeleton_data.synthetic.keyframes import Key
from skeleton_data.synthetic.performer import Performer, Place

NOWHERE: Place = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class HandKey:
    """Where a wrist is at a time.

    Attributes:
        time: Seconds.
        place: Outward, up, forward of its shoulder in arm lengths; or metres in the performer's floor frame.
        on_floor: Whether the place is on the floor; else it moves with the chest.
        point: Outward, up, forward: how the fingers bend out of the line of the forearm.
    """

    time: float
    place: Place
    on_floor: bool = False
    point: Place = NOWHERE


class Take:
    """What one person does, in seconds of an unhurried performance. Channels without keyframes stay at rest.

    Attributes:
        performer: Who does it.
        generator: Randomness of this performance alone: aim, size, beats.
        pace: How much faster than unhurried, by the performer's tempo and a little chance.
        strong: Side of the hand and foot that act, now and then not the usual one.
        weak: The other side.
        midline: Where the middle of the body is, outward of a shoulder in arm lengths.
        aim: By how much each hand misses all its places, `(3,)` arm lengths.
        hands: Keyframes of each wrist.
        feet: Keyframes of each ankle: outward, up, forward from its stand in leg lengths, and pitch.
        root: Keyframes of the spine base: left, up, forward from where it stands, in leg lengths.
        bend: Keyframes of the spine: pitch, yaw, roll in radians.
        look: Keyframes of the head on the chest: pitch, yaw, roll in radians.
    """

    def __init__(self, performer: Performer, generator: np.random.Generator) -> None:
        """Start at rest."""
        self.performer = performer
        self.generator = generator
        self.pace = performer.tempo * float(np.exp(generator.normal(0.0, 0.1)))
        left = performer.left_handed != bool(generator.random() < 0.1)
        self.strong, self.weak = ("left", "right") if left else ("right", "left")
        self.midline = -performer.body.shoulder / performer.body.arm
        self.aim = {side: performer.offset + generator.normal(0.0, 0.03, 3) for side in SIDES}
        self.hands = {side: [HandKey(0.0, performer.rest[side])] for side in SIDES}
        self.feet: dict[str, list[Key]] = {side: [(0.0, (0.0, 0.0, 0.0, 0.0))] for side in SIDES}
        self.root: list[Key] = [(0.0, NOWHERE)]
        self.bend: list[Key] = [(0.0, NOWHERE)]
        self.look: list[Key] = [(0.0, NOWHERE)]

    @property
    def seconds(self) -> float:
        """Time of the last keyframe."""
        hands = [keys[-1].time for keys in self.hands.values()]
        others = [keys[-1][0] for keys in (*self.feet.values(), self.root, self.bend, self.look)]
        return max(*hands, *others)

    def about(self, value: float, spread: float = 0.15) -> float:
        """Return a value near this one, uniform within the given fraction of it."""
        return value * float(self.generator.uniform(1.0 - spread, 1.0 + spread))

    def size(self, value: float, spread: float = 0.15) -> float:
        """Return a value near this one, larger or smaller by the performer's habit."""
        return self.performer.amplitude * self.about(value, spread)

    def times(self, low: int, high: int) -> int:
        """Return how often something is repeated, both ends included."""
        return int(self.generator.integers(low, high + 1))

    def hand(
        self, side: str, time: float, place: Place, *, on_floor: bool = False, point: Place = NOWHERE
    ) -> None:
        """Bring a wrist to a place, see `HandKey`. Times of a channel must increase."""
        self.hands[side].append(HandKey(time, place, on_floor, point))

    def hold(self, side: str, time: float) -> None:
        """Keep a hand where its last keyframe brought it until this time."""
        last = self.hands[side][-1]
        self.hands[side].append(HandKey(time, last.place, last.on_floor, last.point))

    def release(self, side: str, time: float) -> None:
        """Bring a hand back to rest."""
        self.hand(side, time, self.performer.rest[side])

    def foot(self, side: str, time: float, shift: Place, pitch: float = 0.0) -> None:
        """Move an ankle; positive pitch lowers the toes."""
        self.feet[side].append((time, (*shift, pitch)))

    def move(self, time: float, shift: Place) -> None:
        """Move the spine base."""
        self.root.append((time, shift))

    def stay(self, time: float) -> None:
        """Keep the spine base where its last keyframe brought it until this time."""
        self.root.append((time, self.root[-1][1]))

    def lean(self, time: float, pitch: float, twist: float = 0.0) -> None:
        """Bend the spine forward, and turn the chest to the left."""
        self.bend.append((time, (pitch, twist, 0.0)))

    def nod(self, time: float, pitch: float, roll: float = 0.0) -> None:
        """Bend the head forward, and to the right."""
        self.look.append((time, (pitch, 0.0, roll)))
