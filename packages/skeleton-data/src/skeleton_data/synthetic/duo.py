"""Actions of two people who face each other. Groups share most of their motion: a right hand offered, a blow.

Each function writes keyframes into the takes of the actor and of the partner, who stand `gap` metres apart.
A place on the floor of one is `(-x, y, gap - z)` on the floor of the other.
"""

from collections.abc import Callable

from skeleton_data.synthetic.performer import Place
from skeleton_data.synthetic.take import NOWHERE, Take

DuoScript = Callable[[Take, Take, float], None]


def _across(place: Place, gap: float) -> Place:
    """Return the same place as the other person sees it."""
    return -place[0], place[1], gap - place[2]


def _chest(take: Take) -> float:
    """Return the height of the breastbone above the floor."""
    return 0.74 * take.performer.body.height


def _middle(actor: Take, partner: Take, gap: float) -> Place:
    """Return a place between the two, a little below the chest."""
    height = 0.42 * (_chest(actor) + _chest(partner)) + 0.05 * float(actor.generator.normal())
    return 0.06 * float(actor.generator.normal()), height, actor.about(0.5, 0.1) * gap


def _offer(take: Take, side: str, time: float, place: Place) -> None:
    """Stretch a hand out to a place between the two, leaning a little. Shared by handshake and hand over."""
    x, y, z = place
    take.hold(side, max(time - take.about(0.7), 0.01))
    take.hand(side, time, (x, y, z - 0.12), on_floor=True)
    take.lean(time, take.size(0.14, 0.5))


def _end(take: Take, side: str, time: float) -> None:
    take.release(side, time + take.about(0.6))
    take.lean(time + take.about(0.6), 0.0)


def handshake(actor: Take, partner: Take, gap: float) -> None:
    """Let the right hands meet and shake."""
    place = _middle(actor, partner, gap)
    time = actor.about(0.8)
    _offer(actor, "right", time, place)
    _offer(partner, "right", time + partner.about(0.05, 1.0), _across(place, gap))
    shake = actor.size(0.06)
    time += 0.1
    for _ in range(actor.times(2, 4)):
        for way in (shake, -shake):
            time += actor.about(0.16, 0.1)
            for take, (x, y, z) in ((actor, place), (partner, _across(place, gap))):
                take.hand("right", time, (x, y + way, z - 0.1), on_floor=True)
    _end(actor, "right", time)
    _end(partner, "right", time)


def hand_over(actor: Take, partner: Take, gap: float) -> None:
    """Let one offer something, and the other reach for it later and take it away."""
    place = _middle(actor, partner, gap)
    first = actor.about(0.75)
    meet = first + actor.about(0.3, 0.6)
    _offer(actor, actor.strong, first, place)
    _offer(partner, partner.strong, meet, _across(place, gap))
    actor.hold(actor.strong, meet + 0.2)
    _end(actor, actor.strong, meet + 0.25)
    partner.hold(partner.strong, meet + 0.15)
    partner.hand(
        partner.strong, meet + partner.about(0.8), (partner.midline + 0.2, -partner.about(0.45), 0.45)
    )
    partner.lean(meet + partner.about(0.7), 0.0)


def pat_on_shoulder(actor: Take, partner: Take, gap: float) -> None:
    """Bring a hand to the other's near shoulder and tap it."""
    x = 0.16 if actor.strong == "left" else -0.16
    y, z = _chest(partner) + 0.14, gap - 0.1
    time = actor.about(0.75)
    _offer(actor, actor.strong, time, (x, y, z))
    for _ in range(actor.times(2, 3)):
        for way in (actor.size(0.09), 0.0):
            time += actor.about(0.16)
            actor.hand(actor.strong, time, (x, y + way, z - 0.12), on_floor=True)
    _end(actor, actor.strong, time)
    partner.nod(time, partner.about(0.1, 1.0))


def _stagger(take: Take, time: float, strength: float) -> None:
    """Be hit: chest and hips go back, often a foot follows."""
    push = take.size(strength, 0.3)
    take.move(time, NOWHERE)
    take.lean(time, 0.0)
    take.lean(time + 0.22, -0.9 * push)
    take.move(time + 0.3, (0.0, -0.02, -push))
    if take.generator.random() < 0.6:
        take.foot(take.weak, time + 0.05, NOWHERE)
        take.foot(take.weak, time + 0.2, (0.0, 0.06, -0.8 * push))
        take.foot(take.weak, time + 0.35, (0.0, 0.0, -1.5 * push))
    take.lean(time + 0.8, 0.0)
    take.move(time + 0.9, (0.0, -0.01, -0.4 * push))


def _strike(take: Take, side: str, target: Place, cocked: Place, time: float) -> float:
    """Draw a hand back and thrust it at a target; return the time of the hit. Shared by push and punch."""
    ready = time + take.about(0.45)
    take.hold(side, time)
    take.hand(side, ready, cocked)
    hit = ready + take.about(0.24)
    take.hand(side, hit, target, on_floor=True)
    return hit


def push(actor: Take, partner: Take, gap: float) -> None:
    """Thrust both hands at the other's chest."""
    time = actor.about(0.15)
    hits = []
    for side, x in (("left", 0.13), ("right", -0.13)):
        target = (x, _chest(partner) - 0.02, gap - 0.2)
        hits.append(_strike(actor, side, target, (-0.05, -actor.about(0.2), 0.3), time))
    hit = max(hits)
    _follow_through(actor, hit)
    for side in ("left", "right"):
        actor.hold(side, hit + 0.15)
        actor.release(side, hit + actor.about(0.7))
    _stagger(partner, min(hits) - 0.03, 0.2)


def punch(actor: Take, partner: Take, gap: float) -> None:
    """Thrust a fist at the other."""
    height = _chest(partner) + actor.size(0.06, 1.0)
    aim = (0.05 * float(actor.generator.normal()), height, gap - 0.2)
    hit = _strike(actor, actor.strong, aim, (0.05, -actor.about(0.15), 0.15), actor.about(0.15))
    if actor.generator.random() < 0.5:
        actor.hold(actor.weak, 0.1)
        actor.hand(actor.weak, hit, (-0.1, -0.2, 0.35))
        actor.release(actor.weak, hit + 0.8)
    _follow_through(actor, hit)
    actor.hold(actor.strong, hit + 0.06)
    actor.release(actor.strong, hit + actor.about(0.65))
    _stagger(partner, hit - 0.03, 0.14)


def _follow_through(take: Take, hit: float) -> None:
    """Let the trunk go with a blow."""
    twist = take.size(0.15) * (1.0 if take.strong == "right" else -1.0)
    take.lean(hit - 0.25, -0.05, -twist)
    take.lean(hit, take.size(0.22), twist)
    take.move(hit, (0.0, -0.01, take.size(0.12)))
    take.move(hit + 0.8, NOWHERE)
    take.lean(hit + 0.8, 0.0)


def hug(actor: Take, partner: Take, gap: float) -> None:
    """Let both lean in and put their arms around each other."""
    time = actor.about(0.9)
    end = time + actor.about(0.7, 0.3)
    for take in (actor, partner):
        near = 0.5 * (gap - 0.4) / take.performer.body.leg
        for side in ("left", "right"):
            up = 0.1 if side == "right" else -0.25
            take.hold(side, 0.15)
            take.hand(side, time, (take.midline + 0.05, up, 0.62), point=(-1.0, 0.0, -0.3))
            take.hold(side, end)
            take.release(side, end + take.about(0.7))
        take.foot(take.strong, 0.25, NOWHERE)
        take.foot(take.strong, 0.5, (0.0, 0.08, 0.6 * near))
        take.foot(take.strong, 0.75, (0.0, 0.0, 1.2 * near))
        take.move(0.8, (0.0, -0.02, near))
        take.move(end, (0.0, -0.02, near))
        take.move(end + 0.7, (0.0, 0.0, 0.4 * near))
        take.lean(time, take.about(0.2))
        take.lean(end, take.about(0.2))
        take.lean(end + 0.5, 0.0)
