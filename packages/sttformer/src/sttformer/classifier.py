"""What every classifier of pooled token features shares: its head, timm's names for it, a folder on disk."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from .weights import PretrainedMixin


class PooledClassifier(nn.Module, PretrainedMixin):
    """Token features, their mean over frames, joints and bodies, and a linear head.

    A subclass calls `reset_classifier` at the end of its construction. Its config has the fields
    `num_classes` and `dropout` and the property `num_features`.

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
    """

    config: Any
    head: nn.Module

    @property
    def num_features(self) -> int:
        """Channels of the features."""
        features: int = self.config.num_features
        return features

    @property
    def num_classes(self) -> int:
        """Classes of the head; 0 if there is none."""
        classes: int = self.config.num_classes
        return classes

    def get_classifier(self) -> nn.Module:
        """The head; the identity if there is none."""
        return self.head

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the head by a new one for `num_classes` classes; 0 removes it."""
        self.config = self.config.model_copy(update={"num_classes": num_classes})
        self._hub_mixin_config = {"config": self.config.model_dump(mode="json")}
        self.head = nn.Identity()
        if num_classes:
            device = next(self.parameters()).device
            self.head = nn.Linear(self.num_features, num_classes, device=device)
            nn.init.xavier_normal_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """Class scores (N, K) of token features (N, C', T, V, M); the pooled features with `pre_logits`."""
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.classify(pooled)

    def classify(self, pooled: Tensor) -> Tensor:
        """Class scores (N, K) of pooled features (N, C'); these themselves if there is no head."""
        scores: Tensor = self.head(F.dropout(pooled, self.config.dropout, self.training))
        return scores

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Layers for layer-wise learning rates, by parameter name: embedding, blocks, the rest."""
        del coarse
        return {"stem": "embed|.*positions", "blocks": r"blocks\.(\d+)"}
