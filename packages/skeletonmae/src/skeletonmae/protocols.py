"""What SkeletonMAE asks of its encoder and of its decoder: with these, any backbone can be used."""

from typing import Protocol

from torch import Tensor

from skeleton_mask import Mask


class Encoder(Protocol):
    """A network on bodies of which only some tokens are visible; a token is k frames of one joint.

    `STTFormer` (k = 1) and `Transformer` are encoders.
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
    """

    def __call__(self, tokens: Tensor, mask: Mask) -> Tensor:
        """Rebuild all places.

        Args:
            tokens: Rows (P, C') as the encoder returns them.
            mask: The tokens (B, T / k, V) that are visible.

        Returns:
            (B, T, V, C).
        """
