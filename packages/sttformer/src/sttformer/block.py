"""The block of STTFormer: attention within tuples, then aggregation between them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .grid import TokenGrid
from .linear import TokenLinear
from .norm import TokenBatchNorm
from .positions import sinusoidal_positions


class STTFormerBlock(nn.Module):
    """Spatio-temporal tuples attention, then inter-frame feature aggregation (Qiu et al. 2022, section 3).

    With x the token rows, p the sinusoidal code of the slot, and sums over tuples:

        q, k = W (x + p);   A = alpha tanh(mean q k / D) + A0            one map a body, shared by its tuples
        y = act(norm(conv over slots of A x) + r(x))
        y = act(norm(W' y) + r(x))
        z = act(norm(conv over tuples of y) + r'(y))

    There is no value projection: each head aggregates the input itself. The residuals r and r' are the
    identity, or a normalised projection where the channels change.

    Differences from the paper: none known; outputs and gradients equal those of its published code.

    Args:
        in_channels: Channels of the input rows.
        out_channels: Channels of the output rows.
        qk_channels: Channels D of a query or key, for each head.
        heads: Attention heads.
        slots: Slots of a tuple, S.
        slot_kernel: Width of the convolution over slots.
        tuple_kernel: Width of the convolution over tuples.
        attention_dropout: Dropout of the attention map.

    Example:
        >>> from sttformer import DenseGrid
        >>> block = STTFormerBlock(4, 8, 2, heads=3, slots=6)
        >>> grid = DenseGrid(1, 10, 3, tuple_frames=2)  # one body, ten frames, three joints
        >>> block(grid.rows(torch.zeros(1, 10, 3, 4)), grid).shape
        torch.Size([30, 8])
    """

    positions: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        qk_channels: int,
        *,
        heads: int,
        slots: int,
        slot_kernel: int = 5,
        tuple_kernel: int = 3,
        attention_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.heads, self.qk_channels = heads, qk_channels
        self.register_buffer("positions", sinusoidal_positions(slots, in_channels), persistent=False)
        self.query_key = TokenLinear(in_channels, 2 * heads * qk_channels)
        self.alpha = nn.Parameter(torch.ones(heads, 1, 1))
        self.attention_bias = nn.Parameter(torch.full((heads, slots, slots), 1 / slots))
        self.attention_dropout = nn.Dropout(attention_dropout)
        self.slot_conv = nn.Conv1d(heads * in_channels, out_channels, slot_kernel)
        self.slot_norm = TokenBatchNorm(out_channels)
        self.feedforward = TokenLinear(out_channels, out_channels)
        self.feedforward_norm = TokenBatchNorm(out_channels)
        self.tuple_conv = nn.Conv1d(out_channels, out_channels, tuple_kernel)
        self.tuple_norm = TokenBatchNorm(out_channels)
        changes = in_channels != out_channels
        self.slot_residual = _Projection(in_channels, out_channels) if changes else None
        self.tuple_residual = _Projection(out_channels, out_channels) if changes else None

    def forward(self, x: Tensor, grid: TokenGrid) -> Tensor:
        """Map rows (P, in_channels) on their grid to rows (P, out_channels)."""
        repeated = grid.repeated
        residual = x if self.slot_residual is None else self.slot_residual(x, grid)
        y = grid.slot_conv(x, self.attention(x, grid), self.slot_conv.weight, _bias(self.slot_conv))
        y = _activate(self.slot_norm(y, repeated), residual)
        y = _activate(self.feedforward_norm(self.feedforward(y), repeated), residual)

        residual = y if self.tuple_residual is None else self.tuple_residual(y, grid)
        z = grid.tuple_conv(y, self.tuple_conv.weight, _bias(self.tuple_conv))
        return _activate(self.tuple_norm(z, repeated), residual)

    def attention(self, x: Tensor, grid: TokenGrid) -> Tensor:
        """Return the attention (B, H, S, S) of each body; what slot k gets from slot q stands at (q, k)."""
        # W (x + p) + b, without the sum of x and p in memory.
        of_positions = F.linear(self.positions, self.query_key.weight)
        query, key = grid.add_at_slots(self.query_key(x), of_positions).chunk(2, dim=-1)
        correlation = grid.correlate(query, key, self.heads).div_(self.qk_channels)
        learned = grid.among_slots(self.attention_bias)
        learned = learned.mT.contiguous().mT  # in memory as the correlation lies
        attention: Tensor = self.attention_dropout(
            torch.addcmul(learned, torch.tanh(correlation), self.alpha)
        )
        return attention


class _Projection(nn.Module):
    """A normalised linear map, for residuals whose channels change."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.linear = TokenLinear(in_channels, out_channels)
        self.norm = TokenBatchNorm(out_channels)

    def forward(self, x: Tensor, grid: TokenGrid) -> Tensor:
        """Map rows (P, in_channels) to rows (P, out_channels)."""
        y: Tensor = self.norm(self.linear(x), grid.repeated)
        return y


def _activate(normalised: Tensor, residual: Tensor) -> Tensor:
    """Return the activation of the sum, in the place of the first, which no gradient needs."""
    return F.leaky_relu_(normalised.add_(residual), 0.1)


def _bias(conv: nn.Conv1d) -> Tensor:
    assert conv.bias is not None
    return conv.bias
