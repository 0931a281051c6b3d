"""The loss of CrosSCLR: what is near in one view is positive in the other."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from .info_nce import nearest, scores, several_positives, similarities


class View(NamedTuple):
    """Features of a batch in one view (joints, bones, or motion).

    Attributes:
        query: `(N, D)`; brought to unit length in the loss.
        key: `(N, D)`, of the same clips, likewise.
        queue: Keys of earlier clips `(D, Q)`, of unit length, in the same order in all views.
    """

    query: Tensor
    key: Tensor
    queue: Tensor


def cross_view(
    view: View, other: View, *, top: int = 1, context: bool = True, temperature: float = 0.07
) -> Tensor:
    r"""Contrast one view with positives that the other view chose.

    Positive are a query's own key and the `top` entries of the queue that are nearest in the *other* view.
    With context, every entry i adds a second logit :math:`s_i s'_i / \tau`, the product of its similarities
    in both views, which is positive where the entry is. Gradients reach the queries of both views.

    Args:
        view: Features to train.
        other: Features that choose the positives.
        top: How many entries they choose.
        context: Whether to use the similarities of the other view too.
        temperature: :math:`\tau`, above zero.

    Returns:
        The loss, a scalar: the cross-entropy averaged over positives, then over the batch.

    Raises:
        ValueError: If shapes do not fit, or `top` or the temperature is out of range.

    References:
        Li et al., "3D Human Action Representation Learning via Cross-View Consistency Pursuit" (2021),
        section 3.3.
    """
    positive, negative = similarities(*view)
    _, other_negative = similarities(*other)
    if negative.shape != other_negative.shape:
        raise ValueError(
            "both views must have as many queries and keys in the queue, "
            f"got {tuple(negative.shape)} and {tuple(other_negative.shape)}"
        )
    chosen = nearest(other_negative, top)
    own = torch.ones_like(positive, dtype=torch.bool)
    if context:
        logits = scores(positive, negative, negative * other_negative, temperature=temperature)
        return several_positives(logits, torch.cat([own, chosen, chosen], dim=1))
    logits = scores(positive, negative, temperature=temperature)
    return several_positives(logits, torch.cat([own, chosen], dim=1))


def crossclr(
    views: Mapping[str, View], *, top: int = 1, context: bool = True, temperature: float = 0.07
) -> dict[str, Tensor]:
    """Return the second-stage loss of CrosSCLR by view: its cross-view loss averaged over the others.

    In the first stage each view has its own `info_nce`. In both, the loss to train on is the sum over views.

    Args:
        views: Features by name of the view, at least two.
        top: How many positives each other view chooses.
        context: Whether to use the similarities of the other views too.
        temperature: Above zero.

    Returns:
        A scalar for each view.

    Raises:
        ValueError: If there are fewer than two views, shapes do not fit, or `top` or the temperature is out
            of range.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> unit = lambda *shape: torch.nn.functional.normalize(torch.randn(shape), dim=-1)
        >>> view = lambda: View(unit(4, 8), unit(4, 8), unit(32, 8).T)
        >>> [*crossclr({"joint": view(), "bone": view(), "motion": view()})]
        ['joint', 'bone', 'motion']
    """
    if len(views) < 2:
        raise ValueError(f"views must be at least two, got {[*views]}")
    return {
        name: torch.stack(
            [
                cross_view(view, other, top=top, context=context, temperature=temperature)
                for other_name, other in views.items()
                if other_name != name
            ]
        ).mean()
        for name, view in views.items()
    }
