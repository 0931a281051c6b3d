"""The published STTFormer, and a masked autoencoder of it, written plainly: what ours is timed against.

Each equation is one call of torch on images (B, C, T', S) of tuples by slots, as the published code computes
it: every body, every token, every head's aggregate in memory of its own. Weights have the published names.
"""

import torch
from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn import functional as F

from skeletonmae import SkeletonMAEConfig
from sttformer import STTFormerConfig, sinusoidal_positions


class PlainBlock(nn.Module):
    """One block, (B, C, T', S) to (B, C', T', S)."""

    def __init__(self, in_channels: int, out_channels: int, qk: int, *, heads: int, slots: int) -> None:
        super().__init__()
        self.heads, self.qk = heads, qk
        code = rearrange(sinusoidal_positions(slots, in_channels), "s c -> c 1 s")
        self.register_buffer("positions", code, persistent=False)
        self.to_qkvs = nn.Conv2d(in_channels, 2 * heads * qk, 1)
        self.alphas = nn.Parameter(torch.ones(1, heads, 1, 1))
        self.att0s = nn.Parameter(torch.full((1, heads, slots, slots), 1 / slots))
        self.out_nets = normalised(nn.Conv2d(heads * in_channels, out_channels, (1, 5), padding=(0, 2)))
        self.ff_net = normalised(nn.Conv2d(out_channels, out_channels, 1))
        self.out_nett = normalised(nn.Conv2d(out_channels, out_channels, (3, 1), padding=(1, 0)))
        self.ress, self.rest = nn.Identity(), nn.Identity()
        if in_channels != out_channels:
            self.ress = normalised(nn.Conv2d(in_channels, out_channels, 1))
            self.rest = normalised(nn.Conv2d(out_channels, out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        qk = rearrange(self.to_qkvs(x + self.positions), "b (z h d) t s -> z b h d t s", z=2, h=self.heads)
        correlation = torch.einsum("bhdtu,bhdtv->bhuv", *qk) / (self.qk * x.shape[2])
        attention = torch.tanh(correlation) * self.alphas + self.att0s
        aggregate = torch.einsum("bctu,bhuv->bhctv", x, attention)
        residual = self.ress(x)
        y = F.leaky_relu(self.out_nets(aggregate.flatten(1, 2)) + residual, 0.1)
        y = F.leaky_relu(self.ff_net(y) + residual, 0.1)
        return F.leaky_relu(self.out_nett(y) + self.rest(y), 0.1)


class PlainSTTFormer(nn.Module):
    """Clips (N, C, T, V, M) to class scores (N, K)."""

    def __init__(self, config: STTFormerConfig) -> None:
        super().__init__()
        self.tuple_frames = config.tuple_frames
        self.input_map = normalised(nn.Conv2d(config.channels, config.width, 1))
        widths = [config.width, *(channels for channels, _ in config.blocks)]
        self.blocks = nn.ModuleList(
            PlainBlock(before, after, qk, heads=config.heads, slots=config.slots)
            for before, (after, qk) in zip(widths[:-1], config.blocks, strict=True)
        )
        self.fc = nn.Linear(config.num_features, config.num_classes) if config.num_classes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        features = self.features(rearrange(x, "n c t v m -> (n m) c t v"))
        return self.fc(rearrange(features, "(n m) c t s -> n m t s c", m=x.shape[4]).mean((1, 2, 3)))

    def features(self, bodies: Tensor, hidden: Tensor | None = None, token: Tensor | None = None) -> Tensor:
        """Bodies (B, C, T, V) to (B, C', T', S); where hidden (B, T, V), the token stands for a joint."""
        x = F.leaky_relu(self.input_map(tuples(bodies, self.tuple_frames)), 0.1)
        if hidden is not None and token is not None:
            x = torch.where(tuples(hidden[:, None], self.tuple_frames), token[:, None, None], x)
        for block in self.blocks:
            x = block(x)
        return x


class PlainMAE(nn.Module):
    """SkeletonMAE without packing: mask tokens go through the encoder, absent bodies through everything."""

    def __init__(self, config: SkeletonMAEConfig) -> None:
        super().__init__()
        encoder, decoder = config.encoder, config.decoder
        self.tuple_frames, width = encoder.tuple_frames, decoder.width
        self.encoder = PlainSTTFormer(encoder)
        self.mask_token = nn.Parameter(torch.zeros(encoder.width))
        self.embed = nn.Conv2d(encoder.num_features, width, 1)
        self.blocks = nn.ModuleList(
            PlainBlock(width, width, decoder.qk_channels, heads=decoder.heads, slots=encoder.slots)
            for _ in range(decoder.depth)
        )
        self.predict = nn.Conv2d(width, encoder.channels, 1)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Mean squared error of clips (N, C, T, V, M) whose joints (N M, T, V) are hidden."""
        bodies = rearrange(x, "n c t v m -> (n m) c t v")
        y = self.embed(self.encoder.features(bodies, hidden, self.mask_token))
        y = y + tuples(self._positions(*bodies.shape[2:], y), self.tuple_frames)
        for block in self.blocks:
            y = block(y)
        return F.mse_loss(self.predict(y), tuples(bodies, self.tuple_frames))

    def _positions(self, frames: int, joints: int, like: Tensor) -> Tensor:
        width = like.shape[1]
        in_time = repeat(sinusoidal_positions(frames, width // 2), "t c -> 1 c t v", v=joints)
        in_body = repeat(sinusoidal_positions(joints, width - width // 2), "v c -> 1 c t v", t=frames)
        return torch.cat([in_time, in_body], dim=1).to(like)


def normalised(conv: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels))


def tuples(image: Tensor, frames: int) -> Tensor:
    """(B, C, T, V) to (B, C, T / n, n V)."""
    return rearrange(image, "b c (t i) v -> b c t (i v)", i=frames)
