"""The grid of visible tokens alone."""

import torch
from einops import rearrange, repeat
from torch import Tensor

from .grid import TokenGrid
from .visible_conv import Tap, find_taps, visible_conv


class VisibleGrid(TokenGrid):
    """The visible tokens of B bodies alone; rows are P = the number of them, in order of body, frame, joint.

    With nothing masked it equals `DenseGrid`. With masked tokens it equals a dense model in which

    - correlations are means over the tuples in which both slots are visible (none: zero),
    - aggregation runs over the visible slots of a tuple, scaled by slots / visible slots,
    - a masked neighbour contributes nothing to a convolution, and
    - normalisation sees visible tokens only.

    Differences from the paper: STTFormer (Qiu et al. 2022, section 3) knows no masks, and SkeletonMAE (Wu et
    al. 2023) does not say how maps that tuples share meet them; this is our definition.

    Args:
        visible: Boolean (B, T, V).
        tuple_frames: Frames of a tuple, n.

    Example:
        >>> visible = torch.tensor([[[True, False], [True, True]]])  # one body, two frames, two joints
        >>> grid = VisibleGrid(visible, tuple_frames=2)
        >>> grid.slot, grid.rows(torch.arange(4.0).view(1, 2, 2, 1)).flatten()
        (tensor([0, 2, 3]), tensor([0., 2., 3.]))
    """

    def __init__(self, visible: Tensor, *, tuple_frames: int) -> None:
        visible = rearrange(visible, "b (t i) v -> b t (i v)", i=tuple_frames)
        self.shape = visible.shape
        bodies, tuples, slots = visible.shape
        device = visible.device
        self.places = visible.flatten().nonzero()[:, 0]
        """(P,) place of each row in the dense (B T' S) grid."""
        rows = len(self.places)
        self.slot = self.places % slots
        self.row_at = torch.full((bodies, tuples, slots), -1, device=device)
        self.row_at.view(-1)[self.places] = torch.arange(rows, device=device)
        self._taps: dict[tuple[int, int], list[Tap]] = {}

        together = visible.to(torch.get_default_dtype())
        self.tuples_together = (together.transpose(1, 2) @ together).clamp(min=1)[:, None]
        """(B, 1, S, S) number of tuples in which both slots are visible."""

        visible_in_tuple = visible.flatten(0, 1).sum(1)
        tuple_of_group = visible_in_tuple.nonzero()[:, 0]
        self.body_of_group = tuple_of_group // tuples
        """(G,) body of each tuple in which something is visible."""
        sizes = visible_in_tuple[tuple_of_group]
        group = torch.repeat_interleave(torch.arange(len(sizes), device=device), sizes, output_size=rows)
        self.tuple_share = sizes[group, None].double() / slots
        """(P, 1) share of the slots of its tuple that are visible, for each row."""
        largest = int(sizes.max())
        self.member = torch.arange(rows, device=device) - (sizes.cumsum(0) - sizes)[group] + group * largest
        """(P,) place of each row among the members (G L) of the tuples, padded to the largest."""
        members = self.slot.new_zeros(len(sizes) * largest).index_copy(0, self.member, self.slot)
        self.slot_of_member = rearrange(members, "(g l) -> g l", g=len(sizes))

    def rows(self, tokens: Tensor) -> Tensor:
        """Pick the visible ones of tokens (B, T, V, C)."""
        return rearrange(tokens, "b t v c -> (b t v) c")[self.places]

    def add_at_slots(self, x: Tensor, codes: Tensor) -> Tensor:
        """Add codes (S, C) to the visible tokens."""
        return x + codes[self.slot]

    def correlate(self, query: Tensor, key: Tensor, heads: int) -> Tensor:
        """Queries and keys have few channels: put them in their dense places, zero where masked."""
        bodies, tuples, slots = self.shape
        places = dict(b=bodies, t=tuples, s=slots, h=heads)
        query = rearrange(self._dense(query), "(b t s) (h d) -> b h s (t d)", **places)
        key = rearrange(self._dense(key), "(b t s) (h d) -> b h (t d) s", **places)
        return query @ key / self.tuples_together.to(query.dtype)

    def slot_conv(self, x: Tensor, attention: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Aggregate over the visible members of each tuple, then convolve over visible neighbours."""
        return visible_conv(self._aggregate(x, attention), weight, bias, self._taps_along(2, weight.shape[2]))

    def tuple_conv(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Convolve over the visible neighbours in other tuples."""
        return visible_conv(x, weight, bias, self._taps_along(1, weight.shape[2]))

    def find_neighbours(self, *, slot_kernel: int, tuple_kernel: int) -> None:
        """Find the neighbours of kernels before they are needed, outside of a compiled graph."""
        self._taps_along(2, slot_kernel)
        self._taps_along(1, tuple_kernel)

    def _dense(self, rows: Tensor) -> Tensor:
        """Rows (P, C) in their places of the dense grid (B T' S, C), zero elsewhere."""
        return rows.new_zeros(self.row_at.numel(), rows.shape[1]).index_copy(0, self.places, rows)

    def _aggregate(self, x: Tensor, attention: Tensor) -> Tensor:
        """Rows (P, C) and attention (B, H, S, S) to rows (P, H * C), tuple by tuple."""
        heads, slots = attention.shape[1:3]
        groups, largest = self.slot_of_member.shape
        x = x / self.tuple_share.to(x.dtype)
        members = x.new_zeros(groups * largest, x.shape[1]).index_copy(0, self.member, x)
        # Whole rows first, then columns: two plain copies, where indexing both at once takes twice as long.
        head = torch.arange(heads, device=x.device)[:, None]
        rows = (self.body_of_group[:, None, None] * heads + head) * slots + self.slot_of_member[:, None]
        among = rearrange(attention, "b h u v -> (b h u) v").index_select(0, rows.flatten())
        among = rearrange(among, "(g h u) v -> g h u v", g=groups, h=heads)
        among = among.gather(3, repeat(self.slot_of_member, "g v -> g h u v", h=heads, u=largest))
        out = rearrange(among, "g h u v -> g (h v) u") @ rearrange(members, "(g u) c -> g u c", u=largest)
        return rearrange(out, "g (h v) c -> (g v) (h c)", h=heads).index_select(0, self.member)

    def _taps_along(self, axis: int, kernel: int) -> list[Tap]:
        """The taps of a kernel along an axis of (B, T', S)."""
        if (axis, kernel) not in self._taps:
            self._taps[axis, kernel] = find_taps(self.row_at, axis, kernel)
        return self._taps[axis, kernel]
