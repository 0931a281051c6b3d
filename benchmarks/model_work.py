"""The work at which our models and the plain ones, with the same weights, are timed and weighed.

Each work gives ways of doing it, the plain one first; its check raises an error unless they agree.
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
from sttformer import SIZES, DenseGrid, STTFormer, to_official

CLASSES = 60

Way = Callable[[], Tensor]


class Setting(NamedTuple):
    """Clips of two bodies, the second of which is absent in a share of them."""

    batch: int
    frames: int
    tuple_frames: int
    one_body: float
    device: str = "cpu"
    size: str = "base"

    def clips(self) -> Tensor:
        """(N, 3, T, 25, 2)."""
        x = torch.randn(self.batch, 3, self.frames, 25, 2, device=self.device)
        x[: round(self.one_body * self.batch), ..., 1] = 0
        return x

    def config(self, frame_ratio: float = 0.4, joint_ratio: float = 0.6) -> SkeletonMAEConfig:
        """An encoder, by default the published one, the paper's decoder; 24 % of the joints are visible."""
        encoder = SIZES[self.size].model_copy(update={"tuple_frames": self.tuple_frames})
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
    return {
        "plain": _step(plain, lambda: F.cross_entropy(plain(x), labels)),
        "ours": _step(ours, lambda: F.cross_entropy(ours(x), labels)),
    }


def inference(setting: Setting) -> dict[str, Way]:
    """Class scores in evaluation mode."""
    ours, plain = (model.eval() for model in _classifiers(setting, CLASSES))
    x = setting.clips()
    return {name: torch.no_grad()(partial(m, x)) for name, m in (("plain", plain), ("ours", ours))}


def encoding(setting: Setting) -> dict[str, Way]:
    """Forward and backward of the encoder, one body a clip, 24 % of the joints visible.

    Visible tokens alone, against mask tokens through the plain encoder and through our dense one.
    """
    ours, plain = _classifiers(setting, 0)
    bodies = rearrange(setting.clips()[..., 0], "n c t v -> n t v c")
    visible = setting.draw(setting.batch).visible
    models = {"plain": plain, "dense": ours, "ours": ours}
    return {
        name: _step(models[name], lambda encode=encode: encode(bodies, visible).square().mean())
        for name, encode in _encoders(ours, plain).items()
    }


def pretraining(setting: Setting) -> dict[str, Way]:
    """A step of SkeletonMAE with the paper's decoder, 24 % of the joints visible, present bodies alone.

    Against mask tokens through the plain encoder, and all bodies through everything.
    """
    ours, plain = _autoencoders(setting, setting.config())
    x, seeds = setting.clips(), torch.arange(setting.batch, device=setting.device)
    hidden = setting.draw(2 * setting.batch).masked
    return {
        "plain": _step(plain, lambda: plain(x, hidden)),
        "ours": _step(ours, lambda: ours(x, generator=seeds).loss),
    }


def check_classifiers(setting: Setting) -> None:
    """Both have the same class scores, in training and in evaluation, and the same gradients."""
    ours, plain = _classifiers(setting, CLASSES)
    x = setting.clips()
    scores = plain(x), ours(x)
    _check_close(*scores)
    for score in scores:
        F.cross_entropy(score, torch.arange(setting.batch, device=setting.device)).backward()
    _check_close(_gradients(plain), _gradients(ours))
    _check_close(plain.eval()(x), ours.eval()(x))


def check_autoencoders(setting: Setting) -> None:
    """With nothing hidden and no body absent both have the same loss and gradients."""
    ours, plain = _autoencoders(setting, setting.config(frame_ratio=0, joint_ratio=0))
    x = setting._replace(one_body=0).clips()
    hidden = torch.zeros(2 * setting.batch, setting.frames, 25, dtype=torch.bool, device=setting.device)
    losses = plain(x, hidden), ours(x, generator=torch.arange(setting.batch, device=setting.device)).loss
    _check_close(*losses)
    for loss in losses:
        loss.backward()
    _check_close(_gradients(plain.encoder), _gradients(ours.encoder))


def check_encoders(setting: Setting) -> None:
    """With nothing hidden all encoders have the same features."""
    encoders = _encoders(*_classifiers(setting, 0))
    bodies = rearrange(setting.clips()[..., 0], "n c t v -> n t v c")
    features = [encode(bodies, torch.ones_like(bodies[..., 0]).bool()) for encode in encoders.values()]
    for found in features[1:]:
        _check_close(features[0], found)


WORK = {work.__name__: work for work in (training, inference, encoding, pretraining)}
CHECKS = {
    "training": check_classifiers,
    "inference": check_classifiers,
    "encoding": check_encoders,
    "pretraining": check_autoencoders,
}


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


def _encoders(ours: STTFormer, plain: PlainSTTFormer) -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """Bodies (B, T, V, C) and what is visible of them (B, T, V) to rows of features."""
    frames = ours.config.tuple_frames
    token = torch.zeros(ours.config.width, device=ours.embed.weight.device)

    def plainly(bodies: Tensor, visible: Tensor) -> Tensor:
        x = plain.features(rearrange(bodies, "b t v c -> b c t v"), ~visible, token)
        return rearrange(x, "b c t (i v) -> (b t i v) c", i=frames)

    def dense(bodies: Tensor, visible: Tensor) -> Tensor:
        grid = DenseGrid(*bodies.shape[:3], tuple_frames=frames)
        x = F.leaky_relu(ours.embed_norm(ours.embed(grid.rows(bodies))), 0.1)
        x = torch.where(grid.rows(visible[..., None]), x, token)
        for block in ours.blocks:
            x = block(x, grid)
        return x

    return {"plain": plainly, "dense": dense, "ours": ours.encode_visible}


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


def _gradients(model: nn.Module) -> Tensor:
    """All gradients as one vector, in the order of their published names."""
    found = {name: p.grad for name, p in model.named_parameters()}
    found = to_official(found) if isinstance(model, STTFormer) else found
    return torch.cat([found[name].flatten() for name in sorted(found)])


def _check_close(expected: Tensor, found: Tensor) -> None:
    error = (found - expected).norm() / expected.norm()
    assert error < 1e-2, f"the ways differ by {error:.1e} of their norm"
