"""From the joints of one skeleton to those of another: by name, or derived from other joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_names import JointKey, joint_key, joint_keys, match_joints

Weights = dict[int, float]
"""Weight of each joint of the source in one joint of the target."""


@dataclass(frozen=True)
class JointMap:
    """How the joints of a target come from those of a source; made by `joint_map`.

    Attributes:
        weights: For each joint of the target the joints of the source it is the weighted mean of.
        derived: For each joint of the target that the source does not have by name, the joints it comes from.
        unused: Joints of the source that no joint of the target comes from.
    """

    weights: tuple[Weights, ...]
    derived: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]

    def __call__(self, joints: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `joints` (..., source joints, 3) as (..., target joints, 3); found by name: untouched."""
        mapped = joints[..., [next(iter(weights)) for weights in self.weights], :]
        for joint, weights in enumerate(self.weights):
            if len(weights) > 1:
                factors = np.array(list(weights.values()), dtype=joints.dtype)
                mapped[..., joint, :] = np.einsum("...jc,j->...c", joints[..., list(weights), :], factors)
        return mapped

    def lowest(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the lowest value of the joints that each comes from: (..., source) to (..., target)."""
        mapped = [values[..., list(weights)].min(axis=-1) for weights in self.weights]
        return np.stack(mapped, axis=-1)


def joint_map(
    names: Sequence[str], wanted: Sequence[str], *, derive: bool = False, source: str = "the data"
) -> JointMap:
    """Find each wanted joint among `names`, whatever the spelling, or derive it.

    What is derived from what stands in `joint_rules.toml` of this package: another name for the same place
    (`hip_center` is `spine_base`), the middle of two joints, or the nearest joint there is. Derivation is
    coarse, an approximation for data of different trackers; the result says for which joints it was used.

    Args:
        names: Joint names of the source, in its order.
        wanted: Joint names of the target, in its order.
        derive: Whether joints may be derived; else each must be found by name.
        source: What `names` belong to, for the error.

    Raises:
        DataError: A joint is not there and cannot be derived, or may not; two names are the same joint.

    Example:
        >>> from skeleton_data import layout
        >>> coco, openpose = layout("coco17").joints, layout("openpose18").joints
        >>> joint_map(coco, openpose, derive=True).derived
        {'neck': ('left_shoulder', 'right_shoulder')}
    """
    if not derive:
        try:
            order = match_joints(names, wanted, source=source)
        except DataError as error:
            raise DataError(f"{error}" + _hint(names, wanted)) from None
        return _finish(names, wanted, [{joint: 1.0} for joint in order], {})
    match_joints(names, (), source=source)  # no two of the same name
    number_of = {key: joint for joint, key in enumerate(joint_keys(names))}
    keys = joint_keys(wanted)
    found = {name: _resolve(key, number_of, frozenset()) for name, key in zip(wanted, keys, strict=True)}
    missing = [name for name, weights in found.items() if weights is None]
    if missing:
        raise DataError(
            f"{source}: no joint named {', '.join(missing)}, nor joints to derive it from; it has"
            f" {', '.join(names)}"
        )
    weights = [weights for weights in found.values() if weights is not None]
    derived = {
        name: tuple(names[joint] for joint in each)
        for name, key, each in zip(wanted, keys, weights, strict=True)
        if key not in number_of
    }
    return _finish(names, wanted, weights, derived)


def _finish(
    names: Sequence[str], wanted: Sequence[str], weights: list[Weights], derived: dict[str, tuple[str, ...]]
) -> JointMap:
    used = {joint for each in weights for joint in each}
    unused = tuple(name for joint, name in enumerate(names) if joint not in used)
    return JointMap(tuple(weights), derived, unused)


def _hint(names: Sequence[str], wanted: Sequence[str]) -> str:
    try:
        joint_map(names, wanted, derive=True)
    except DataError:
        return ""
    return "; give the option derive to compute what is missing from other joints"


def _resolve(
    key: tuple[str, ...], number_of: Mapping[tuple[str, ...], int], above: frozenset[tuple[str, ...]]
) -> Weights | None:
    if key in number_of:
        return {number_of[key]: 1.0}
    if key in above:
        return None
    for line in _rules().get(key, ()):
        parts = [_resolve(part, number_of, above | {key}) for part in line]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            mean: Weights = {}
            for part in known:
                for joint, weight in part.items():
                    mean[joint] = mean.get(joint, 0.0) + weight / len(parts)
            return mean
    return None


@cache
def _rules() -> dict[tuple[str, ...], list[list[tuple[str, ...]]]]:
    """Return, for each joint, the lines of joints that it may be the middle of, the best first."""
    table = _table()
    rules = {key: [[other] for other in others] for key, others in same_joints().items()}
    for name, lines in table["middle"].items():
        for side in ("left", "right") if "*" in name else ("",):
            keys = [[joint_key(part.replace("*", side)) for part in line] for line in lines]
            rules.setdefault(joint_key(name.replace("*", side)), []).extend(keys)
    return rules


@cache
def same_joints() -> dict[JointKey, list[JointKey]]:
    """Return, for each joint, other names that trackers give to about the same place."""
    same: dict[JointKey, list[JointKey]] = {}
    for pattern in _table()["same"]:
        for side in ("left", "right") if "*" in pattern[0] else ("",):
            group = [joint_key(name.replace("*", side)) for name in pattern]
            same |= {key: [other for other in group if other != key] for key in group}
    return same


@cache
def _table() -> dict[str, Any]:
    import tomllib  # not needed where no joint is derived

    return tomllib.loads((files("skeleton_data.layouts") / "joint_rules.toml").read_text(encoding="utf-8"))
