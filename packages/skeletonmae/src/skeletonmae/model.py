"""SkeletonMAE: mask, encode what is visible, decode everything, compare."""

from typing import NamedTuple

import torch
from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn import functional as F

from skeleton_mask import Mask
from skeleton_mask.noise import NoiseSource

from .config import SkeletonMAEConfig
from .losses import reconstruction_loss
from .networks import build_decoder, build_encoder
from .protocols import Decoder, Encoder
from .targets import course, joint_motion


class SkeletonMAEOutput(NamedTuple):
    """What one masked pass of `SkeletonMAE` gives, for the B bodies that are present."""

    loss: Tensor
    """Scalar."""
    prediction: Tensor
    """(B, T, V, C), what was rebuilt."""
    target: Tensor
    """(B, T, V, C), what should have been."""
    visible: Tensor
    """Boolean (B, T, V)."""


class Reconstruction(NamedTuple):
    """What `SkeletonMAE.reconstruct` gives: clips before, during and after masking, for looking at them."""

    original: Tensor
    """(N, C, T, V, M)."""
    visible: Tensor
    """Boolean (N, T, V, M)."""
    rebuilt: Tensor
    """(N, C, T, V, M), visible joints included."""


class SkeletonMAE(nn.Module):
    """Spatial-temporal masked autoencoder (Wu et al. 2023, "SkeletonMAE", figure 1).

    Frames and joints are masked; an STTFormer encodes the visible joints, and them alone; a decoder of the
    same blocks rebuilds the whole sequence. The encoder is then fine-tuned: `model.encoder` is an
    `STTFormer` without head, whose weights are those of the classifier. With `kind="transformer"` for both
    networks, a motion target and motion-aware masks it is MAMP (Mao et al. 2023); where tokens span several
    frames, masks hide whole tokens. Any other encoder or decoder is handed in as an object.

    Differences from the paper: it leaves open how the attention map that a clip's tuples share meets joints
    that differ from frame to frame; here every visible token keeps its place, and the map is a mean over the
    tuples in which both places are visible (`sttformer.VisibleGrid`). Each body is masked on its own. Bodies
    that are absent (all zero) are neither encoded nor counted in the loss.

    Args:
        config: Encoder, decoder, masking, target.
        encoder: Stands in for that of the config, of which only joints and channels then matter.
        decoder: Stands in for that of the config.

    Attributes:
        encoder: An `Encoder`; of the config, an `STTFormer` or a `Transformer`, without head.
        decoder: A `Decoder`.

    Example:
        >>> import torch
        >>> config = SkeletonMAEConfig(
        ...     encoder={"width": 8, "blocks": [(8, 2), (16, 4)], "tuple_frames": 2},
        ...     decoder={"width": 8, "depth": 1, "qk_channels": 2},
        ... )
        >>> model = SkeletonMAE(config)
        >>> clips = torch.randn(4, 3, 20, 25, 2)
        >>> output = model(clips, generator=torch.Generator().manual_seed(0))
        >>> output.prediction.shape, output.loss.ndim
        (torch.Size([8, 20, 25, 3]), 0)
    """

    encoder: Encoder
    decoder: Decoder

    def __init__(
        self, config: SkeletonMAEConfig, *, encoder: Encoder | None = None, decoder: Decoder | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder or build_encoder(config.encoder.model_copy(update={"num_classes": 0}))
        self.decoder = decoder or build_decoder(config, self.encoder)

    def forward(self, x: Tensor, *, generator: NoiseSource) -> SkeletonMAEOutput:
        """Mask, encode, decode and compare.

        Args:
            x: Clips (N, C, T, V, M); at least one body must be present.
            generator: Draws the masks: a generator, or one int64 seed for each clip (N,), so that a clip's
                masks do not depend on its batch (`skeleton_mask.clip_seeds`).

        Raises:
            ValueError: If the clips do not fit the encoder, hold no body, or are not finite.
        """
        bodies, places = self._present_bodies(x)
        mask = self._draw_mask(bodies, places, x.shape[4], generator)
        tokens = self.encoder.encode_visible(bodies, mask.visible)
        prediction = self.decoder(tokens, mask)
        target = self.target(bodies)
        visible = repeat(mask.visible, "b t v -> b (t k) v", k=self.encoder.token_frames)
        counted = ~visible if self.config.target.loss_on == "masked" else None
        loss = reconstruction_loss(prediction, target, counted)
        return SkeletonMAEOutput(loss, prediction, target, visible)

    def target(self, bodies: Tensor, *, scaled_as: Tensor | None = None) -> Tensor:
        """What is to be rebuilt of bodies (B, T, V, C), in the same shape.

        Args:
            bodies: The joints.
            scaled_as: Bodies whose mean and scale a standardised target has, if not its own; so the target of
                joints that were guessed is compared with that of the true ones.
        """
        target, config = self._plain_target(bodies), self.config.target
        if config.standardise == "no":
            return target
        own = target if scaled_as is None else self._plain_target(scaled_as)
        mean, spread = course(own, scale_of=config.standardise, patch_frames=config.patch_frames)
        return (target - mean) / spread

    @torch.no_grad()
    def reconstruct(self, x: Tensor, *, generator: NoiseSource) -> Reconstruction:
        """Clips (N, C, T, V, M) as they are, what is visible of them, and what the model makes of it.

        Runs in evaluation mode. See `joints_of` for what is taken from the original where the model does not
        rebuild joint positions themselves.
        """
        was_training = self.training
        output = self.eval()(x, generator=generator)
        self.train(was_training)
        bodies, places = self._present_bodies(x)
        rebuilt = self.joints_of(output.prediction, bodies, output.visible)
        everybody = rearrange(torch.zeros_like(x), "n c t v m -> (n m) t v c").index_copy(0, places, rebuilt)
        visible = torch.zeros(everybody.shape[:3], dtype=torch.bool, device=x.device)
        visible = visible.index_copy(0, places, output.visible)
        persons = x.shape[4]
        return Reconstruction(
            original=x,
            visible=rearrange(visible, "(n m) t v -> n t v m", m=persons),
            rebuilt=rearrange(everybody, "(n m) t v c -> n c t v m", m=persons),
        )

    def joints_of(self, prediction: Tensor, bodies: Tensor, visible: Tensor) -> Tensor:
        """Joint positions (B, T, V, C) that a prediction of the target stands for.

        A standardised target knows no mean and no scale: they are the original's. Motion is summed up from
        the place that fits the visible frames of the joint best (all of them, if none is visible).
        """
        config = self.config.target
        if config.standardise != "no":
            plain = self._plain_target(bodies)
            mean, spread = course(plain, scale_of=config.standardise, patch_frames=config.patch_frames)
            prediction = prediction * spread + mean
        if config.kind == "joints":
            return prediction
        travelled = F.pad(prediction[:, :-1].cumsum(1), (0, 0, 0, 0, 1, 0))
        anchors = (visible | ~visible.any(1, keepdim=True))[..., None].to(bodies.dtype)
        offset = ((bodies - travelled) * anchors).sum(1, keepdim=True) / anchors.sum(1, keepdim=True)
        return travelled + offset

    def _plain_target(self, bodies: Tensor) -> Tensor:
        return joint_motion(bodies) if self.config.target.kind == "motion" else bodies

    def _present_bodies(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Clips (N, C, T, V, M) to present bodies (B, T, V, C), and their places (B,) among all (N M)."""
        if x.ndim != 5:
            raise ValueError(f"x must be (N, C, T, V, M), got shape {tuple(x.shape)}")
        bodies = rearrange(x, "n c t v m -> (n m) t v c")
        places = (bodies != 0).flatten(1).any(1).nonzero()[:, 0]
        if not len(places):
            raise ValueError(f"x must hold a body that is not all zero, got {len(bodies)} absent bodies")
        return bodies[places], places

    def _draw_mask(self, bodies: Tensor, places: Tensor, persons: int, generator: NoiseSource) -> Mask:
        """A mask of the tokens of each body; from one seed a clip, a seed for each of its bodies."""
        if isinstance(generator, Tensor):
            generator = generator[places // persons] + places % persons
        joints_xyz = rearrange(bodies, "b t v c -> b c t v")
        count, frames, joints, _ = bodies.shape
        tokens, rest = divmod(frames, self.encoder.token_frames)
        if rest or not tokens:
            raise ValueError(
                f"the clip has {frames} frames, not a multiple of token_frames={self.encoder.token_frames}"
            )
        return self.config.mask.sample((count, tokens, joints), generator, joints_xyz)
