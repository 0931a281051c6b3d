"""ST-GCN, from clips to class scores."""

from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from einops import rearrange
from huggingface_hub import PyTorchModelHubMixin
from safetensors import SafetensorError
from torch import Tensor, nn

from .block import STGCNBlock
from .config import STGCNConfig
from .graph import spatial_graph


class STGCN(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="skeleton-baselines",
    tags=["skeleton-action-recognition"],
    coders={STGCNConfig: (lambda config: config.model_dump(mode="json"), lambda data: STGCNConfig(**data))},
):
    """Spatial temporal graph convolutional network (Yan et al., 2018), as CrosSCLR and AimCLR use it.

    Ten blocks of convolution along the skeleton and over frames; frames are halved where channels double;
    the average over frames, joints and bodies is classified. Bodies are encoded one by one with the same
    weights; an absent body (all zero) counts in the average as in the published code.

    Differences from the paper: none against the published code, whose outputs it equals. That code tells
    distances from the centre apart up to one bone only (`STGCNConfig.centre_hops`), where the paper sets no
    limit.

    Args:
        config: The shape of the model.

    Attributes:
        config: The shape of the model.
        adjacency: The graph `(3, V, V)`, saved with the weights.

    Example:
        >>> import torch
        >>> model = STGCN(STGCNConfig(width=16, num_classes=60))
        >>> model(torch.randn(2, 3, 50, 25, 2)).shape
        torch.Size([2, 60])
    """

    adjacency: Tensor

    def __init__(self, config: STGCNConfig) -> None:
        super().__init__()
        self.config = config
        graph = spatial_graph(
            config.edges, joints=config.joints, centre=config.centre, centre_hops=config.centre_hops
        )
        self.register_buffer("adjacency", graph)
        self.input_norm = nn.BatchNorm1d(config.joints * config.channels)
        widths = (config.channels, *config.block_channels)
        self.blocks = nn.ModuleList(
            STGCNBlock(
                in_channels=in_channels,
                out_channels=out_channels,
                subsets=len(graph),
                joints=config.joints,
                temporal_kernel=config.temporal_kernel,
                stride=2 if number in (4, 7) else 1,
                dropout=config.dropout if number else 0.0,
                residual=number > 0,
            )
            for number, (in_channels, out_channels) in enumerate(pairwise(widths))
        )
        self.apply(_init_weights)
        self.reset_classifier(config.num_classes)

    @property
    def num_features(self) -> int:
        """Channels of the features."""
        return self.config.num_features

    @property
    def head_hidden_size(self) -> int:
        """Length of the pooled features: as many as there are channels."""
        return self.num_features

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the head by a new one for `num_classes` classes; 0 removes it."""
        self.config = self.config.model_copy(update={"num_classes": num_classes})
        self._hub_mixin_config = {"config": self.config.model_dump(mode="json")}
        self.head: nn.Module = nn.Identity()
        if num_classes:
            self.head = nn.Linear(self.num_features, num_classes).to(self.adjacency)
            _init_weights(self.head)

    def forward(self, x: Tensor) -> Tensor:
        """Return class scores (N, K) of clips (N, C, T, V, M); features (N, F) if there is no head."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return feature maps (N, C', T', V, M) of clips (N, C, T, V, M); T' is a quarter of T, rounded up.

        Raises:
            ValueError: If the clip has other joints or channels than the model, or no frame or body.
        """
        self._check(x)
        bodies = x.shape[4]
        x = self.input_norm(rearrange(x, "n c t v m -> (n m) (v c) t"))
        x = rearrange(x, "b (v c) t -> b c t v", v=self.config.joints)
        for block in self.blocks:
            x = block(x, self.adjacency)
        return rearrange(x, "(n m) c t v -> n c t v m", m=bodies)

    def forward_head(self, features: Tensor, *, pre_logits: bool = False) -> Tensor:
        """Return class scores (N, K) of maps (N, C', T', V, M); the pooled features with `pre_logits`."""
        pooled = features.mean(dim=(2, 3, 4))
        return pooled if pre_logits else self.head(pooled)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> Self:
        """Build the model that a folder or a name of the Hugging Face Hub holds, in evaluation mode.

        Raises:
            ValueError: If config or weights are missing, damaged, or do not fit each other.
        """
        try:
            model: Self = super().from_pretrained(pretrained_model_name_or_path, **options | {"strict": True})
        except (ValueError, TypeError, AttributeError, RuntimeError, SafetensorError, OSError) as error:
            if isinstance(error, OSError) and not Path(pretrained_model_name_or_path).is_dir():
                raise  # what is on the Hub may be out of reach, and not be damaged
            reason = " ".join(str(error).split())
            raise ValueError(f"{pretrained_model_name_or_path} holds no STGCN: {reason:.500}") from error
        return model.eval()

    def _check(self, x: Tensor) -> None:
        if x.ndim != 5:
            raise ValueError(f"x must be (N, C, T, V, M), got shape {tuple(x.shape)}")
        for axis, field in ((1, "channels"), (3, "joints")):
            if x.shape[axis] != getattr(self.config, field):
                raise ValueError(
                    f"the clip has {x.shape[axis]} {field}, the model {getattr(self.config, field)}"
                )
        for axis, what in ((2, "frames"), (4, "bodies")):
            if not x.shape[axis]:
                raise ValueError(f"the clip has 0 {what}")


def _init_weights(module: nn.Module) -> None:
    """Initialise as the published training code: narrow normal weights, no biases."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
