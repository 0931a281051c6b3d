"""Where tokens stand: tuples of frames, and the operations of a block that depend on it.

A token is one joint in one frame. Frames are divided into tuples of n: frame `t` of joint `v` stands in tuple
`t // n`, at slot `(t % n) V + v`. A grid says which tokens there are and in which order their rows `(P, C)`
lie in memory. It is made for a batch and handed to every block, which is thereby written once for dense and
for masked sequences.
"""

from abc import ABC, abstractmethod

from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from .aggregate import aggregate
from .norm import Repeated


class TokenGrid(ABC):
    """The operations of a block that look from one token to others (Qiu et al. 2022, section 3).

    Attributes:
        repeated: Rows at the end of the batch that stand for several equal bodies, or None.
    """

    repeated: Repeated | None = None

    def among_slots(self, maps: Tensor) -> Tensor:
        """Return learned maps (H, S, S) as `correlate` lays out those of a body."""
        return maps

    @abstractmethod
    def rows(self, tokens: Tensor) -> Tensor:
        """Lay tokens (B, T, V, C) out as rows (P, C)."""

    @abstractmethod
    def add_at_slots(self, x: Tensor, codes: Tensor) -> Tensor:
        """Add to rows (P, C) the codes (S, C) of their slots."""

    @abstractmethod
    def correlate(self, query: Tensor, key: Tensor, heads: int) -> Tensor:
        """Correlate slots over the tuples of each body: rows (P, H * D) to (B, H, S, S).

        Entry (q, k) is the mean, over the tuples in which both slots are visible, of the scalar product of
        query q and key k.
        """

    @abstractmethod
    def slot_conv(self, x: Tensor, attention: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Aggregate tokens within their tuples by attention, then convolve over neighbouring slots.

        Args:
            x: Rows (P, C).
            attention: (B, H, S, S); what slot k gets from slot q of the same tuple stands at (q, k).
            weight: (O, H * C, W), W odd.
            bias: (O,).

        Returns:
            Rows (P, O).
        """

    @abstractmethod
    def tuple_conv(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Convolve rows (P, C) with weight (O, C, W) over the same slot of neighbouring tuples."""


class DenseGrid(TokenGrid):
    """All tokens of B bodies; rows are P = B T' S, in order of body, tuple, slot, which is that of the clip.

    Args:
        bodies: Number of bodies, B.
        frames: Frames of a body, T.
        joints: Joints of a skeleton, V.
        tuple_frames: Frames of a tuple, n.
        repeated: Rows at the end that stand for several equal bodies.
        at: Slots (S',) of the joints, if a tuple has places of other joints too. These are as masked ones in
            `VisibleGrid`: S is the number of joints' slots, and codes, maps and convolutions have all.
        all_slots: Number of all slots, with `at`.

    Example:
        >>> import torch
        >>> grid = DenseGrid(2, 20, 25, tuple_frames=5)  # two bodies
        >>> rows = grid.rows(torch.randn(2, 20, 25, 64))
        >>> rows.shape, grid.slots, grid.tuples
        (torch.Size([1000, 64]), 125, 4)
    """

    def __init__(
        self,
        bodies: int,
        frames: int,
        joints: int,
        *,
        tuple_frames: int,
        repeated: Repeated | None = None,
        at: Tensor | None = None,
        all_slots: int = 0,
    ) -> None:
        self.bodies, self.frames, self.joints = bodies, frames, joints
        self.slots, self.tuples = tuple_frames * joints, frames // tuple_frames
        self.repeated, self.at, self.all_slots = repeated, at, all_slots

    def among_slots(self, maps: Tensor) -> Tensor:
        """Return the entries of learned maps (H, S, S) that are of joints."""
        return maps if self.at is None else maps[:, self.at][:, :, self.at]

    def rows(self, tokens: Tensor) -> Tensor:
        """Lay tokens (B, T, V, C) out as rows (B T' S, C)."""
        return rearrange(tokens, "b t v c -> (b t v) c")

    def tokens(self, rows: Tensor) -> Tensor:
        """Undo `rows`: (B T' S, C) to (B, T, V, C)."""
        return rearrange(rows, "(b t v) c -> b t v c", t=self.frames, v=self.joints)

    def add_at_slots(self, x: Tensor, codes: Tensor) -> Tensor:
        """Add codes (S, C) to the rows of each body and tuple."""
        codes = codes if self.at is None else codes[self.at]
        return (rearrange(x, "(p s) c -> p s c", s=self.slots) + codes).flatten(0, 1)

    def correlate(self, query: Tensor, key: Tensor, heads: int) -> Tensor:
        """Make one matrix product a body and head, over tuples and channels together.

        It lies in memory as (B, H, k, q), of slots k and q, the order in which `aggregate` copies it.
        """
        sizes = dict(s=self.slots, t=self.tuples, h=heads)
        query = rearrange(query, "(b t s) (h d) -> b h (t d) s", **sizes)
        key = rearrange(key, "(b t s) (h d) -> b h s (t d)", **sizes)
        return (key @ query).div_(self.tuples).mT

    def slot_conv(self, x: Tensor, attention: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Make products whose results are the channels, for each head, of (T', S) images."""
        x = aggregate(attention, rearrange(x, "(b t s) c -> b t s c", s=self.slots, t=self.tuples))
        image = rearrange(x, "b t s c -> b c t s")
        if self.at is not None:
            image = spread_slots(image, self.at, self.all_slots)
        image = F.conv2d(image, weight[:, :, None], bias, padding=(0, weight.shape[2] // 2))
        image = image if self.at is None else image[..., self.at]
        return rearrange(image, "b o t s -> (b t s) o")

    def tuple_conv(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Make a convolution over the first axis of (T', S) images."""
        image = rearrange(x, "(b t s) c -> b c t s", s=self.slots, t=self.tuples)
        image = F.conv2d(image, weight[..., None], bias, padding=(weight.shape[2] // 2, 0))
        return rearrange(image, "b o t s -> (b t s) o")


def spread_slots(image: Tensor, at: Tensor, all_slots: int) -> Tensor:
    """Put images (B, C, T', S') of joints into images (B, C, T', S) of all slots, which are zero elsewhere.

    They are sums over the slots of a tuple, and are scaled by S / S', as if all slots had summed.

    Example:
        >>> import torch
        >>> spread_slots(torch.ones(1, 1, 1, 2), torch.tensor([3, 1]), 4).flatten()
        tensor([0., 2., 0., 2.])
    """
    whole = image.new_zeros(*image.shape[:3], all_slots)
    return whole.index_copy(3, at, image * (all_slots / len(at)))
