"""A stick figure that waves: something to draw masks on, with no data set and no other package."""

from typing import NamedTuple

import torch
from torch import Tensor


class Part(NamedTuple):
    """A body part of the figure.

    Attributes:
        name: What it is called.
        colour: What it is drawn in.
        joints: Numbers of its joints.
    """

    name: str
    colour: str
    joints: tuple[int, ...]


PARTS = (
    Part("trunk", "#4a5568", (0, 1, 2)),
    Part("left arm", "#d9822b", (3, 4, 5)),
    Part("right arm", "#2b8a78", (6, 7, 8)),
    Part("left leg", "#b8425f", (9, 10, 11)),
    Part("right leg", "#3f66b0", (12, 13, 14)),
)

BONES = (
    (0, 1),
    (1, 2),
    *((1, 3), (3, 4), (4, 5)),
    *((1, 6), (6, 7), (7, 8)),
    *((2, 9), (9, 10), (10, 11)),
    *((2, 12), (12, 13), (13, 14)),
)


def waving(frames: int) -> Tensor:
    """Return `(1, 2, frames, 15)`: a figure that raises an arm, waves twice, and shifts its weight a little.

    Example:
        >>> waving(16).shape
        torch.Size([1, 2, 16, 15])
    """
    time = torch.linspace(0, 1, frames)
    raised = torch.sigmoid(14 * (time - 0.22))
    sway = 0.05 * torch.sin(6.3 * time)
    upper = 0.35 + 1.65 * raised
    fore = upper + 0.35 + raised * (0.55 + 0.75 * torch.sin(25 * time))
    still = torch.zeros_like(time)
    columns = [
        *((sway, still + 1.72), (sway, still + 1.42), (sway / 2, still + 1.02)),
        *((sway + 0.20, still + 1.38), *_limb(sway + 0.20, still + 1.38, 0.34, upper, 0.32, fore)),
        *(
            (sway - 0.20, still + 1.38),
            *_limb(sway - 0.20, still + 1.38, 0.34, still - 0.30, 0.32, still - 0.12),
        ),
        *((sway / 2 + 0.14, still + 0.86), (still + 0.19, still + 0.47), (still + 0.22, still)),
        *((sway / 2 - 0.14, still + 0.86), (still - 0.19, still + 0.47), (still - 0.22, still)),
    ]
    return torch.stack([torch.stack(column) for column in columns], dim=-1)[None]


def _limb(x: Tensor, y: Tensor, *segments: float | Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return the ends of segments `length, angle, length, angle, ...`; an angle of zero hangs down."""
    ends = []
    for length, angle in zip(segments[::2], segments[1::2], strict=True):
        angle = torch.as_tensor(angle)
        x, y = x + length * angle.sin(), y - length * angle.cos()
        ends.append((x, y))
    return ends
