"""Joints of several skeletons in a common one, found by name."""

from __future__ import annotations

from collections.abc import Sequence

from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_mapping import same_joints
from skeleton_data.layouts.joint_names import joint_keys, match_joints


def joint_indices(
    names: Sequence[str], common: Sequence[str], *, source: str, target: str
) -> tuple[int, ...]:
    """Return the index of each joint among those of a common skeleton, which may have more of them.

    A joint has the index of its name, in any spelling, or of another name that trackers give to about the
    same joint (`same` in `joint_rules.toml`: `hip_center` is `spine_base`). Nothing is derived from other
    joints, so that an index may have no joint.

    Args:
        names: Joint names of the skeleton, in its order.
        common: Joint names of the common skeleton, in its order.
        source: What `names` belong to, for the error.
        target: What `common` belongs to, for the error.

    Raises:
        DataError: A joint has no index, or two have the same; names them.

    Example:
        >>> from skeleton_data import layout
        >>> kinect, ntu = layout("kinect_v1").joints, layout("ntu").joints
        >>> indices = joint_indices(kinect, ntu, source="a Kinect", target="NTU")
        >>> [(kinect[joint], ntu[indices[joint]]) for joint in (0, 3)]
        [('hip_center', 'spine_base'), ('head', 'head')]
    """
    match_joints(names, (), source=source)  # no two of the same name
    number_of = {key: index for index, key in enumerate(joint_keys(common))}
    found = [
        next((number_of[other] for other in (key, *same_joints().get(key, ())) if other in number_of), None)
        for key in joint_keys(names)
    ]
    if missing := [name for name, index in zip(names, found, strict=True) if index is None]:
        raise DataError(
            f"{source}: {target} has no joint {', '.join(missing)}; it has {', '.join(common)}. "
            "Import the data with a layout whose joints are all among them"
        )
    indices = tuple(index for index in found if index is not None)
    for joint, index in enumerate(indices):
        if (first := indices.index(index)) != joint:
            raise DataError(
                f"{source}: joints {names[first]} and {names[joint]} are both {common[index]} of {target}"
            )
    return indices
