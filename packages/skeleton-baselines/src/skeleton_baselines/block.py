"""A block of ST-GCN."""

import torch
from einops import rearrange
from torch import Tensor, nn


class SpatialGraphConv(nn.Module):
    r"""Mix channels, then joints along the graph.

    .. math:: y_w = \sum_k \sum_v (A_k \odot M_k)_{vw} (W_k x_v + b_k)

    with the subsets k of the graph A and a learned weight M for every edge; Yan et al. (2018), equations 9
    and 10.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        subsets: Subsets K of the graph.
        joints: Joints V.

    Example:
        >>> conv = SpatialGraphConv(in_channels=3, out_channels=8, subsets=2, joints=5)
        >>> conv(torch.randn(1, 3, 6, 5), torch.ones(2, 5, 5)).shape
        torch.Size([1, 8, 6, 5])
    """

    def __init__(self, *, in_channels: int, out_channels: int, subsets: int, joints: int) -> None:
        super().__init__()
        self.subsets = subsets
        self.mix = nn.Conv2d(in_channels, subsets * out_channels, 1)
        self.edge_weight = nn.Parameter(torch.ones(subsets, joints, joints))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Map `(B, C, T, V)` and the graph `(S, V, V)` to `(B, C', T, V)`."""
        mixed = rearrange(self.mix(x), "b (k c) t v -> b k c t v", k=self.subsets)
        return torch.einsum("bkctv,kvw->bctw", mixed, adjacency * self.edge_weight)


class STGCNBlock(nn.Module):
    """Graph convolution over joints, then convolution over frames, with a residual around both.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        subsets: Subsets K of the graph.
        joints: Joints V.
        temporal_kernel: Frames that the temporal convolution sees, odd.
        stride: Frames from one output to the next.
        dropout: Dropout before the residual is added.
        residual: Whether there is one; a 1x1 convolution where shapes differ.

    Example:
        >>> sizes = dict(in_channels=4, out_channels=8, subsets=3, joints=5, temporal_kernel=9)
        >>> block = STGCNBlock(**sizes, stride=2, dropout=0.5, residual=True)
        >>> block(torch.randn(1, 4, 6, 5), torch.ones(3, 5, 5)).shape
        torch.Size([1, 8, 3, 5])
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        subsets: int,
        joints: int,
        temporal_kernel: int,
        stride: int,
        dropout: float,
        residual: bool,
    ) -> None:
        super().__init__()
        self.spatial = SpatialGraphConv(
            in_channels=in_channels, out_channels=out_channels, subsets=subsets, joints=joints
        )
        self.temporal = nn.Sequential(
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(
                out_channels, out_channels, (temporal_kernel, 1), (stride, 1), (temporal_kernel // 2, 0)
            ),
            nn.BatchNorm2d(out_channels),
            nn.Dropout(dropout),
        )
        self.residual: nn.Module | None = None
        if residual:
            self.residual = nn.Identity()
            if in_channels != out_channels or stride != 1:
                self.residual = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, (stride, 1)), nn.BatchNorm2d(out_channels)
                )

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Map `(B, C, T, V)` and the graph `(S, V, V)` to `(B, C', T / stride, V)`, rounded up."""
        y: Tensor = self.temporal(self.spatial(x, adjacency))
        if self.residual is not None:
            y = y + self.residual(x)
        return y.relu()
