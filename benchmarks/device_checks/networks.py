"""Every network in toy size, its input, and what one training step of it gives."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from skeleton_baselines import STGCN, STGCNConfig
from skeletonmae import SkeletonMAE, SkeletonMAEConfig, Transformer, TransformerConfig
from sttformer import STTFormer, STTFormerConfig

FRAMES, JOINTS = 20, 25
SHAPE = {"width": 16, "blocks": [(16, 4), (32, 8)], "tuple_frames": 2, "num_classes": 7}


class Network(NamedTuple):
    """A network and a scalar that depends on all of its output."""

    build: Callable[[], nn.Module]
    answer: Callable[[nn.Module, Tensor], Tensor]
    """Of clips (N, 3, T, V, M), a tensor."""


def clips(count: int = 6) -> Tensor:
    """(N, 3, T, V, 2), four of six with one body."""
    x = torch.randn(count, 3, FRAMES, JOINTS, 2, generator=torch.Generator().manual_seed(0))
    x[2:, ..., 1] = 0
    return x


def bodies_and_mask(x: Tensor) -> tuple[Tensor, Tensor]:
    """The first bodies (N, T, V, C) of clips, and what is visible of them: half of half of the frames."""
    noise = torch.rand(len(x), FRAMES, 1 + JOINTS, generator=torch.Generator().manual_seed(1))
    visible = (noise[..., :1] < 0.5) & (noise[..., 1:] < 0.5)
    return x[..., 0].permute(0, 2, 3, 1), visible.to(x.device)


def _visible_only(model: STTFormer, x: Tensor) -> Tensor:
    return model.encode_visible(*bodies_and_mask(x))


def _rebuilt(model: SkeletonMAE, x: Tensor) -> Tensor:
    return model(x, generator=torch.arange(len(x), device=x.device)).prediction


def _sttformer(**changes: object) -> Callable[[], nn.Module]:
    return lambda: STTFormer(STTFormerConfig(**SHAPE | changes))


def _transformer() -> nn.Module:
    return Transformer(TransformerConfig(frames=FRAMES, width=24, depth=2, heads=3, num_classes=7))


def _paper() -> nn.Module:
    return SkeletonMAE(SkeletonMAEConfig(encoder=SHAPE, decoder={"width": 16, "depth": 2, "qk_channels": 4}))


def _mamp() -> nn.Module:
    encoder = {"kind": "transformer", "frames": FRAMES, "width": 24, "depth": 2, "heads": 3}
    decoder = {"kind": "transformer", "width": 24, "depth": 1, "heads": 3}
    return SkeletonMAE(SkeletonMAEConfig(encoder=encoder, decoder=decoder))


def _stgcn() -> nn.Module:
    return STGCN(STGCNConfig(width=8, dropout=0, num_classes=7))


def _called(model: nn.Module, x: Tensor) -> Tensor:
    return model(x)


NETWORKS = {
    "STTFormer, dense": Network(_sttformer(), _called),
    "STTFormer, visible only": Network(_sttformer(num_classes=0), _visible_only),
    "STTFormer, visible only, packed": Network(_sttformer(num_classes=0, tuples="packed"), _visible_only),
    "Transformer": Network(_transformer, _called),
    "SkeletonMAE of STTFormer": Network(_paper, _rebuilt),
    "SkeletonMAE of Transformer": Network(_mamp, _rebuilt),
    "ST-GCN": Network(_stgcn, _called),
}
