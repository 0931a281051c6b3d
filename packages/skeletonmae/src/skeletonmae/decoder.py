"""Decoders: from visible tokens to the whole sequence."""

from abc import abstractmethod

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from skeleton_mask import Mask
from sttformer import DenseGrid, STTFormerBlock, sinusoidal_positions
from sttformer import init_weights as init_sttformer

from .config import STTFormerDecoderConfig, TransformerDecoderConfig
from .transformer import init_weights as init_transformer
from .transformer import transformer_blocks


class TokenDecoder(nn.Module):
    """Visible tokens at their positions and a learned token at all others; then position codes and blocks.

    Every token receives a sinusoidal code of its time in one half of the channels, and of its joint in the
    other.

    Args:
        width: Channels of the blocks.
        in_channels: Channels of the encoder's features.
        token_frames: Frames of a joint that a token stands for, k.
    """

    def __init__(self, width: int, *, in_channels: int, token_frames: int) -> None:
        super().__init__()
        self.token_frames = token_frames
        self.embed = nn.Linear(in_channels, width)
        self.mask_token = nn.Parameter(torch.randn(width) * 0.02)

    def forward(self, tokens: Tensor, mask: Mask) -> Tensor:
        """Reconstruct all tokens from the visible ones: rows (P, C') in the mask's order to (B, T, V, C)."""
        bodies, times, joints = mask.shape
        tokens = rearrange(self.embed(tokens), "(b l) c -> b l c", b=bodies)
        x = mask.scatter(tokens, fill=self.mask_token) + self._positions(times, joints, like=tokens)
        return rearrange(self.reconstruct(x), "b t v (k c) -> b (t k) v c", k=self.token_frames)

    @abstractmethod
    def reconstruct(self, x: Tensor) -> Tensor:
        """Map all tokens (B, T / k, V, width) to what they stand for, (B, T / k, V, k C)."""

    def _positions(self, times: int, joints: int, *, like: Tensor) -> Tensor:
        width = like.shape[-1]
        in_time = repeat(sinusoidal_positions(times, width // 2), "t c -> t v c", v=joints)
        in_body = repeat(sinusoidal_positions(joints, width - width // 2), "v c -> t v c", t=times)
        return torch.cat([in_time, in_body], dim=-1).to(like)


class STTFormerDecoder(TokenDecoder):
    """A decoder of STTFormer blocks (Wu et al. 2023, section 3.2).

    Differences from the paper: it gives width, depth and "positional embeddings". Here each token has the
    code of its frame and of its joint: the blocks themselves know slots of a tuple alone, so that tokens of
    wholly masked tuples would else be equal.

    Args:
        config: Width, depth and heads.
        in_channels: Channels of the encoder's features.
        out_channels: Channels of what is reconstructed for each joint.
        joints: Joints of a skeleton.
        tuple_frames: Tokens in time of a tuple.
        token_frames: Frames of a joint that a token stands for.

    Example:
        >>> mask = Mask(torch.tensor([[[True, False], [False, False]]]))  # one body, two frames, two joints
        >>> config = STTFormerDecoderConfig(width=8, depth=1, qk_channels=2)
        >>> decoder = STTFormerDecoder(config, in_channels=5, out_channels=3, joints=2, tuple_frames=1)
        >>> decoder(torch.randn(1, 5), mask).shape
        torch.Size([1, 2, 2, 3])
    """

    def __init__(
        self,
        config: STTFormerDecoderConfig,
        *,
        in_channels: int,
        out_channels: int,
        joints: int,
        tuple_frames: int,
        token_frames: int = 1,
    ) -> None:
        super().__init__(config.width, in_channels=in_channels, token_frames=token_frames)
        self.tuple_frames = tuple_frames
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
        self.predict = nn.Linear(config.width, token_frames * out_channels)
        self.blocks.apply(init_sttformer)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Map all tokens (B, T / k, V, width) to what they stand for, (B, T / k, V, k C)."""
        bodies, times, joints, _ = x.shape
        if times % self.tuple_frames:
            raise ValueError(
                f"the clip has {times} tokens in time, not a multiple of the decoder's "
                f"tuple_frames={self.tuple_frames}"
            )
        grid = DenseGrid(bodies, times, joints, tuple_frames=self.tuple_frames)
        rows = grid.rows(x)
        for block in self.blocks:
            rows = block(rows, grid)
        return grid.tokens(self.predict(rows))


class TransformerDecoder(TokenDecoder):
    """A decoder of plain transformer blocks (Mao et al. 2023, section 3.4).

    Differences from the paper: its positions are learned; these are sinusoidal, as in MAE.

    Args:
        config: Width, depth and heads.
        in_channels: Channels of the encoder's features.
        out_channels: Channels of what is reconstructed for each joint.
        token_frames: Frames of a joint that a token stands for.

    Example:
        >>> mask = Mask(torch.tensor([[[True, False], [False, False]]]))  # one body, two times two tokens
        >>> config = TransformerDecoderConfig(width=8, depth=1, heads=2)
        >>> decoder = TransformerDecoder(config, in_channels=5, out_channels=3, token_frames=4)
        >>> decoder(torch.randn(1, 5), mask).shape
        torch.Size([1, 8, 2, 3])
    """

    def __init__(
        self, config: TransformerDecoderConfig, *, in_channels: int, out_channels: int, token_frames: int
    ) -> None:
        super().__init__(config.width, in_channels=in_channels, token_frames=token_frames)
        self.blocks = transformer_blocks(config.width, config.depth, config.heads, config.mlp_ratio)
        self.norm = nn.LayerNorm(config.width)
        self.predict = nn.Linear(config.width, token_frames * out_channels)
        self.apply(init_transformer)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Map all tokens (B, T / k, V, width) to what they stand for, (B, T / k, V, k C)."""
        tokens = rearrange(x, "b t v c -> b (t v) c")
        for block in self.blocks:
            tokens = block(tokens)
        reconstructed: Tensor = rearrange(
            self.predict(self.norm(tokens)), "b (t v) c -> b t v c", v=x.shape[2]
        )
        return reconstructed
