"""What a contrastive method answers."""

from typing import NamedTuple

from torch import Tensor


class ContrastOutput(NamedTuple):
    """The loss of a batch, and what it is made of."""

    loss: Tensor
    """Scalar."""
    terms: dict[str, Tensor]
    """Scalars without gradient, for the record."""
