"""What SkeletonMAE asks of its encoder, its decoder and its mask: with these, any object can be used."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from skeleton_mask import Mask, NoiseSource

from .requirements import PartError


@runtime_checkable
class Encoder(Protocol):
    """A network on bodies of which only some tokens are visible; a token is k frames of one joint.

    `STTFormer` (k = 1) and `Transformer` are encoders. Your own is a `torch.nn.Module`, so that its weights
    are trained with the model's and saved.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> class JointMLP(nn.Module):  # each token by itself, with its joint's own bias
        ...     token_frames, num_features = 1, 16
        ...
        ...     def __init__(self, joints: int = 25) -> None:
        ...         super().__init__()
        ...         self.joints = nn.Parameter(torch.zeros(joints, 16))
        ...         self.embed = nn.Linear(3, 16)
        ...         self.mlp = nn.Sequential(nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 16))
        ...
        ...     def encode_visible(self, x: Tensor, visible: Tensor) -> Tensor:
        ...         joints = self.joints.expand(*visible.shape, -1)  # (B, T, V, 16)
        ...         return self.mlp(self.embed(x[visible]) + joints[visible])
        >>> from skeletonmae import SkeletonMAE, SkeletonMAEConfig
        >>> config = SkeletonMAEConfig(decoder={"width": 8, "depth": 1, "qk_channels": 2})
        >>> model = SkeletonMAE(config, encoder=JointMLP())
        >>> model(torch.randn(2, 3, 20, 25, 1), generator=torch.Generator()).prediction.shape
        torch.Size([2, 20, 25, 3])

        What an object lacks is said when the model is built:

        >>> SkeletonMAE(config, encoder=nn.Linear(3, 16))
        Traceback (most recent call last):
        skeletonmae.requirements.PartError: encoder: Linear lacks encode_visible(x, visible), num_features,
        token_frames; see skeletonmae.Encoder
    """

    @property
    def token_frames(self) -> int:
        """Frames of a joint that a token stands for, k."""

    @property
    def num_features(self) -> int:
        """Channels of the features, C'."""

    def encode_visible(self, x: Tensor, visible: Tensor) -> Tensor:
        """Encode the visible tokens of bodies, and see no others.

        Args:
            x: Joints (B, T, V, C).
            visible: Boolean (B, T / k, V).

        Returns:
            Rows (P, C') of the P visible tokens, in the order of `visible.flatten().nonzero()`.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return the weights by name, by which the encoder is kept; any `torch.nn.Module` has it."""


@runtime_checkable
class Decoder(Protocol):
    """A network that reconstructs whole bodies from the features of their visible tokens.

    `STTFormerDecoder` and `TransformerDecoder` are decoders.

    Example:
        >>> import torch
        >>> def mean_pose(tokens: Tensor, mask: Mask) -> Tensor:  # of an encoder that returns joints
        ...     bodies, times, joints = mask.shape
        ...     mean = tokens.unflatten(0, (bodies, -1)).mean(1)
        ...     return mean[:, None, None].expand(-1, times, joints, -1)
        >>> decoder: Decoder = mean_pose
        >>> decoder(torch.ones(4, 3), Mask(torch.eye(2, dtype=torch.bool).expand(2, 2, 2))).shape
        torch.Size([2, 2, 2, 3])
        >>> from skeletonmae import SkeletonMAE, SkeletonMAEConfig
        >>> SkeletonMAE(SkeletonMAEConfig(), decoder="mean_pose")
        Traceback (most recent call last):
        skeletonmae.requirements.PartError: decoder: str lacks __call__(tokens, mask); see skeletonmae.Decoder
    """

    def __call__(self, tokens: Tensor, mask: Mask) -> Tensor:
        """Reconstruct all tokens.

        Args:
            tokens: Rows (P, C') as the encoder returns them.
            mask: The tokens (B, T / k, V) that are visible.

        Returns:
            (B, T, V, C).
        """


@runtime_checkable
class MaskSampler(Protocol):
    """A way of masking. Every config of `skeleton_mask` is one.

    Example:
        >>> import torch
        >>> from skeleton_mask import clip_noise
        >>> class OneJoint:  # hides everything but one joint
        ...     def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor) -> Mask:
        ...         clips, frames, joints = shape
        ...         seen = clip_noise((clips, joints), generator).argmax(1, keepdim=True)
        ...         visible = torch.arange(joints, device=seen.device) == seen  # (N, V)
        ...         return Mask(visible[:, None].expand(-1, frames, -1), frames)
        >>> from skeletonmae import SkeletonMAE, SkeletonMAEConfig
        >>> config = SkeletonMAEConfig(decoder={"width": 8, "depth": 1, "qk_channels": 2})
        >>> model = SkeletonMAE(config, mask=OneJoint())
        >>> model(torch.randn(2, 3, 20, 25, 1), generator=torch.Generator()).visible.sum((1, 2))
        tensor([20, 20])
        >>> SkeletonMAE(config, mask=0.9)
        Traceback (most recent call last):
        skeletonmae.requirements.PartError: mask: float lacks sample(shape, generator, joints_xyz); see
        skeletonmae.MaskSampler
    """

    def sample(self, shape: Sequence[int], generator: NoiseSource, joints_xyz: Tensor) -> Mask:
        """Draw masks, equally many visible tokens for every body.

        Args:
            shape: Bodies, tokens in time and joints (B, T / k, V).
            generator: A `torch.Generator`, or one int64 seed for each body (B,); `skeleton_mask.clip_noise`
                draws from both. The mask is on its device.
            joints_xyz: The joints (B, C, T, V) of the bodies, for masks that depend on them.
        """


def require_trainable(encoder: Encoder) -> None:
    """Refuse an encoder that could not be trained, or whose tokens are no whole frames.

    Raises:
        PartError: Naming the encoder's class, and what is wrong.

    Example:
        >>> require_trainable(nn.Linear(3, 4))
        Traceback (most recent call last):
        skeletonmae.requirements.PartError: encoder: Linear.token_frames must be 1 or more frames, got None
    """
    name, frames = type(encoder).__name__, getattr(encoder, "token_frames", None)
    if not isinstance(encoder, nn.Module):
        raise PartError(
            "encoder", f"{name} is no torch.nn.Module: its weights could be neither trained nor saved"
        )
    if not isinstance(frames, int) or frames < 1:
        raise PartError("encoder", f"{name}.token_frames must be 1 or more frames, got {frames!r}")


def require_savable(encoder: Any) -> None:
    """Refuse weights that a file of tensors cannot hold, or would not give back.

    Raises:
        PartError: Naming the encoder's class, and the weight.

    Example:
        >>> tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        >>> tied[1].weight = tied[0].weight
        >>> require_savable(tied)
        Traceback (most recent call last):
        skeletonmae.requirements.PartError: encoder: Sequential cannot be saved: 0.weight and 1.weight share
        their memory
    """
    cannot = f"{type(encoder).__name__} cannot be saved"
    try:
        state = encoder.state_dict()
    except Exception as error:  # of somebody else's code: any
        raise PartError("encoder", f"{cannot}: {type(error).__name__}: {error}") from error
    first_at: dict[int, str] = {}
    for name, weight in state.items():
        if not isinstance(weight, Tensor) or is_lazy(weight) or weight.layout != torch.strided:
            kind = "no dense tensor of known size" if isinstance(weight, Tensor) else type(weight).__name__
            raise PartError("encoder", f"{cannot}: {name} is {kind}")
        if weight.numel() and not weight.is_meta:
            other = first_at.setdefault(weight.untyped_storage().data_ptr(), name)
            if other != name:
                raise PartError("encoder", f"{cannot}: {other} and {name} share their memory")


def require_rows(tokens: Tensor, encoder: Encoder, count: int) -> Tensor:
    """Refuse features that are not a row (C') for each of `count` visible tokens.

    Raises:
        PartError: Naming the encoder's class, and both shapes.
    """
    wanted = (count, encoder.num_features)
    if tokens.shape != wanted:
        raise PartError(
            "encoder",
            f"{type(encoder).__name__}.encode_visible must return a row for each visible token, "
            f"{wanted}, got {tuple(tokens.shape)}",
        )
    return tokens
