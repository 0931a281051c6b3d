"""A kinematic body with Kinect v2 joints: bone lengths, spine rotations, two-bone limbs.

Everything is vectorised over the frames of a clip. A body stands in its own frame of reference: the origin
on the floor between its feet, `y` up, `z` forward, `x` to its left, metres.
"""

from dataclasses import dataclass

import numpy as np

from skeleton_data.synthetic.keyframes import Floats

SIDES = ("left", "right")
"""Left first, as in the joint order."""

OUTWARD = {"left": 1.0, "right": -1.0}
"""Sign of `x` away from the midline."""

SPINE = (0, 1, 20, 2, 3)
"""Joint numbers of spine base, spine mid, spine shoulder, neck and head."""

ARM = {"left": (4, 5, 6, 7, 21, 22), "right": (8, 9, 10, 11, 23, 24)}
"""Joint numbers of shoulder, elbow, wrist, hand, hand tip and thumb."""

LEG = {"left": (12, 13, 14, 15), "right": (16, 17, 18, 19)}
"""Joint numbers of hip, knee, ankle and foot."""


@dataclass(frozen=True)
class Body:
    """Bone lengths of one person, in metres.

    The default fractions of the height follow Drillis and Contini (1966), as printed in Winter, "Biomechanics
    and Motor Control of Human Movement", moved to where a Kinect v2 puts its joints.
    """

    height: float
    lower_spine: float
    upper_spine: float
    neck: float
    head: float
    shoulder: float
    upper_arm: float
    forearm: float
    palm: float
    finger: float
    thumb: float
    hip: float
    thigh: float
    shank: float
    ankle: float
    foot: float

    @classmethod
    def sample(cls, generator: np.random.Generator) -> "Body":
        """Draw a person: a height, then proportions around the average."""
        height = float(np.clip(generator.normal(1.71, 0.1), 1.48, 1.96))
        trunk, limb, width = np.clip(generator.normal(1.0, [0.05, 0.05, 0.09]), 0.8, 1.2)
        own = np.clip(generator.normal(1.0, 0.03, 8), 0.9, 1.1)
        return cls(
            height=height,
            lower_spine=0.125 * height * trunk * own[0],
            upper_spine=0.160 * height * trunk * own[1],
            neck=0.040 * height,
            head=0.080 * height * own[2],
            shoulder=0.104 * height * width,
            upper_arm=0.172 * height * limb * own[3],
            forearm=0.146 * height * limb * own[4],
            palm=0.045 * height * limb,
            finger=0.045 * height * limb,
            thumb=0.035 * height * limb,
            hip=0.046 * height * width * own[5],
            thigh=0.235 * height * limb * own[6],
            shank=0.225 * height * limb * own[7],
            ankle=0.045 * height,
            foot=0.065 * height * limb,
        )

    @property
    def arm(self) -> float:
        """Shoulder to wrist."""
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        """Hip to ankle."""
        return self.thigh + self.shank

    @property
    def hips_height(self) -> float:
        """Height of the spine base above the floor when standing with knees almost straight."""
        return self.ankle + 0.985 * self.leg + 0.35 * self.hip


@dataclass(frozen=True)
class Trunk:
    """The spine in space: rotations `(T, 3, 3)` of pelvis and chest, and the joints `(T, 3)` along it."""

    pelvis: Floats
    chest: Floats
    base: Floats
    mid: Floats
    top: Floats
    neck: Floats
    head: Floats

    def shoulder(self, body: Body, side: str) -> Floats:
        """Return the position `(T, 3)` of a shoulder, a fixed place in the chest."""
        place: Floats = self.chest @ np.array([OUTWARD[side] * body.shoulder, -0.25 * body.shoulder, 0.0])
        return self.top + place

    def hip(self, body: Body, side: str) -> Floats:
        """Return the position `(T, 3)` of a hip, a fixed place in the pelvis."""
        place: Floats = self.pelvis @ hip_offset(body, side)
        return self.base + place


def hip_offset(body: Body, side: str) -> Floats:
    """Return the place `(3,)` of a hip as seen from the spine base."""
    return np.array([OUTWARD[side] * body.hip, -0.35 * body.hip, 0.0])


def rotation(angles: Floats) -> Floats:
    """Return rotation matrices from pitch, yaw and roll.

    Args:
        angles: `(T, 3)` radians about `x` (positive leans forward), `y` (positive turns left), `z` (positive
            leans right).

    Returns:
        `(T, 3, 3)` matrices: roll first, then pitch, then yaw.

    Example:
        >>> (rotation(np.array([[np.pi / 2, 0.0, 0.0]])) @ np.array([0.0, 1.0, 0.0])).round(6).tolist()
        [[0.0, 0.0, 1.0]]
    """
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles).T, np.sin(angles).T
    rows = [
        [cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx],
        [cx * sz, cx * cz, -sx],
        [-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def unit(vectors: Floats) -> Floats:
    """Scale vectors `(..., 3)` to length one; a vector of length zero stays zero."""
    length: Floats = np.sqrt(np.sum(vectors * vectors, axis=-1, keepdims=True))
    return vectors / np.maximum(length, 1e-9)


def across(vectors: Floats, axis: Floats) -> Floats:
    """Return the unit vectors along the part of `vectors` across the unit vectors `axis`, both `(T, 3)`."""
    return unit(vectors - np.sum(vectors * axis, axis=-1, keepdims=True) * axis)


def two_bone(root: Floats, target: Floats, upper: float, lower: float, hint: Floats) -> tuple[Floats, Floats]:
    """Bend a limb of two bones so that its end comes as near to the target as the bones allow.

    Args:
        root: `(T, 3)` where the limb begins.
        target: `(T, 3)` where its end should be.
        upper: Length of the first bone.
        lower: Length of the second bone.
        hint: `(T, 3)` direction in which the middle joint bends out.

    Returns:
        `(T, 3)` middle joint and `(T, 3)` end. Both bones keep their lengths exactly.

    Example:
        >>> root, target, hint = np.array([[[0.0, 0.0, 0.0]], [[0.0, 1.0, 1.0]], [[0.0, 0.0, 1.0]]])
        >>> middle, end = two_bone(root, target, 1.0, 1.0, hint)
        >>> middle.round(6).tolist(), end.round(6).tolist()
        ([[0.0, 0.0, 1.0]], [[0.0, 1.0, 1.0]])
    """
    way = target - root
    distance = np.sqrt(np.sum(way * way, axis=-1, keepdims=True))
    distance = np.clip(distance, 1.05 * abs(upper - lower) + 1e-3, 0.998 * (upper + lower))
    axis = unit(way)
    along = (upper**2 - lower**2 + distance**2) / (2.0 * distance)
    out = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    return root + along * axis + out * across(hint, axis), root + distance * axis


def build_trunk(body: Body, base: Floats, turn: Floats, bend: Floats, look: Floats) -> Trunk:
    """Stack the spine on the pelvis.

    Args:
        body: Bone lengths.
        base: `(T, 3)` position of the spine base.
        turn: `(T, 3)` pitch, yaw, roll of the pelvis.
        bend: `(T, 3)` the same for the chest, relative to the pelvis; half of it is taken by the lower spine.
        look: `(T, 3)` the same for the head, relative to the chest.
    """
    pelvis = rotation(turn)
    half = pelvis @ rotation(0.5 * bend)
    chest = pelvis @ rotation(bend)
    mid = base + body.lower_spine * half[:, :, 1]
    top = mid + body.upper_spine * chest[:, :, 1]
    neck = top + body.neck * chest[:, :, 1]
    head = neck + body.head * (chest @ rotation(look))[:, :, 1]
    return Trunk(pelvis, chest, base, mid, top, neck, head)
