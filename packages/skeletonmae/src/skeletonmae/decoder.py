"""The decoder: from visible tokens to the whole sequence."""

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from skeleton_mask import Mask
from sttformer import DenseGrid, STTFormerBlock, sinusoidal_positions
from sttformer.model import init_weights

from .config import DecoderConfig


class Decoder(nn.Module):
    """Visible tokens in their places, a learned token in all others, then STTFormer blocks (section 3.3).

    Differences from the paper: it gives width, depth and "positional embeddings". Here every token receives a
    sinusoidal code of its frame in one half of the channels and of its joint in the other: the blocks
    themselves know slots of a tuple alone, so that tokens of wholly masked tuples would else be equal.

    Args:
        config: Width, depth and heads.
        in_channels: Channels of the encoder's features.
        out_channels: Channels of what is rebuilt for each joint.
        joints: Joints of a skeleton.
        tuple_frames: Frames of a tuple.
    """

    def __init__(
        self, config: DecoderConfig, *, in_channels: int, out_channels: int, joints: int, tuple_frames: int
    ) -> None:
        super().__init__()
        self.tuple_frames = tuple_frames
        self.embed = nn.Linear(in_channels, config.width)
        self.mask_token = nn.Parameter(torch.randn(config.width) * 0.02)
        self.blocks = nn.ModuleList(
            STTFormerBlock(
                config.width,
                config.width,
                config.qk_channels,
                heads=config.heads,
                slots=tuple_frames * joints,
            )
            for _ in range(config.depth)
        )
        self.predict = nn.Linear(config.width, out_channels)
        self.blocks.apply(init_weights)

    def forward(self, tokens: Tensor, mask: Mask) -> Tensor:
        """Rebuild all places from visible ones: rows (P, C) in the mask's order to (B, T, V, C')."""
        bodies, frames, joints = mask.shape
        tokens = rearrange(self.embed(tokens), "(b l) c -> b l c", b=bodies)
        x = mask.scatter(tokens, fill=self.mask_token) + self._positions(frames, joints, like=tokens)
        grid = DenseGrid(bodies, frames, joints, tuple_frames=self.tuple_frames)
        rows = grid.rows(x)
        for block in self.blocks:
            rows = block(rows, grid)
        return grid.tokens(self.predict(rows))

    def _positions(self, frames: int, joints: int, *, like: Tensor) -> Tensor:
        width = like.shape[-1]
        in_time = repeat(sinusoidal_positions(frames, width // 2), "t c -> t v c", v=joints)
        in_body = repeat(sinusoidal_positions(joints, width - width // 2), "v c -> t v c", t=frames)
        return torch.cat([in_time, in_body], dim=-1).to(like)
