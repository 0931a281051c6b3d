"""Actions of one person. Groups share most of their motion: a raised hand, going down, hands together.

Each function writes keyframes of one action into a `Take`. Places are outward, up and forward of the
shoulder in arm lengths (see `Take.hand`).
"""

from collections.abc import Callable, Sequence

from skeleton_data.synthetic.performer import Place
from skeleton_data.synthetic.take import NOWHERE, Take

Script = Callable[[Take], None]


def _raise(take: Take, place: Place, point: Place = NOWHERE) -> float:
    """Lift the strong hand from rest; return the time it arrives. Shared by all actions near the head."""
    arrival = take.about(0.65)
    take.hold(take.strong, 0.02)
    take.hand(take.strong, arrival, place, point=point)
    return arrival


def _lower(take: Take, time: float) -> None:
    take.release(take.strong, time + take.about(0.6))


def _visit(take: Take, time: float, places: Sequence[Place], beat: float, point: Place = NOWHERE) -> float:
    """Move the strong hand through places in a rhythm; return the time of the last."""
    for place in places:
        time += take.about(beat, 0.1)
        take.hand(take.strong, time, place, point=point)
    return time


def wave(take: Take) -> None:
    """Swing a raised hand sideways beside the head."""
    out, up = take.about(0.28), take.about(0.36)
    swing = take.size(0.2)
    time = _raise(take, (out, up, 0.32), (0.0, 1.2, 0.0))
    places = [(out + swing, up - 0.06, 0.3), (out - swing, up, 0.3)] * take.times(2, 4)
    time = _visit(take, time, places, 0.22, (0.0, 1.2, 0.0))
    _lower(take, time)


def salute(take: Take) -> None:
    """Bring a hand to the temple and keep it there."""
    place = (take.midline + 0.28, take.about(0.4), 0.24)
    time = _raise(take, place, (-1.0, 0.6, 0.0)) + take.about(0.9, 0.4)
    take.hold(take.strong, time)
    _lower(take, time)


def brush_hair(take: Take) -> None:
    """Stroke with a hand from the forehead to the back of the head, again and again."""
    front, back = (take.midline + 0.2, take.about(0.5), 0.2), (take.midline + 0.24, take.about(0.42), -0.08)
    time = _raise(take, front, (-0.8, 0.0, -0.6))
    time = _visit(
        take, time, [back, front] * (take.times(2, 3) - 1) + [back], take.about(0.34), (-0.8, 0.0, -0.6)
    )
    take.nod(0.5, take.about(0.1))
    _lower(take, time)


def drink(take: Take) -> None:
    """Bring a cup to the mouth, tip the head back, put the cup down."""
    mouth = (take.midline + 0.12, take.about(0.24), 0.34)
    time = _raise(take, mouth, (-0.8, 0.0, 0.2))
    end = time + take.about(0.9, 0.35)
    tilt = -take.size(0.35, 0.4)
    take.nod(time - 0.15, 0.0)
    take.nod(time + 0.25, tilt)
    take.nod(end, tilt)
    take.nod(end + 0.35, 0.0)
    take.hand(take.strong, end, (mouth[0], mouth[1] + take.size(0.08), mouth[2]), point=(-0.8, 0.3, 0.0))
    _lower(take, end)


def phone_call(take: Take) -> None:
    """Bring a phone to the ear, keep it there, lean the head to it."""
    ear = (take.midline + 0.25, take.about(0.2), 0.14)
    time = _raise(take, ear, (-0.2, 1.0, 0.0))
    end = time + take.about(0.95, 0.35)
    side = 1.0 if take.strong == "right" else -1.0
    tilt = side * take.size(0.2, 0.5)
    take.nod(time - 0.1, 0.0)
    take.nod(time + 0.2, 0.0, tilt)
    take.nod(end, 0.0, tilt)
    take.nod(end + 0.4, 0.0)
    take.hold(take.strong, end)
    _lower(take, end)


def throw(take: Take) -> None:
    """Draw a hand back behind the head and swing it forward and down."""
    time = _raise(take, (take.about(0.3), take.about(0.36), -0.12), (0.0, 0.6, -0.6))
    twist = take.size(0.35) * (-1.0 if take.strong == "right" else 1.0)
    take.lean(time, -0.1, twist)
    take.lean(time + 0.3, take.size(0.25), -twist)
    take.lean(time + 0.9, 0.0)
    time = _visit(take, time, [(take.midline + 0.3, 0.1, 0.9), (take.midline + 0.2, -0.6, 0.5)], 0.25)
    _lower(take, time)


def _go_down(take: Take, drop: Place, lean: float, seconds: float) -> float:
    """Bend forward and lower the hips; return the time of the low point. Shared by all actions going down."""
    time = take.about(seconds)
    take.move(time, drop)
    take.lean(0.75 * time, take.size(lean))
    take.nod(0.6 * time, take.about(0.2, 0.8))
    return time


def _come_up(take: Take, time: float) -> None:
    end = time + take.about(0.85)
    take.move(end, NOWHERE)
    take.lean(end, 0.0)
    take.nod(end, 0.0)


def _hands_on_thighs(take: Take, time: float) -> None:
    for side in (take.strong, take.weak):
        take.hold(side, 0.3)
        take.hand(side, time, (-0.04, take.about(-0.62), take.about(0.46)), point=(0.0, 0.0, 0.5))


def sit_down(take: Take) -> None:
    """Lower the hips back onto a chair, then come upright again."""
    time = _go_down(take, (0.0, -take.about(0.5, 0.1), -take.about(0.45, 0.1)), 0.6, 1.0)
    take.lean(time + 0.35, take.about(0.05, 1.0))
    take.nod(time + 0.3, 0.0)
    if take.generator.random() < 0.6:
        _hands_on_thighs(take, time + take.about(0.2))


def stand_up(take: Take) -> None:
    """Rise from a chair: bend the trunk forward, bring the hips forward and up."""
    seat = (0.0, -take.about(0.5, 0.1), -take.about(0.45, 0.1))
    take.root[0] = (0.0, seat)
    start = take.about(0.4)
    take.move(start, seat)
    take.lean(start + 0.35, take.size(0.6))
    take.move(start + 1.0, NOWHERE)
    take.lean(start + 1.2, 0.0)


def pick_up(take: Take) -> None:
    """Bend down, reach the floor with a hand, come up with something in it."""
    time = _go_down(take, (0.0, -take.about(0.36, 0.25), -take.about(0.22, 0.3)), 0.85, 0.95)
    x = take.about(0.1, 1.0) * (1.0 if take.strong == "left" else -1.0)
    take.hold(take.strong, 0.2)
    take.hand(
        take.strong, time, (x, take.about(0.16), take.about(0.34)), on_floor=True, point=(0.0, -1.0, 0.0)
    )
    take.lean(time, take.size(0.85))
    end = time + take.about(0.2, 0.5)
    take.hold(take.strong, end)
    take.stay(end)
    _come_up(take, end)
    take.hand(take.strong, end + take.about(0.8), (0.0, -take.about(0.55), 0.4))


def bow(take: Take) -> None:
    """Bend the straight trunk forward, rest, come up."""
    time = _go_down(take, (0.0, -0.04, -take.about(0.18)), 0.8, 0.8)
    if take.generator.random() < 0.4:
        _hands_on_thighs(take, time)
    end = time + take.about(0.3, 0.5)
    _come_up(take, end)
    for side in (take.strong, take.weak):
        take.hold(side, max(end, time + 0.05))
        take.release(side, end + 0.8)


def _hands_together(take: Take) -> tuple[Place, float]:
    """Bring both hands before the chest; return the place and the time. Shared by actions of both hands."""
    place = (take.midline + 0.03, -take.about(0.26, 0.3), take.about(0.55))
    time = take.about(0.55)
    for side in (take.strong, take.weak):
        take.hold(side, 0.02)
        take.hand(side, time, (place[0] + 0.08, place[1], place[2]), point=(-0.2, 0.6, 0.3))
    return place, time


def _hands_apart(take: Take, time: float) -> None:
    for side in (take.strong, take.weak):
        take.release(side, time + take.about(0.6))


def clap(take: Take) -> None:
    """Strike the hands together before the chest."""
    (x, y, z), time = _hands_together(take)
    wide = take.size(0.16)
    for _ in range(take.times(3, 6)):
        for gap in (wide, 0.0):
            time += take.about(0.15, 0.1)
            for side in (take.strong, take.weak):
                take.hand(side, time, (x + gap, y, z), point=(-0.2, 0.6, 0.3))
    _hands_apart(take, time)


def rub_hands(take: Take) -> None:
    """Slide the hands along each other before the chest."""
    (x, y, z), time = _hands_together(take)
    slide = take.size(0.09)
    for _ in range(take.times(3, 6)):
        for way in (slide, -slide):
            time += take.about(0.15, 0.1)
            take.hand(take.strong, time, (x, y + 0.5 * way, z + way), point=(-0.2, 0.6, 0.3))
            take.hand(take.weak, time, (x, y - 0.5 * way, z - way), point=(-0.2, 0.6, 0.3))
    _hands_apart(take, time)


def _swing_leg(take: Take, path: Sequence[tuple[float, Place, float]]) -> float:
    """Move the strong foot along (seconds, shift, pitch), weight on the other leg; return the end."""
    side = 0.12 if take.weak == "left" else -0.12
    time = 0.1
    take.foot(take.strong, time, NOWHERE)
    take.move(0.3, (side, 0.0, 0.0))
    for seconds, place, pitch in path:
        time += take.about(seconds)
        take.foot(take.strong, time, place, pitch)
    return time


def kick(take: Take) -> None:
    """Swing a leg back, then forward and up."""
    high, far = take.size(0.4, 0.3), take.size(0.75)
    time = _swing_leg(
        take, [(0.4, (0.0, 0.2, -0.3), 0.6), (0.28, (0.0, high, far), 0.1), (0.5, NOWHERE, 0.0)]
    )
    take.lean(0.55, 0.1)
    take.lean(0.85, -take.size(0.2))
    take.move(time, NOWHERE)
    take.lean(time, 0.0)


def step_forward(take: Take) -> None:
    """Step forward with a leg, shift the weight there, and go back."""
    far = take.size(0.5)
    time = _swing_leg(take, [(0.25, (0.0, 0.12, 0.3 * far), 0.3), (0.25, (0.0, 0.0, far), 0.0)])
    take.move(time + 0.1, (0.0, -0.02, 0.6 * far))
    rest = time + take.about(0.3, 0.6)
    take.move(rest, (0.0, -0.02, 0.6 * far))
    take.foot(take.strong, rest, (0.0, 0.0, far))
    take.foot(take.strong, rest + 0.25, (0.0, 0.1, 0.4 * far), 0.2)
    take.foot(take.strong, rest + 0.5, NOWHERE)
    take.move(rest + 0.6, NOWHERE)


def jump(take: Take) -> None:
    """Crouch, leave the floor with both feet, land in a crouch."""
    low, high = take.size(0.22), take.size(0.3)
    take.move(0.45, (0.0, -low, -0.06))
    take.lean(0.45, take.size(0.4))
    take.move(0.75, (0.0, high, 0.0))
    take.lean(0.75, 0.0)
    take.move(1.05, (0.0, -0.8 * low, -0.04))
    take.lean(1.05, take.size(0.3))
    take.move(1.6, NOWHERE)
    take.lean(1.6, 0.0)
    for side in (take.strong, take.weak):
        take.foot(side, 0.52, NOWHERE)
        take.foot(side, 0.75, (0.0, high, 0.0), 0.6)
        take.foot(side, 0.98, NOWHERE)
        take.hand(side, 0.4, (0.15, -0.85, -0.35))
        take.hand(side, 0.78, (0.15, -take.about(0.2), take.size(0.8)))
        take.release(side, 1.4)
