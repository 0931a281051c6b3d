"""What SkeletonMAE asks of its encoder and of its decoder: with these, any backbone can be used."""

from typing import Protocol

from torch import Tensor

from skeleton_mask import Mask


class Encoder(Protocol):
    """A network on bodies of which only some tokens are visible; a token is k frames of one joint.

    `STTFormer` (k = 1) and `Transformer` are encoders.

    Example:
        >>> import torch
        >>> class Joints(torch.nn.Module):
        ...     token_frames, num_features = 1, 3
        ...
        ...     def encode_visible(self, x, visible):
        ...         return x[visible]
        >>> from skeletonmae import SkeletonMAE, SkeletonMAEConfig
        >>> config = SkeletonMAEConfig(decoder={"width": 8, "depth": 1, "qk_channels": 2})
        >>> model = SkeletonMAE(config, encoder=Joints())
        >>> model(torch.randn(2, 3, 20, 25, 1), generator=torch.Generator()).prediction.shape
        torch.Size([2, 20, 25, 3])
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


class Decoder(Protocol):
    """A network that rebuilds whole bodies from the features of their visible tokens.

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
    """

    def __call__(self, tokens: Tensor, mask: Mask) -> Tensor:
        """Rebuild all places.

        Args:
            tokens: Rows (P, C') as the encoder returns them.
            mask: The tokens (B, T / k, V) that are visible.

        Returns:
            (B, T, V, C).
        """
