"""Where tokens stand: tuples of frames, and the operations of a block that depend on it.

A token is one joint in one frame. Frames are divided into tuples of n: frame `t` of joint `v` stands in tuple
`t // n`, at slot `(t % n) V + v`. A grid says which tokens there are and in which order their rows `(P, C)`
lie in memory. It is made for a batch and handed to every block, which is thereby written once for dense and
for masked sequences.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from einops import rearrange, repeat
from torch import Tensor
from torch.nn import functional as F

from .norm import Repeated


class TokenGrid(ABC):
    """The operations of a block that look from one token to others.

    Attributes:
        repeated: Rows at the end of the batch that stand for several equal bodies, or None.
    """

    repeated: Repeated | None = None

    @abstractmethod
    def rows(self, tokens: Tensor) -> Tensor:
        """Lay tokens (B, T, V, C) out as rows (P, C)."""

    @abstractmethod
    def at_slots(self, codes: Tensor) -> Tensor:
        """Spread codes (S, C) of the slots over the tokens, broadcastable to rows (P, C)."""

    @abstractmethod
    def correlate(self, query: Tensor, key: Tensor, heads: int) -> Tensor:
        """Correlate slots over the tuples of each body: rows (P, heads * D) to (B, heads, S, S).

        Entry (u, v) is the mean, over the tuples in which both slots are visible, of the scalar product of
        query u and key v.
        """

    @abstractmethod
    def slot_conv(self, x: Tensor, attention: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Aggregate tokens within their tuples by attention, then convolve over neighbouring slots.

        Args:
            x: Rows (P, C).
            attention: (B, H, S, S); what slot v gets from slot u of the same tuple stands at (u, v).
            weight: (O, H * C, K), K odd.
            bias: (O,).

        Returns:
            Rows (P, O).
        """

    @abstractmethod
    def tuple_conv(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Convolve rows (P, C) with weight (O, C, K) over the same slot of neighbouring tuples."""


class DenseGrid(TokenGrid):
    """All tokens of B bodies; rows are P = B S T', in order of body, slot, tuple.

    With tuples innermost, attention is one matrix product a body, (H S, S) times (S, T' C), whose result is
    the image that is convolved: nothing is transposed or repeated.

    Args:
        bodies: Number of bodies, B.
        frames: Frames of a body, T.
        joints: Joints of a skeleton, V.
        tuple_frames: Frames of a tuple, n.
        repeated: Rows at the end that stand for several equal bodies.
    """

    def __init__(
        self, bodies: int, frames: int, joints: int, *, tuple_frames: int, repeated: Repeated | None = None
    ) -> None:
        self.bodies, self.frames, self.joints = bodies, frames, joints
        self.tuple_frames = tuple_frames
        self.slots, self.tuples = tuple_frames * joints, frames // tuple_frames
        self.repeated = repeated

    def rows(self, tokens: Tensor) -> Tensor:
        """Lay tokens (B, T, V, C) out as rows (B S T', C)."""
        return rearrange(tokens, "b (t i) v c -> (b i v t) c", i=self.tuple_frames)

    def tokens(self, rows: Tensor) -> Tensor:
        """Undo `rows`: (B S T', C) to (B, T, V, C)."""
        places = dict(i=self.tuple_frames, v=self.joints, t=self.tuples)
        return rearrange(rows, "(b i v t) c -> b (t i) v c", **places)

    def at_slots(self, codes: Tensor) -> Tensor:
        """Repeat codes (S, C) for each body and tuple."""
        return repeat(codes, "s c -> (s t) c", t=self.tuples).repeat(self.bodies, 1)

    def correlate(self, query: Tensor, key: Tensor, heads: int) -> Tensor:
        """One matrix product a body and head, over tuples and channels together."""
        places = dict(s=self.slots, t=self.tuples, h=heads)
        query = rearrange(query, "(b s t) (h d) -> b h s (t d)", **places)
        key = rearrange(key, "(b s t) (h d) -> b h (t d) s", **places)
        return query @ key / self.tuples

    def slot_conv(self, x: Tensor, attention: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Heads are an axis of the image, over which the kernel extends wholly."""
        heads, kernel = attention.shape[1], weight.shape[2]
        attention = rearrange(attention, "b h u v -> b (h v) u")
        x = attention @ rearrange(x, "(b s t) c -> b s (t c)", s=self.slots, t=self.tuples)
        image = rearrange(x, "b (h v) (t c) -> b c h v t", h=heads, t=self.tuples)
        weight = rearrange(weight, "o (h c) k -> o c h k 1", h=heads)
        image = F.conv3d(image, weight, bias, padding=(0, kernel // 2, 0))
        return rearrange(image, "b o 1 v t -> (b v t) o")

    def tuple_conv(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """A convolution over the second axis of (S, T') images."""
        image = rearrange(x, "(b s t) c -> b c s t", s=self.slots, t=self.tuples)
        image = F.conv2d(image, weight[:, :, None], bias, padding=(0, weight.shape[2] // 2))
        return rearrange(image, "b o s t -> (b s t) o")


class VisibleGrid(TokenGrid):
    """The visible tokens of B bodies alone; rows are P = the number of them, in order of body, frame, joint.

    With nothing masked it equals `DenseGrid`. With masked tokens it equals a dense model in which

    - correlations are means over the tuples in which both slots are visible (none: zero),
    - aggregation runs over the visible slots of a tuple, scaled by slots / visible slots,
    - a masked neighbour contributes nothing to a convolution, and
    - normalisation sees visible tokens only.

    Args:
        visible: Boolean (B, T, V).
        tuple_frames: Frames of a tuple, n.
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
        self._pairs: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}

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

    def at_slots(self, codes: Tensor) -> Tensor:
        """Gather codes (S, C) for the visible tokens."""
        return codes[self.slot]

    def correlate(self, query: Tensor, key: Tensor, heads: int) -> Tensor:
        """Queries and keys have few channels: put them in their dense places, zero where masked."""
        bodies, tuples, slots = self.shape
        places = dict(b=bodies, t=tuples, s=slots, h=heads)
        query = rearrange(self._dense(query), "(b t s) (h d) -> b h s (t d)", **places)
        key = rearrange(self._dense(key), "(b t s) (h d) -> b h (t d) s", **places)
        return query @ key / self.tuples_together.to(query.dtype)

    def slot_conv(self, x: Tensor, attention: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Aggregate over the visible members of each tuple, then convolve over visible neighbours."""
        return _visible_conv(
            self._aggregate(x, attention), weight, bias, self._neighbours(2, weight.shape[2])
        )

    def tuple_conv(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Convolve over the visible neighbours in other tuples."""
        return _visible_conv(x, weight, bias, self._neighbours(1, weight.shape[2]))

    def find_neighbours(self, *, slot_kernel: int, tuple_kernel: int) -> None:
        """Find the neighbours of kernels before they are needed, outside of a compiled graph."""
        self._neighbours(2, slot_kernel)
        self._neighbours(1, tuple_kernel)

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

    def _neighbours(self, axis: int, kernel: int) -> list[tuple[Tensor, Tensor]]:
        """For each tap along an axis of (B, T', S): the rows with a visible neighbour there, and that."""
        if (axis, kernel) not in self._pairs:
            pairs = []
            for offset in range(-(kernel // 2), kernel // 2 + 1):
                size = self.shape[axis]
                low, high = max(0, -offset), min(size, size - offset)
                here = self.row_at.narrow(axis, low, max(high - low, 0)).flatten()
                there = self.row_at.narrow(
                    axis, low + offset if high > low else 0, max(high - low, 0)
                ).flatten()
                both = ((here >= 0) & (there >= 0)).nonzero()[:, 0]
                pairs.append((here[both], there[both]))
            self._pairs[axis, kernel] = pairs
        return self._pairs[axis, kernel]


def _visible_conv(x: Tensor, weight: Tensor, bias: Tensor, pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    """A convolution over the neighbours that exist; autocast takes it for one."""
    device = x.device.type
    if torch.is_autocast_enabled(device):
        x, weight, bias = (tensor.to(torch.get_autocast_dtype(device)) for tensor in (x, weight, bias))
    if torch.compiler.is_compiling():
        return _add_taps(x, weight, bias, pairs)
    y: Tensor = _VisibleConv.apply(x, weight, bias, pairs)
    return y


def _add_taps(x: Tensor, weight: Tensor, bias: Tensor, pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    """For each tap of the kernel one gather, one product, one addition."""
    centre = weight.shape[2] // 2
    y = torch.addmm(bias, x, weight[..., centre].T)
    for tap, (here, there) in enumerate(pairs):
        if tap != centre:
            y.index_add_(0, here, x[there] @ weight[..., tap].T)
    return y


class _VisibleConv(torch.autograd.Function):
    """`_add_taps` with a backward that keeps nothing but the rows."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, pairs: list[tuple[Tensor, Tensor]]
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.pairs = pairs
        return _add_taps(x, weight, bias, pairs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor, None]:
        gradient = gradients[0]
        x, weight = ctx.saved_tensors
        centre = weight.shape[2] // 2
        x_gradient = gradient @ weight[..., centre]
        weight_gradient = torch.zeros_like(weight)
        weight_gradient[..., centre] = gradient.T @ x
        for tap, (here, there) in enumerate(ctx.pairs):
            if tap != centre:
                at_here = gradient[here]
                x_gradient.index_add_(0, there, at_here @ weight[..., tap])
                weight_gradient[..., tap] = at_here.T @ x[there]
        return x_gradient, weight_gradient, gradient.sum(0), None
