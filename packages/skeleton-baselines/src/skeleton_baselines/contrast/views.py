"""What an encoder sees of a skeleton."""

import torch
from torch import Tensor

from ..augment.spatial import joint_numbers
from .config import Pairs, ViewName


def view_of(x: Tensor, view: ViewName, *, bones: Pairs, flat: bool = False) -> Tensor:
    """Return joints, their motion to the next frame (zero in the last), or bones (zero at the root).

    Args:
        x: Joints `(N, C, T, V, M)`.
        view: Which.
        bones: `(joint, parent)` pairs; the bone of a joint that has no parent is zero.
        flat: Whether the third coordinate is the confidence of a detector, which stays as it is.

    Raises:
        ValueError: If a bone is none of the clip's joints.

    Returns:
        `(N, C, T, V, M)`.

    Example:
        >>> x = torch.tensor([[1.0, 4.0], [2.0, 6.0]]).reshape(1, 1, 2, 2, 1)  # two frames of two joints
        >>> view_of(x, "motion", bones=((1, 0),)).flatten()
        tensor([1., 2., 0., 0.])
        >>> view_of(x, "bone", bones=((1, 0),)).flatten()
        tensor([0., 3., 0., 4.])
    """
    match view:
        case "joint":
            return x
        case "motion":
            shown = torch.cat([x.diff(dim=2), torch.zeros_like(x[:, :, :1])], dim=2)
        case "bone":
            shown = x - x[:, :, :, joint_numbers(x.shape[3], bones, field="bones").to(x.device)]
    return torch.cat([shown[:, :2], x[:, 2:]], dim=1) if flat else shown
