"""Matching joints by name, whatever the spelling: `ElbowLeft` and `left_elbow` are one joint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from skeleton_data.errors import DataError

JointKey = tuple[str, ...]
"""The words of a joint's name, sorted."""

_WORDS = {
    **{"l": "left", "r": "right", "c": "center", "centre": "center", "naval": "navel"},
    **{"forefinger": "index", "little": "pinky"},
}
_GLUED = re.compile(r"(left|right|cent(?:er|re))", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_BODY = frozenset(
    re.findall(
        r"\w+",
        """
        head neck chest spine navel naval base mid middle pelvis hip hips mouth eye ear inner outer
        clavicle collar shoulder upper lower fore up arm elbow wrist hand finger thumb
        index forefinger ring pinky
        leg thigh shin calf knee ankle foot heel big small toe toes tip root
        fhd bhd sho upa elb frm wri wra wrb fin asi psi thi kne tib ank hee
        """,
    )
)
"""Words that names glue together, `handtip` or `lbigtoe`; in the last line markers of Plug-in Gait."""

LONGEST = 32
"""Letters of the longest word that is split."""

_ABBREVIATED = {
    **{"lu": ("left", "upper"), "ru": ("right", "upper")},
    **{"lf": ("left", "fore"), "rf": ("right", "fore")},
}
"""Beside `arm`: `LUArm` and `LFArm` of OptiTrack Motive."""

_SAYS_NOTHING = frozenset({"joint", "jnt"})
"""Words that any joint may have: `left_arm_joint` of ARKit, beside which there is `root`."""

_SHORT = {"sho": "shoulder", "elb": "elbow", "wri": "wrist", "kne": "knee", "ank": "ankle"}
_MARKERS = frozenset({"asi", "psi", "fhd", "bhd", "upa", "wra", "clav", "strn"})
"""What is short for a joint (`r_sho`), but not beside markers of Plug-in Gait: RSHO lies on the skin."""

_FINGERS = frozenset({"thumb", "index", "middle", "ring", "pinky"})
_PHALANGES = {"mcp": "1", "pip": "2", "dip": "3", "tip": "4"}
_OF_THUMB = {"cmc": "1", "mcp": "2", "ip": "3", "tip": "4"}
"""Joints of a finger as anatomy and MediaPipe name them, and their numbers from the palm."""

_OF_LIMBS: dict[JointKey, JointKey] = {
    ("shoulder",): ("collar",),
    ("1", "shoulder"): ("collar",),
    ("arm",): ("shoulder",),
    ("arm", "upper"): ("shoulder",),
    ("arm", "fore"): ("elbow",),
    ("arm", "lower"): ("elbow",),
    ("hand",): ("wrist",),
    ("leg", "up"): ("hip",),
    ("leg", "upper"): ("hip",),
    ("thigh",): ("hip",),
    ("leg",): ("knee",),
    ("leg", "lower"): ("knee",),
    ("shin",): ("knee",),
    ("calf",): ("knee",),
    ("foot",): ("ankle",),
    ("base", "toe"): ("foot",),
    ("toe",): ("foot",),
    ("toes",): ("foot",),
    ("ball",): ("foot",),
}
"""What HumanIK, Mixamo, Unity, Unreal, Xsens, Motive, Rokoko and ARKit call limbs, and where these begin."""

_NO_ARM: dict[JointKey, JointKey] = {("shoulder",): ("shoulder",), ("1", "shoulder"): ("shoulder",)}
"""Of joints of a picture as Apple's Vision names them: it has a forearm, and before it a shoulder."""

_UPPER_ARM = frozenset({("arm", "left"), ("arm", "left", "upper")})
_FOREARM = frozenset({("arm", "fore", "left"), ("arm", "left", "lower")})
_ELBOW = ("elbow", "left")

_LEAST = 5
"""Joints that a skeleton must have for a word in all of their names to be a prefix."""


@lru_cache(maxsize=4096)
def joint_key(name: str) -> JointKey:
    """Return the words of a joint name, lower case and sorted, so that spellings of one joint are equal.

    Case, separators, word order and the word joint do not count, nor what stands before a colon; `l` and `r`
    stand for left and right, `c` and `centre` for center. Words of the body may be glued together. Joints of
    fingers have numbers from the palm.

    Example:
        >>> {joint_key(name) for name in ("ElbowLeft", "left_elbow", "elbow-left", "LElbow", "Anna:lelbow")}
        {('elbow', 'left')}
        >>> joint_key("ShoulderCenter"), joint_key("Lbig_toe") == joint_key("LeftBigtoe")
        (('center', 'shoulder'), True)
    """
    found = [word.lower() for word in _WORD.findall(_GLUED.sub(r" \1 ", name.rpartition(":")[2]))]
    words: list[str] = []
    for word in found:
        if word in _ABBREVIATED and "arm" in found:
            words += _ABBREVIATED[word]
        else:
            words += _split(word)
    named = [_WORDS.get(word, word.lstrip("0") or "0" if word.isdigit() else word) for word in words]
    telling = [word for word in named if word not in _SAYS_NOTHING]
    return tuple(sorted(_as_numbered(telling or named)))


def _split(word: str) -> tuple[str, ...]:
    """Return the words that are glued together in one, with `l` or `r` before them."""
    if len(word) > LONGEST:  # a long name could be split in very many ways
        return (word,)
    if pieces := _pieces(word):
        return pieces
    rest = _pieces(word[1:]) if word[0] in "lr" else ()
    return (word[0], *rest) if rest else (word,)


def _pieces(word: str) -> tuple[str, ...]:
    if word in _BODY:
        return (word,)
    for end in range(len(word) - 2, 1, -1):
        if word[:end] in _BODY and (rest := _pieces(word[end:])):
            return (*_pieces(word[:end]), *rest)
    return ()


def _as_numbered(words: list[str]) -> list[str]:
    """Return the words of a name; if it is of a finger, with the number of its joint: `middle_finger_tip`."""
    fingers = _FINGERS.intersection(words)
    if len(fingers) != 1:
        return words
    numbers = _OF_THUMB if "thumb" in fingers else _PHALANGES
    return [numbers.get(word, word) for word in words if word != "finger"]


def joint_keys(names: Sequence[str]) -> tuple[JointKey, ...]:
    """Return the key of each joint of a skeleton, without what only all of its names tell.

    A word that is in every name (`JOINT_HEAD`, `JOINT_NECK`, ...) does not count. In a skeleton that calls
    joints by the limb that begins there, as HumanIK, Mixamo, Unity and Xsens do, `LeftArm` and `LeftUpperArm`
    are the left shoulder, and `LeftShoulder` is the collarbone, unless there is no such arm.

    Example:
        >>> joint_keys(["LeftShoulder", "LeftArm", "LeftForeArm"])
        (('collar', 'left'), ('left', 'shoulder'), ('elbow', 'left'))
    """
    keys = [joint_key(name) for name in names]
    if len(keys) >= _LEAST:
        common = set.intersection(*map(set, keys))
        short = [tuple(word for word in key if word not in common) for key in keys]
        if all(short) and len(set(short)) == len(set(keys)):
            keys = short
    if not any(_MARKERS.intersection(key) for key in keys):
        keys = [tuple(sorted(_SHORT.get(word, word) for word in key)) for key in keys]
    if _FOREARM.intersection(keys) and _ELBOW not in keys:
        limbs = _OF_LIMBS if _UPPER_ARM.intersection(keys) else _OF_LIMBS | _NO_ARM
        keys = [_of_limb(key, limbs) for key in keys]
    return tuple(keys)


def _of_limb(key: JointKey, limbs: dict[JointKey, JointKey]) -> JointKey:
    side = [word for word in key if word in ("left", "right")]
    rest = tuple(word for word in key if word not in side)
    return tuple(sorted([*side, *limbs[rest]])) if side and rest in limbs else key


def other_side(key: JointKey) -> JointKey:
    """Return the key of the joint on the right, of one on the left.

    Example:
        >>> other_side(("elbow", "left"))
        ('elbow', 'right')
    """
    return tuple(sorted("right" if word == "left" else word for word in key))


def indices_of(wanted: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Return where wanted joints of one file stand in the `names` of another, which may spell them otherwise.

    Example:
        >>> indices_of(["head", "Head_end"], ["HEAD", "mixamorig:Head_end", "tail"])
        {'head': 0, 'Head_end': 1}
    """
    indices = {name: index for index, name in enumerate(names)}
    if not all(name in indices for name in wanted):
        keys = joint_keys(names)
        times = Counter(keys)
        spelt = {key: index for index, key in enumerate(keys) if times[key] == 1}
        for name, key in zip(wanted, joint_keys(wanted), strict=True):
            if name not in indices and key in spelt:
                indices[name] = spelt[key]
    return {name: indices[name] for name in wanted if name in indices}


def match_joints(names: Sequence[str], wanted: Sequence[str], *, source: str = "the data") -> tuple[int, ...]:
    """Return where each wanted joint stands in `names`; joints that nobody wants are left out.

    Args:
        names: Joint names of the data, in its order.
        wanted: Joint names of the layout, in its order.
        source: What `names` belong to, for the error.

    Returns:
        One position in `names` for each of `wanted`.

    Raises:
        DataError: A wanted joint is missing, or two names are spellings of the same joint.

    Example:
        >>> match_joints(["Head", "ElbowLeft", "Tail"], ["left_elbow", "head"])
        (1, 0)
    """
    positions: dict[JointKey, int] = {}
    for position, key in enumerate(joint_keys(names)):
        first = positions.setdefault(key, position)
        if first != position:
            raise DataError(f"{source}: joints {names[first]!r} and {names[position]!r} have the same name")
    keys = joint_keys(wanted)
    missing = [name for name, key in zip(wanted, keys, strict=True) if key not in positions]
    if missing:
        raise DataError(f"{source}: no joint named {', '.join(missing)}; it has {', '.join(map(str, names))}")
    return tuple(positions[key] for key in keys)
