"""The action classes, in the order in which `classes = k` takes the first k."""

from dataclasses import dataclass

from skeleton_data.synthetic import duo, solo


@dataclass(frozen=True)
class Solo:
    """An action of one person."""

    name: str
    script: solo.Script


@dataclass(frozen=True)
class Duo:
    """An action of two people who stand `gap` average arm lengths apart."""

    name: str
    script: duo.DuoScript
    gap: float


Action = Solo | Duo

ACTIONS: tuple[Action, ...] = (
    Solo("wave", solo.wave),
    Solo("salute", solo.salute),
    Solo("sit_down", solo.sit_down),
    Solo("pick_up", solo.pick_up),
    Duo("handshake", duo.handshake, 1.75),
    Duo("hand_over", duo.hand_over, 1.75),
    Solo("clap", solo.clap),
    Solo("rub_hands", solo.rub_hands),
    Solo("drink", solo.drink),
    Solo("phone_call", solo.phone_call),
    Duo("push", duo.push, 1.6),
    Duo("punch", duo.punch, 1.6),
    Solo("brush_hair", solo.brush_hair),
    Solo("bow", solo.bow),
    Solo("kick", solo.kick),
    Solo("step_forward", solo.step_forward),
    Duo("pat_on_shoulder", duo.pat_on_shoulder, 1.6),
    Duo("hug", duo.hug, 1.6),
    Solo("stand_up", solo.stand_up),
    Solo("jump", solo.jump),
    Solo("throw", solo.throw),
)
"""New classes go to the end: a class draws its randomness from its number here."""

NAMES: tuple[str, ...] = tuple(action.name for action in ACTIONS)
