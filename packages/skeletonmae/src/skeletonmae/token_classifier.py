"""A head on any encoder: how encoders of your own are fine-tuned and saved."""

import torch
from einops import rearrange
from torch import Tensor

from sttformer import PooledClassifier

from .plugins import EncoderPlugin
from .protocols import require_rows, require_savable
from .requirements import PartError


class TokenClassifier(
    PooledClassifier,
    library_name="skeletonmae",
    tags=["skeleton-action-recognition"],
    coders={
        EncoderPlugin: (
            lambda config: config.model_dump(mode="json"),
            lambda data: EncoderPlugin(**data).require_trust("config.json"),
        )
    },
):
    """A classifier on the mean of all token features of an encoder that is named by its class.

    `from_pretrained` does not import a class because a file names it, unless an installed package declares
    the class as an entry point or the environment variable `SKELETONMAE_TRUST` holds it.

    Args:
        config: Class of the encoder, its arguments, and the head.

    Raises:
        ValueError: If the class cannot be used; names it and what it lacks.

    Attributes:
        encoder: The encoder.

    Example:
        >>> import sys, types
        >>> from torch import nn
        >>> class JointMLP(nn.Module):
        ...     token_frames, num_features = 1, 16
        ...
        ...     def __init__(self, joints: int) -> None:
        ...         super().__init__()
        ...         self.embed = nn.Linear(3, 16)
        ...         self.positions = nn.Parameter(torch.zeros(joints, 16))
        ...
        ...     def encode_visible(self, x: Tensor, visible: Tensor) -> Tensor:
        ...         return (self.embed(x) + self.positions)[visible]
        >>> sys.modules["my_module"] = types.ModuleType("my_module")  # in the place of a file my_module.py
        >>> sys.modules["my_module"].JointMLP = JointMLP
        >>> model = TokenClassifier(EncoderPlugin(kind="my_module:JointMLP", joints=20, num_classes=5))
        >>> model(torch.randn(2, 3, 8, 20, 1)).shape
        torch.Size([2, 5])
    """

    def __init__(self, config: EncoderPlugin) -> None:
        super().__init__()
        self.config = config
        self.encoder = config.build_encoder()
        self.reset_classifier(config.num_classes)
        self._try()

    @property
    def num_features(self) -> int:
        """Channels of the features, C'."""
        return self.encoder.num_features

    @property
    def token_frames(self) -> int:
        """Frames of a joint that a token stands for, k."""
        return self.encoder.token_frames

    def forward(self, x: Tensor) -> Tensor:
        """Return class scores (N, K) of clips (N, C, T, V, M); pooled features (N, F) if there is no head."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return token features (N, C', T / k, V, M) of clips (N, C, T, V, M) that are wholly visible.

        Raises:
            ValueError: If the frames are not a multiple of those of a token, k.
        """
        bodies = rearrange(x, "n c t v m -> (n m) t v c")
        count, frames, joints, _ = bodies.shape
        times, rest = divmod(frames, self.token_frames)
        if rest or not times:
            raise PartError(
                "encoder", f"the clip has {frames} frames, not a multiple of token_frames={self.token_frames}"
            )
        visible = torch.ones(count, times, joints, dtype=torch.bool, device=x.device)
        tokens = require_rows(self.encode_visible(bodies, visible), self.encoder, visible.numel())
        return rearrange(tokens, "(n m t v) c -> n c t v m", m=x.shape[4], t=times, v=joints)

    def encode_visible(self, x: Tensor, visible: Tensor) -> Tensor:
        """Return rows (P, C') of the P visible tokens of bodies (B, T, V, C), as the encoder gives them."""
        return self.encoder.encode_visible(x, visible)

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Return layers for layer-wise learning rates, if the encoder has `blocks`."""
        return {name: rf"encoder\.({layer})" for name, layer in super().group_matcher(coarse).items()}

    @torch.no_grad()
    def _try(self) -> None:
        """Encode a clip: an encoder that does not fit, or cannot be saved, is found before training."""
        require_savable(self.encoder)
        if any(weights.is_meta for weights in self.parameters()):  # it is built for its shapes alone
            return
        config, training = self.config, self.training
        clip = torch.ones(1, config.channels, config.frames or self.token_frames, config.joints, 1)
        self.eval().forward_features(clip)
        self.train(training)
