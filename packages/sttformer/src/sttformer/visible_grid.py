"""The grid of visible tokens alone."""

import torch
from einops import rearrange
from torch import Tensor

from .aggregate import aggregate
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
    al. 2023) does not say how maps that tuples share meet them; this is our definition. SkeletonMAE removes
    hidden frames before it divides into tuples (section 4.2): with `packed`, the frames of a body in which
    something is visible are taken out in order and divided, and what is said above holds of their tuples.

    Its tables are made once for a batch; only then a GPU is waited for, to learn their sizes.

    Args:
        visible: Boolean (B, T, V).
        tuple_frames: Frames of a tuple, n.
        packed: Whether tuples are made of the frames that remain, not of the whole clip.

    Example:
        >>> visible = torch.tensor([[[True, False], [True, True]]])  # one body, two frames, two joints
        >>> grid = VisibleGrid(visible, tuple_frames=2)
        >>> grid.slot, grid.rows(torch.arange(4.0).view(1, 2, 2, 1)).flatten()
        (tensor([0, 2, 3]), tensor([0., 2., 3.]))
        >>> frames = torch.tensor([True, False, False, True]).view(1, 4, 1)  # four frames of one joint
        >>> [VisibleGrid(frames, tuple_frames=2, packed=p).row_at.tolist() for p in (False, True)]
        [[[[0, -1], [-1, 1]]], [[[0, 1], [-1, -1]]]]
    """

    def __init__(self, visible: Tensor, *, tuple_frames: int, packed: bool = False) -> None:
        self._in_clip = visible.flatten().nonzero()[:, 0]
        if packed:
            visible = _visible_frames_first(visible)
        visible = rearrange(visible, "b (t i) v -> b t (i v)", i=tuple_frames)
        self.shape = visible.shape
        bodies, tuples, slots = visible.shape
        device = visible.device
        self.token_index = visible.flatten().nonzero()[:, 0] if packed else self._in_clip
        """(P,) index of each row in the (B T' S) grid of the tuples."""
        rows = len(self.token_index)
        self.slot = self.token_index % slots
        self.row_at = torch.full((bodies, tuples, slots), -1, device=device)
        self.row_at.view(-1)[self.token_index] = torch.arange(rows, device=device)
        self._taps: dict[tuple[int, int], list[Tap]] = {}
        self._pairs: dict[int, Tensor] = {}

        together = visible.to(torch.get_default_dtype())
        self.tuples_together = (together.transpose(1, 2) @ together).clamp(min=1)[:, None]
        """(B, 1, S, S) number of tuples in which both slots are visible."""

        visible_in_tuple = visible.flatten(0, 1).sum(1)
        tuple_of_group = visible_in_tuple.nonzero()[:, 0]
        self.body_of_group = tuple_of_group // tuples
        """(G,) body of each tuple in which something is visible."""
        sizes = visible_in_tuple[tuple_of_group]
        group = torch.repeat_interleave(torch.arange(len(sizes), device=device), sizes, output_size=rows)
        self.visible_fraction = sizes[group, None].double() / slots
        """(P, 1) fraction of the slots of its tuple that are visible, for each row."""
        largest = int(sizes.max())
        self.member = torch.arange(rows, device=device) - (sizes.cumsum(0) - sizes)[group] + group * largest
        """(P,) index of each row among the members (G L) of the tuples, padded to the largest."""
        members = self.slot.new_zeros(len(sizes) * largest).index_copy(0, self.member, self.slot)
        self.slot_of_member = rearrange(members, "(g l) -> g l", g=len(sizes))

    def rows(self, tokens: Tensor) -> Tensor:
        """Pick the visible ones of tokens (B, T, V, C)."""
        return rearrange(tokens, "b t v c -> (b t v) c")[self._in_clip]

    def add_at_slots(self, x: Tensor, codes: Tensor) -> Tensor:
        """Add codes (S, C) to the visible tokens."""
        return x + codes[self.slot]

    def correlate(self, query: Tensor, key: Tensor, heads: int) -> Tensor:
        """Make one product a tuple and head, added up where both slots stand in the map of the body."""
        bodies, _, slots = self.shape
        query = rearrange(self._members(query), "g l (h d) -> g h d l", h=heads)
        key = rearrange(self._members(key), "g l (h d) -> g h l d", h=heads)
        products = (key @ query).flatten()
        products = products.to(torch.promote_types(products.dtype, torch.float32))  # to be summed
        total = products.new_zeros(bodies * heads * slots**2).scatter_add(0, self._pairs_of(heads), products)
        total = rearrange(total, "(b h k q) -> b h k q", h=heads, q=slots, k=slots)
        return (total / self.tuples_together.to(total.dtype)).mT

    def slot_conv(self, x: Tensor, attention: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Aggregate over the visible members of each tuple, then convolve over visible neighbours."""
        return visible_conv(self._aggregate(x, attention), weight, bias, self._taps_along(2, weight.shape[2]))

    def tuple_conv(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Convolve over the visible neighbours in other tuples."""
        return visible_conv(x, weight, bias, self._taps_along(1, weight.shape[2]))

    def prepare(self, *, heads: int, slot_kernel: int, tuple_kernel: int) -> None:
        """Make the tables of blocks before they are needed, outside of a compiled graph."""
        self._pairs_of(heads)
        self._taps_along(2, slot_kernel)
        self._taps_along(1, tuple_kernel)

    def _members(self, rows: Tensor) -> Tensor:
        """Return rows (P, C) as the members (G, L, C) of the tuples, zero behind those of a smaller one."""
        groups, largest = self.slot_of_member.shape
        members = rows.new_zeros(groups * largest, rows.shape[1]).index_copy(0, self.member, rows)
        return rearrange(members, "(g l) c -> g l c", g=groups)

    def _aggregate(self, x: Tensor, attention: Tensor) -> Tensor:
        """Map rows (P, C) and attention (B, H, S, S) to rows (P, H * C), tuple by tuple."""
        heads, (groups, largest) = attention.shape[1], self.slot_of_member.shape
        among = attention.mT.flatten().index_select(0, self._pairs_of(heads))
        among = rearrange(among, "(g h k q) -> g h q k", g=groups, h=heads, q=largest)
        members = rearrange(self._members(x / self.visible_fraction.to(x.dtype)), "g l c -> g 1 l c")
        rows = rearrange(aggregate(among, members), "g 1 l c -> (g l) c")
        return rows.index_select(0, self.member)

    def _pairs_of(self, heads: int) -> Tensor:
        """Return the index (G H L L) in the maps (B H S S) of each pair (k, q) of members of a tuple."""
        if heads not in self._pairs:
            map_ = self.body_of_group[:, None] * heads + torch.arange(heads, device=self.slot.device)
            key, query = self.slot_of_member[:, None, :, None], self.slot_of_member[:, None, None]
            slots = self.shape[2]
            self._pairs[heads] = ((map_[:, :, None, None] * slots + key) * slots + query).flatten()
        return self._pairs[heads]

    def _taps_along(self, axis: int, kernel: int) -> list[Tap]:
        """Return the taps of a kernel along an axis of (B, T', S)."""
        if (axis, kernel) not in self._taps:
            self._taps[axis, kernel] = find_taps(self.row_at, axis, kernel)
        return self._taps[axis, kernel]


def _visible_frames_first(visible: Tensor) -> Tensor:
    """Move the frames of (B, T, V) in which something is visible to the front; all keep their order."""
    order = (~visible.any(2)).to(torch.uint8).argsort(dim=1, stable=True)
    return visible.gather(1, order[..., None].expand_as(visible))
