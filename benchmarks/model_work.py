"""The work at which our models and the plain ones, with the same weights, are timed and weighed.

Each function gives ways of doing it, the plain one first, after it has checked that they agree.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from einops import rearrange
from plain_sttformer import PlainMAE, PlainSTTFormer
from torch import Tensor, nn
from torch.nn import functional as F

from skeleton_mask import Mask, SpatialTemporalConfig, clip_seeds
from skeletonmae import SkeletonMAE, SkeletonMAEConfig
from sttformer import DenseGrid, STTFormer, STTFormerConfig, to_official

CLASSES = 60

Way = Callable[[], Tensor]


class Setting(NamedTuple):
    """Clips of two bodies, the second of which is absent in a share of them."""

    batch: int
    frames: int
    tuple_frames: int
    one_body: float
    device: str = "cpu"

    def clips(self) -> Tensor:
        """(N, 3, T, 25, 2)."""
        x = torch.randn(self.batch, 3, self.frames, 25, 2, device=self.device)
        x[: round(self.one_body * self.batch), ..., 1] = 0
        return x

    def config(self, frame_ratio: float = 0.4, joint_ratio: float = 0.6) -> SkeletonMAEConfig:
        """The published encoder, the paper's decoder; by default 24 % of the joints are visible."""
        encoder = STTFormerConfig(tuple_frames=self.tuple_frames)
        mask = SpatialTemporalConfig(frame_ratio=frame_ratio, joint_ratio=joint_ratio)
        return SkeletonMAEConfig(encoder=encoder, mask=mask)

    def draw(self, bodies: int) -> Mask:
        """A mask of that many bodies."""
        seeds = clip_seeds(0, 0, torch.arange(bodies, device=self.device))
        return self.config().mask.sample((bodies, self.frames, 25), seeds)


def training(setting: Setting) -> dict[str, Way]:
    """A step of the classifier: forward, backward, SGD."""
    ours, plain = _classifiers(setting, CLASSES)
    x, labels = setting.clips(), torch.arange(setting.batch, device=setting.device) % CLASSES
    ways = {
        "plain": _step(plain, lambda: F.cross_entropy(plain(x), labels)),
        "ours": _step(ours, lambda: F.cross_entropy(ours(x), labels)),
    }
    _check_close(*[way() for way in ways.values()])
    _check_close(_gradients(plain), _gradients(ours))
    return ways


def inference(setting: Setting) -> dict[str, Way]:
    """Class scores in evaluation mode."""
    ours, plain = (model.eval() for model in _classifiers(setting, CLASSES))
    x = setting.clips()
    ways = {name: torch.no_grad()(partial(m, x)) for name, m in (("plain", plain), ("ours", ours))}
    _check_close(*[way() for way in ways.values()])
    return ways


def encoding(setting: Setting) -> dict[str, Way]:
    """Forward and backward of the encoder, one body a clip, 24 % of the joints visible.

    Visible tokens alone, against mask tokens through the plain encoder and through our dense one.
    """
    ours, plain = _classifiers(setting, 0)
    bodies = rearrange(setting.clips()[..., 0], "n c t v -> n t v c")
    visible, token = (
        setting.draw(setting.batch).visible,
        torch.zeros(ours.config.width, device=setting.device),
    )

    def with_tokens(bodies: Tensor, visible: Tensor) -> Tensor:
        grid = DenseGrid(*bodies.shape[:3], tuple_frames=setting.tuple_frames)
        x = F.leaky_relu(ours.embed_norm(ours.embed(grid.rows(bodies))), 0.1)
        x = torch.where(grid.rows(visible[..., None]), x, token)
        for block in ours.blocks:
            x = block(x, grid)
        return rearrange(grid.tokens(x), "b t v c -> (b t v) c")

    def plainly(bodies: Tensor, visible: Tensor) -> Tensor:
        x = plain.features(rearrange(bodies, "b t v c -> b c t v"), ~visible, token)
        return rearrange(x, "b c t (i v) -> (b t i v) c", i=setting.tuple_frames)

    encoders = {"plain": plainly, "dense": with_tokens, "ours": ours.encode_visible}
    few, everything = bodies[:2], torch.ones_like(visible[:2])
    expected, *found = [encode(few, everything) for encode in encoders.values()]
    for features in found:
        _check_close(expected, features)
    models = {"plain": plain, "dense": ours, "ours": ours}
    return {
        name: _step(models[name], lambda encode=encode: encode(bodies, visible).square().mean())
        for name, encode in encoders.items()
    }


def pretraining(setting: Setting) -> dict[str, Way]:
    """A step of SkeletonMAE with the paper's decoder, 24 % of the joints visible, present bodies alone.

    Against mask tokens through the plain encoder, and all bodies through everything.
    """
    _check_autoencoders(setting._replace(batch=2, one_body=0))
    ours, plain = _autoencoders(setting, setting.config())
    x, seeds = setting.clips(), torch.arange(setting.batch, device=setting.device)
    hidden = setting.draw(2 * setting.batch).masked
    return {
        "plain": _step(plain, lambda: plain(x, hidden)),
        "ours": _step(ours, lambda: ours(x, generator=seeds).loss),
    }


WORK = {work.__name__: work for work in (training, inference, encoding, pretraining)}


def _step(model: nn.Module, loss_of: Way) -> Way:
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6, momentum=0.9, nesterov=True)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _classifiers(setting: Setting, classes: int) -> tuple[STTFormer, PlainSTTFormer]:
    torch.manual_seed(0)
    config = setting.config().encoder.model_copy(update={"num_classes": classes})
    ours, plain = STTFormer(config), PlainSTTFormer(config)
    plain.load_state_dict(to_official(ours.state_dict()))
    return ours.to(setting.device), plain.to(setting.device)


def _autoencoders(setting: Setting, config: SkeletonMAEConfig) -> tuple[SkeletonMAE, PlainMAE]:
    torch.manual_seed(0)
    ours, plain = SkeletonMAE(config), PlainMAE(config)
    plain.encoder.load_state_dict(to_official(ours.encoder.state_dict()))
    plain.blocks.load_state_dict(
        {
            name.removeprefix("blocks."): value
            for name, value in to_official(
                {f"blocks.{name}": value for name, value in ours.decoder.blocks.state_dict().items()}
            ).items()
        }
    )
    for part in ("embed", "predict"):
        weight, bias = getattr(ours.decoder, part).parameters()
        getattr(plain, part).load_state_dict({"weight": weight[..., None, None], "bias": bias})
    return ours.to(setting.device), plain.to(setting.device)


def _check_autoencoders(setting: Setting) -> None:
    """With nothing hidden and no body absent both are the same."""
    ours, plain = _autoencoders(setting, setting.config(frame_ratio=0, joint_ratio=0))
    x = setting.clips()
    hidden = torch.zeros(2 * setting.batch, setting.frames, 25, dtype=torch.bool, device=setting.device)
    seeds = torch.arange(setting.batch, device=setting.device)
    losses = plain(x, hidden), ours(x, generator=seeds).loss
    _check_close(*losses)
    for loss in losses:
        loss.backward()
    _check_close(_gradients(plain.encoder), _gradients(ours.encoder))


def _gradients(model: nn.Module) -> Tensor:
    """All gradients as one vector, in the order of their published names."""
    found = {name: p.grad for name, p in model.named_parameters()}
    found = to_official(found) if isinstance(model, STTFormer) else found
    return torch.cat([found[name].flatten() for name in sorted(found)])


def _check_close(expected: Tensor, found: Tensor) -> None:
    error = (found - expected).norm() / expected.norm()
    assert error < 1e-2, f"the ways differ by {error:.1e} of their norm"
