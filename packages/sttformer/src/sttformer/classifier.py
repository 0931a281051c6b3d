"""What every classifier of pooled token features shares: its head, timm's names for it, a folder on disk."""

from typing import Any

from einops import reduce
from torch import Tensor, nn
from torch.nn import functional as F

from .config import Pool
from .weights import PretrainedMixin


class PooledClassifier(nn.Module, PretrainedMixin):
    """Token features, their mean, and a linear head.

    The mean is over frames, joints and bodies, as published; or, with `pool="by_joint"`, over frames and
    bodies, so that the head knows which joint moves. That takes V times the weights.

    A subclass calls `reset_classifier` at the end of its construction. Its config has the fields
    `num_classes`, `pool`, `dropout` and `joints`, and the property `num_features`.

    Attributes:
        config: The shape of the model; follows `reset_classifier`.
        head: A linear map, or the identity without classes.

    Example:
        >>> import torch
        >>> from sttformer import create
        >>> model = create("tiny", num_classes=60)  # an STTFormer is one
        >>> model.reset_classifier(27)
        >>> model.forward_head(torch.randn(2, 64, 20, 25, 2)).shape
        torch.Size([2, 27])
        >>> model.reset_classifier(27, pool="by_joint")
        >>> model.head_hidden_size  # 25 joints with 64 channels each
        1600
    """

    config: Any
    head: nn.Module

    @property
    def num_features(self) -> int:
        """Channels of the features."""
        features: int = self.config.num_features
        return features

    @property
    def head_hidden_size(self) -> int:
        """Length of the pooled features, F: C', or V C' with a mean for each joint."""
        return self.num_features * (self.config.joints if self.config.pool == "by_joint" else 1)

    @property
    def num_classes(self) -> int:
        """Classes of the head; 0 if there is none."""
        classes: int = self.config.num_classes
        return classes

    def get_classifier(self) -> nn.Module:
        """Return the head; the identity if there is none."""
        return self.head

    def reset_classifier(self, num_classes: int, pool: Pool | None = None) -> None:
        """Replace the head by a new one.

        Args:
            num_classes: Classes; 0 for no head.
            pool: What it is on: the mean of all tokens or of each joint's (default: as before).

        Raises:
            ValueError: If either is none of these.
        """
        changes = {"num_classes": num_classes, "pool": pool or self.config.pool}
        self.config = type(self.config)(**{**self.config.model_dump(), **changes})
        self._hub_mixin_config = {"config": self.config.model_dump(mode="json")}
        self.head = nn.Identity()
        if num_classes:
            device = next(self.parameters()).device
            self.head = nn.Linear(self.head_hidden_size, num_classes, device=device)
            nn.init.xavier_normal_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """Return class scores (N, K) of features (N, C', T, V, M); with `pre_logits`, pooled features."""
        kept = "n (v c)" if self.config.pool == "by_joint" else "n c"
        pooled: Tensor = reduce(features, f"n c t v m -> {kept}", "mean")
        return pooled if pre_logits else self.classify(pooled)

    def classify(self, pooled: Tensor) -> Tensor:
        """Return class scores (N, K) of pooled features (N, F); these themselves if there is no head."""
        scores: Tensor = self.head(F.dropout(pooled, self.config.dropout, self.training))
        return scores

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Return layers for layer-wise learning rates, by parameter name: embedding, blocks, the rest."""
        del coarse
        return {"stem": "embed|.*positions", "blocks": r"blocks\.(\d+)"}
