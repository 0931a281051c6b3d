"""Latent targets: features of whole bodies, of an encoder that slowly follows the one that is trained."""

from copy import deepcopy
from typing import NamedTuple, cast

import torch
from einops import rearrange
from torch import Tensor, nn

from .config import LatentConfig
from .protocols import Encoder


class LatentFeatures(NamedTuple):
    """What `LatentTarget.of` gives."""

    target: Tensor
    """(B, T / k, V, C'), standardised."""
    variation: Tensor
    """Scalar from 0 to 1: how much of the features' size is due to what differs between bodies."""


class LatentTarget(nn.Module):
    r"""Features of whole bodies as a target (S-JEPA, Abdelfattah and Alahi 2024).

    They come from a copy of the encoder, which sees all joints and gets no gradient. It follows the encoder:
    with each training pass :math:`\theta' \leftarrow m \theta' + (1 - m) \theta`. The copy normalises by its
    own batches, which are of whole clips, and keeps its own running statistics.

    An encoder whose features are the same whatever it sees is the best one for such a target. Two things are
    done about it. Each joint's mean over bodies and frames is subtracted and each channel divided by its
    standard deviation, so that features which shrink make no smaller error; each process does this with the
    bodies of its own share of the batch. And `variation` tells when
    features no longer depend on the body: with f the features, :math:`\bar f` their mean over bodies at each
    frame and joint, and the outer means over everything, it is

    .. math:: \sqrt{\overline{(f - \bar f)^2} \, / \, \overline{f^2}}

    Differences from the paper: it compares the distributions that a softmax makes of centred features, by
    cross-entropy; here the error of standardised features is squared, as that of all other targets.

    Args:
        config: How slowly the copy follows.
        encoder: What it follows.
        floor: Smallest standard deviation.

    Attributes:
        encoder: The copy.

    Example:
        >>> from sttformer import STTFormer, STTFormerConfig
        >>> encoder = STTFormer(STTFormerConfig(width=8, blocks=[(8, 2)], joints=5, num_classes=0))
        >>> latent = LatentTarget(LatentConfig(), encoder)
        >>> target, variation = latent.of(torch.randn(4, 6, 5, 3))
        >>> target.shape, target.requires_grad, 0 < variation < 1
        (torch.Size([4, 6, 5, 8]), False, tensor(True))
    """

    def __init__(self, config: LatentConfig, encoder: Encoder, *, floor: float = 1e-4) -> None:
        super().__init__()
        self.config, self.floor = config, floor
        self.encoder = deepcopy(cast(nn.Module, encoder)).requires_grad_(False)

    @torch.no_grad()
    def of(self, bodies: Tensor) -> LatentFeatures:
        """Return the target of bodies (B, T, V, C), and how much the features vary between bodies."""
        encoder = cast(Encoder, self.encoder)
        count, frames, joints, _ = bodies.shape
        everything = bodies.new_ones(count, frames // encoder.token_frames, joints, dtype=torch.bool)
        rows = encoder.encode_visible(bodies, everything)
        features = rearrange(rows, "(b t v) c -> b t v c", b=count, v=joints)
        features = features.to(torch.promote_types(features.dtype, torch.float32))
        centred = features - features.mean((0, 1), keepdim=True)
        deviation = centred.square().mean((0, 1, 2)).sqrt()
        return LatentFeatures(centred / (deviation + self.floor), feature_variation(features))

    @torch.no_grad()
    def follow(self, encoder: Encoder) -> None:
        """Move the copy towards the encoder that is trained."""
        theirs = cast(nn.Module, encoder).parameters()
        for copy, trained in zip(self.encoder.parameters(), theirs, strict=True):
            copy.lerp_(trained, 1 - self.config.momentum)


def feature_variation(features: Tensor) -> Tensor:
    """Return the fraction of the features' size that differs between bodies, a scalar from 0 to 1.

    Args:
        features: (B, T, V, C); of a single body nothing differs, and the result is 1.

    Example:
        >>> pose = torch.tensor([[3.0, 4.0]])
        >>> feature_variation(torch.stack([pose, pose]).unsqueeze(1))  # two bodies with equal features
        tensor(0.)
        >>> feature_variation(torch.stack([pose, -pose]).unsqueeze(1))
        tensor(1.)
    """
    if len(features) == 1:
        return features.new_ones(())
    differing = (features - features.mean(0)).square().mean()
    return (differing / features.square().mean().clamp(min=1e-30)).sqrt()
