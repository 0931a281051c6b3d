"""Play a take: from keyframes and habits to the joints of every frame."""

from collections.abc import Sequence

import numpy as np

from skeleton_data.synthetic.body import (
    ARM,
    LEG,
    OUTWARD,
    SIDES,
    SPINE,
    Trunk,
    across,
    build_trunk,
    hip_offset,
    rotation,
    two_bone,
    unit,
)
from skeleton_data.synthetic.keyframes import Floats, Key, interpolate, segments
from skeleton_data.synthetic.take import NOWHERE, Take


def play(take: Take, at: Floats) -> Floats:
    """Move a body through a take.

    Args:
        take: The keyframes. Its generator is used once more, for the sway of somebody standing.
        at: `(T,)` moments in the time of the keyframes.

    Returns:
        `(T, 25, 3)` joints in metres in the performer's floor frame (see `body`).
    """
    feet = {side: _foot_path(take, side, at) for side in SIDES}
    trunk = _play_trunk(take, at, {side: ankle for side, (ankle, _) in feet.items()})
    joints = np.empty((len(at), 25, 3))
    joints[:, SPINE] = np.stack([trunk.base, trunk.mid, trunk.top, trunk.neck, trunk.head], axis=1)
    for side in SIDES:
        joints[:, ARM[side]] = _play_arm(take, side, at, trunk)
        joints[:, LEG[side]] = _play_leg(take, side, trunk, *feet[side])
    return joints


def _channel(take: Take, keys: Sequence[Key], at: Floats) -> Floats:
    """Return the values `(T, D)` of a channel; the last key is repeated, for channels that never move."""
    return interpolate([*keys, (keys[-1][0] + 1.0, keys[-1][1])], at, take.performer.ease)


def _foot_path(take: Take, side: str, at: Floats) -> tuple[Floats, Floats]:
    """Return where an ankle is `(T, 3)` and how far its toes are lowered `(T,)`."""
    who, body = take.performer, take.performer.body
    stand = [OUTWARD[side] * who.stance * body.hip, body.ankle, 0.5 * OUTWARD[side] * who.stagger * body.leg]
    path = _channel(take, take.feet[side], at)
    return stand + body.leg * path[:, :3] * [OUTWARD[side], 1.0, 1.0], path[:, 3]


def _play_trunk(take: Take, at: Floats, ankles: dict[str, Floats]) -> Trunk:
    """Let the spine follow its keyframes a little late, join in with the hands, and sway."""
    who, body = take.performer, take.performer.body
    root, bend, look = (_channel(take, keys, at - who.lag) for keys in (take.root, take.bend, take.look))
    sway = who.sway * _restless(take, at)
    left, right = (_raised(take, side, at - who.lag) for side in SIDES)
    bend = bend + 0.08 * sway[:, 0:3] + [who.slouch, 0.0, 0.0]
    bend[:, 0] += 0.25 * who.lean * np.maximum(left, right)
    bend[:, 2] += 0.3 * who.lean * (left - right)
    look = look + 0.12 * sway[:, 3:6] - [0.6 * who.slouch, 0.0, 0.0]
    turn = 0.05 * sway[:, 6:9]
    base = np.array([0.0, body.hips_height, 0.0]) + body.leg * root
    base[:, (0, 2)] += 0.03 * sway[:, 9:11]
    limits = [_reachable(take, side, base, turn, ankle) for side, ankle in ankles.items()]
    base[:, 1] = np.minimum(base[:, 1], np.minimum(*limits))
    return build_trunk(body, base, turn, bend, look)


def _reachable(take: Take, side: str, base: Floats, turn: Floats, ankle: Floats) -> Floats:
    """Return the greatest height `(T,)` of the spine base at which a leg still reaches the floor."""
    body = take.performer.body
    hip = rotation(turn) @ hip_offset(body, side)
    apart = np.hypot(*(base + hip - ankle)[:, (0, 2)].T)
    height = np.sqrt(np.maximum((0.99 * body.leg) ** 2 - apart**2, 0.0))
    # A lifted foot bears no weight: its limit rises faster than the foot.
    limit: Floats = ankle[:, 1] + height - hip[:, 1] + 8.0 * (ankle[:, 1] - body.ankle)
    return limit


def _restless(take: Take, at: Floats) -> Floats:
    """Return a slow sway `(T, 11)`, two sines a channel."""
    rate = take.generator.uniform(0.15, 0.9, (2, 1, 11)) * 2.0 * np.pi
    phase = take.generator.uniform(0.0, 2.0 * np.pi, (2, 1, 11))
    sway: Floats = 0.7 * np.sin(rate * at[:, None] + phase).sum(axis=0)
    return sway


def _raised(take: Take, side: str, at: Floats) -> Floats:
    """Return how far `(T,)` a hand is from hanging, about 0 to 1; the floor counts as down."""
    keys: list[Key] = [
        (key.time, (0.0 if key.on_floor else 0.7 + 0.7 * key.place[1],)) for key in take.hands[side]
    ]
    return _channel(take, keys, at)[:, 0]


def _play_arm(take: Take, side: str, at: Floats, trunk: Trunk) -> Floats:
    """Return the joints `(T, 6, 3)` of an arm in the order of `ARM`."""
    body = take.performer.body
    mirror = np.array([OUTWARD[side], 1.0, 1.0])
    shoulder = trunk.shoulder(body, side)
    wrist, point = _wrist_path(take, side, at, trunk, shoulder)
    hint = _elbow_hint(take, side, trunk, wrist - shoulder)
    elbow, wrist = two_bone(shoulder, wrist, body.upper_arm, body.forearm, hint)
    fingers = unit(unit(wrist - elbow) + np.einsum("tij,tj->ti", trunk.chest, mirror * point))
    hand = wrist + body.palm * fingers
    thumb = hand + body.thumb * unit(0.5 * fingers + across(-hint, fingers))
    return np.stack([shoulder, elbow, wrist, hand, hand + body.finger * fingers, thumb], axis=1)


def _elbow_hint(take: Take, side: str, trunk: Trunk, reach: Floats) -> Floats:
    """Return where the elbow points `(T, 3)`: back for a hanging hand, down for one ahead, ahead for one up.

    That is the reach turned by a quarter in the sagittal plane, so that the two are never parallel.
    """
    _, up, ahead = unit(np.einsum("tji,tj->ti", trunk.chest, reach)).T
    out = np.full_like(up, OUTWARD[side] * take.performer.elbow_out)
    hint: Floats = np.einsum("tij,jt->ti", trunk.chest, np.stack([out, -ahead - 0.3, up]))
    return hint


def _wrist_path(take: Take, side: str, at: Floats, trunk: Trunk, shoulder: Floats) -> tuple[Floats, Floats]:
    """Return where a wrist should be `(T, 3)`, and how the fingers bend `(T, 3)`.

    A place keeps moving with the chest while the hand is on its way to it.
    """
    who, arm = take.performer, take.performer.body.arm
    mirror = np.array([OUTWARD[side], 1.0, 1.0])
    keys = take.hands[side]
    keys = [*keys, keys[-1]]
    times = [key.time for key in keys[:-1]]
    index, fraction = segments([*times, times[-1] + 1.0], at, who.ease)
    fraction = fraction[:, None]
    fixed = [key.on_floor or key.place == who.rest[side] for key in keys]
    positions = np.array([key.place for key in keys]) + [
        NOWHERE if exact else take.aim[side] for exact in fixed
    ]
    with_chest = shoulder + np.einsum("tij,kj->kti", trunk.chest, arm * mirror * positions)
    on_floor = np.array([key.on_floor for key in keys])[:, None, None]
    targets = np.where(on_floor, positions[:, None], with_chest)
    frame = np.arange(len(at))
    start, way = targets[index, frame], targets[index + 1, frame] - targets[index, frame]
    # A long way curves out in front, past the shoulder; a short one is straight.
    far = np.minimum(np.sum(way * way, axis=1, keepdims=True) / arm, 1.7 * arm)
    curve = 4.0 * fraction * (1.0 - fraction) * who.arc * far * (trunk.chest @ (mirror * [0.3, 0.0, 0.95]))
    points = np.array([key.point for key in keys])
    return start + fraction * way + curve, points[index] + fraction * (points[index + 1] - points[index])


def _play_leg(take: Take, side: str, trunk: Trunk, ankle: Floats, pitch: Floats) -> Floats:
    """Return the joints `(T, 4, 3)` of a leg in the order of `LEG`."""
    body = take.performer.body
    hip = trunk.hip(body, side)
    splay = OUTWARD[side] * take.performer.splay
    ahead = np.array([np.sin(splay), 0.0, np.cos(splay)])
    knee, ankle = two_bone(hip, ankle, body.thigh, body.shank, np.broadcast_to(ahead, hip.shape))
    down = 0.45 + pitch[:, None]
    foot = ankle + body.foot * (np.cos(down) * ahead - np.sin(down) * [0.0, 1.0, 0.0])
    return np.stack([hip, knee, ankle, foot], axis=1)
