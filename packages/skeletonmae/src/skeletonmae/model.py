"""SkeletonMAE: mask, encode what is visible, decode everything, compare."""

from typing import NamedTuple

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from skeleton_mask import Mask, NoiseSource, show_present

from .config import SkeletonMAEConfig
from .latent import LatentTarget
from .losses import reconstruction_loss
from .missing import hold_nearest, measured_bodies
from .networks import build_decoder, build_encoder, build_mask
from .protocols import Decoder, Encoder, MaskSampler, require_rows, require_trainable
from .requirements import PartError, require
from .targets import Target
from .uncertainty import JointUncertainty


class SkeletonMAEOutput(NamedTuple):
    """What one masked pass of `SkeletonMAE` gives, for the B bodies that are present."""

    loss: Tensor
    """Scalar; in evaluation mode that of the reconstruction alone."""
    prediction: Tensor
    """(B, T, V, C), what was reconstructed; joints and their motion together have 2 C channels."""
    target: Tensor
    """What should have been reconstructed, of the same shape."""
    visible: Tensor
    """Boolean (B, T, V)."""
    terms: dict[str, Tensor]
    """Scalars to log, in training: with a latent target the parts of the loss, and the latent variation; with
    learnt uncertainty the plain error, `reconstruction`."""
    measured: Tensor
    """Boolean (B, T, V), where the target is known; everywhere, unless missing joints are masked."""
    bodies: Tensor
    """(B, T, V, C), the joints that were encoded and are the target."""


class Reconstruction(NamedTuple):
    """What `SkeletonMAE.reconstruct` gives: clips before, during and after masking, for looking at them."""

    original: Tensor
    """(N, C, T, V, M)."""
    visible: Tensor
    """Boolean (N, T, V, M)."""
    reconstructed: Tensor
    """(N, C, T, V, M), visible joints included."""


class SkeletonMAE(nn.Module):
    """Spatial-temporal masked autoencoder (Wu et al. 2023, "SkeletonMAE", figure 1).

    Frames and joints are masked; an STTFormer encodes the visible joints, and them alone; a decoder of the
    same blocks reconstructs the whole sequence. The encoder is then fine-tuned: `model.encoder` is an
    `STTFormer` without head, whose weights are those of the classifier. With `kind="transformer"` for both
    networks, a motion target and motion-aware masks it is MAMP (Mao et al. 2023); where tokens span several
    frames, masks hide whole tokens. Any other encoder, decoder or mask is handed in as an object.

    Differences from the paper: it leaves open how the attention map that a clip's tuples share meets joints
    that differ from frame to frame; here every visible token keeps its place, and the map is a mean over the
    tuples in which both slots are visible (`sttformer.VisibleGrid`). The paper divides into tuples what
    remains after frames are hidden (section 4.2), which is `encoder.tuples="packed"`; by default the whole
    clip is divided. The decoder has the true frame of every token either way. Each body is masked on its own.
    Bodies that are absent (all zero) are neither encoded nor counted in the loss.

    With `config.latent` the decoder also predicts features of whole bodies (`LatentTarget`). With
    `config.target.uncertainty="joint"` joints count by a learnt variance in training (`JointUncertainty`).

    Args:
        config: Encoder, decoder, masking, target.
        encoder: An `Encoder` instead of the config's, of which only joints and channels then matter.
        decoder: A `Decoder` instead of the config's.
        mask: A `MaskSampler` instead of the config's.

    Raises:
        ValueError: If one of these objects lacks something; names its class and what it lacks.

    Attributes:
        encoder: Of the config, an `STTFormer` or a `Transformer`, without head.
        decoder: What reconstructs.
        mask: What draws the masks.
        target: What is reconstructed.
        latent: The latent target, if there is one.
        uncertainty: What weighs the errors of joints in training, if anything does.

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
    mask: MaskSampler
    latent: LatentTarget | None
    uncertainty: JointUncertainty | None

    def __init__(
        self,
        config: SkeletonMAEConfig,
        *,
        encoder: Encoder | None = None,
        decoder: Decoder | None = None,
        mask: MaskSampler | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        if encoder is None:
            encoder = build_encoder(config.encoder.model_copy(update={"num_classes": 0}))
        require(encoder, Encoder, field="encoder")
        require_trainable(encoder)
        self.encoder = encoder
        self.decoder = build_decoder(config, encoder) if decoder is None else decoder
        require(self.decoder, Decoder, field="decoder")
        self.mask = build_mask(config.mask) if mask is None else mask
        require(self.mask, MaskSampler, field="mask")
        self.target = Target(config.target)
        self.latent = None if config.latent is None else LatentTarget(config.latent, encoder)
        learnt = config.target.uncertainty == "joint"
        self.uncertainty = JointUncertainty(config.encoder.joints) if learnt else None

    def forward(
        self,
        x: Tensor,
        *,
        generator: NoiseSource,
        present: Tensor | None = None,
        unchanged: Tensor | None = None,
        sampler: MaskSampler | None = None,
    ) -> SkeletonMAEOutput:
        """Mask, encode what is visible, decode everything, compare.

        Args:
            x: Clips (N, C, T, V, M); at least one body must be present.
            generator: Draws the masks: a generator, or one int64 seed for each clip (N,), so that a clip's
                masks do not depend on its batch (`skeleton_mask.clip_seeds`).
            present: Boolean (N, T, V, M), true where a joint was measured; all were if None. With
                `config.missing="mask"` the others are masked, and do not count in the loss, whatever stands
                there: NaN, too. Only in bodies of which fewer were measured than the mask shows, some stay
                visible, held in their nearest frame. A body of which none was measured is absent.
            unchanged: The same clips (N, C, T, V, M) without an augmentation that `x` has; the latent target
                is made of them, or of `x` if None.
            sampler: Draws the masks of this pass, in the place of `mask`.

        Raises:
            ValueError: If the clips do not fit the encoder, hold no body, or are not finite.
        """
        bodies, body_index = present_bodies(x)  # (B, T, V, C)
        there = None
        if present is not None and self.config.missing == "mask":
            bodies, body_index, there = measured_bodies(bodies, body_index, present)
            bodies = hold_nearest(bodies, there)
        seeds = body_seeds(generator, body_index, persons=x.shape[4])
        mask = self.sample_mask(bodies, seeds, sampler)
        if there is not None:
            tokens_there = rearrange(there, "b (t k) v -> b t k v", k=self.encoder.token_frames).all(2)
            mask = show_present(mask, tokens_there, generator=seeds)
            if (mask.visible & ~tokens_there).any():  # a held joint, but none that the sensor lacks
                ever = tokens_there.any(1, keepdim=True).expand_as(tokens_there)
                mask = show_present(mask, ever, generator=seeds)
        tokens = self.encode(bodies, mask)  # (P, C')
        decoded = self.decoder(tokens, mask)  # (B, T, V, C), with a latent target (B, T, V, C + C')
        measured = None if there is None else self.target.measured(there)
        target = self.target.of(bodies, there=None if measured is None else measured.any(1))
        prediction = features = decoded
        if self.latent is not None:
            prediction, features = decoded.tensor_split([target.shape[3]], dim=-1)
        visible = repeat(mask.visible, "b t v -> b (t k) v", k=self.encoder.token_frames)
        loss = self.loss(prediction, target, visible, measured)
        terms: dict[str, Tensor] = {}
        if self.uncertainty is not None and self.training:
            terms["reconstruction"] = loss.detach()
            loss = self.loss(prediction, target, visible, measured, weigh=self.uncertainty)
        if self.latent is not None and self.training:
            self.latent.follow(self.encoder)
            whole = bodies if unchanged is None else pick_bodies(unchanged, body_index)
            whole = whole if there is None else hold_nearest(whole, there)
            latent_target, variation = self.latent.of(whole)
            latent_target = repeat(latent_target, "b t v c -> b (t k) v c", k=self.encoder.token_frames)
            latent = self.loss(features, latent_target, visible, there)
            terms = {"reconstruction": loss, "latent": latent, "latent_variation": variation} | terms
            loss = self.config.target.weight * loss + self.latent.config.weight * latent
        measured = torch.ones_like(visible) if measured is None else measured
        return SkeletonMAEOutput(loss, prediction, target, visible, terms, measured, bodies)

    def sample_mask(self, bodies: Tensor, generator: NoiseSource, sampler: MaskSampler | None = None) -> Mask:
        """Return a mask (B, T / k, V) of the tokens of bodies (B, T, V, C), each body masked on its own."""
        sampler = self.mask if sampler is None else sampler
        count, frames, joints, _ = bodies.shape
        times, rest = divmod(frames, self.encoder.token_frames)
        if rest or not times:
            raise PartError(
                "encoder",
                f"the clip has {frames} frames, not a multiple of token_frames={self.encoder.token_frames}",
            )
        mask = sampler.sample((count, times, joints), generator, rearrange(bodies, "b t v c -> b c t v"))
        if not isinstance(mask, Mask) or mask.shape != (count, times, joints):
            found = f"a Mask of {mask.shape}" if isinstance(mask, Mask) else type(mask).__name__
            raise PartError(
                "mask",
                f"{type(sampler).__name__}.sample must return a skeleton_mask.Mask of "
                f"{(count, times, joints)}, got {found}",
            )
        return mask

    def encode(self, bodies: Tensor, mask: Mask) -> Tensor:
        """Features (P, C') of the P visible tokens of bodies (B, T, V, C)."""
        tokens = self.encoder.encode_visible(bodies, mask.visible)
        return require_rows(tokens, self.encoder, len(bodies) * mask.visible_per_clip)

    def loss(
        self,
        prediction: Tensor,
        target: Tensor,
        visible: Tensor,
        measured: Tensor | None = None,
        *,
        weigh: JointUncertainty | None = None,
    ) -> Tensor:
        """Return the error over all joints, or over the masked ones alone, of those that were measured."""
        counted = ~visible if self.config.target.loss_on == "masked" else None
        if measured is not None:
            counted = measured if counted is None else counted & measured
        return reconstruction_loss(prediction, target, counted, weigh=weigh)

    @torch.no_grad()
    def reconstruct(self, x: Tensor, *, generator: NoiseSource) -> Reconstruction:
        """Clips (N, C, T, V, M) as they are, what is visible of them, and what the model makes of it.

        Runs in evaluation mode. Where the model does not predict joint positions themselves, `Target.invert`
        says what is taken from the original.
        """
        was_training = self.training
        output = self.eval()(x, generator=generator)
        self.train(was_training)
        bodies, body_index = present_bodies(x)
        reconstructed = self.target.invert(output.prediction, bodies, output.visible)
        everybody = rearrange(torch.zeros_like(x), "n c t v m -> (n m) t v c").index_copy(
            0, body_index, reconstructed
        )
        visible = torch.zeros(everybody.shape[:3], dtype=torch.bool, device=x.device)
        visible = visible.index_copy(0, body_index, output.visible)
        persons = x.shape[4]
        return Reconstruction(
            original=x,
            visible=rearrange(visible, "(n m) t v -> n t v m", m=persons),
            reconstructed=rearrange(everybody, "(n m) t v c -> n c t v m", m=persons),
        )


def present_bodies(x: Tensor) -> tuple[Tensor, Tensor]:
    """Clips (N, C, T, V, M) to present bodies (B, T, V, C), and the index (B,) of each among all (N M).

    Raises:
        ValueError: If the shape is another, or every body is absent (all zero).
    """
    if x.ndim != 5:
        raise ValueError(f"x must be (N, C, T, V, M), got shape {tuple(x.shape)}")
    bodies = rearrange(x, "n c t v m -> (n m) t v c")
    body_index = (bodies != 0).flatten(1).any(1).nonzero()[:, 0]
    if not len(body_index):
        raise ValueError(f"x must hold a body that is not all zero, got {len(bodies)} absent bodies")
    return bodies[body_index], body_index


def pick_bodies(x: Tensor, body_index: Tensor) -> Tensor:
    """Bodies (B, T, V, C) of clips (N, C, T, V, M), by their index among all (N M)."""
    return rearrange(x, "n c t v m -> (n m) t v c")[body_index]


def body_seeds(generator: NoiseSource, body_index: Tensor, *, persons: int) -> NoiseSource:
    """Return one seed for each body (B,), derived from one for each clip; a generator stays as it is."""
    if isinstance(generator, Tensor):
        return generator[body_index // persons] + body_index % persons
    return generator
