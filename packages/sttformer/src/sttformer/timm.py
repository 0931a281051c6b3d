"""STTFormer in timm: `import sttformer.timm`, then `timm.create_model("sttformer_base", num_classes=60)`.

Needs the extra `sttformer[timm]`. Arguments of `create_model` are fields of `STTFormerConfig`, or timm's own
names for them (`in_chans`, `drop_rate`); with `features_only=True` the model returns the token features
(N, C', T, V, M) of the blocks in `out_indices`. Layer-wise learning rates:
`timm.optim.param_groups_layer_decay(model)`.

Example:
    >>> import timm
    >>> model = timm.create_model("sttformer_tiny", joints=20, num_classes=27)
    >>> model(torch.randn(2, 3, 10, 20, 1)).shape
    torch.Size([2, 27])
"""

from typing import Any

import torch
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model

from .model import STTFormer
from .sizes import SIZES, Size, create

default_cfgs = generate_default_cfgs(
    {f"sttformer_{size}": {"url": "", "num_classes": 0, "classifier": "head"} for size in SIZES}
)


@register_model
def sttformer_tiny(pretrained: bool = False, **options: Any) -> torch.nn.Module:
    """Build an STTFormer of four blocks, for a laptop."""
    return _build("tiny", pretrained, options)


@register_model
def sttformer_small(pretrained: bool = False, **options: Any) -> torch.nn.Module:
    """Build an STTFormer of six blocks."""
    return _build("small", pretrained, options)


@register_model
def sttformer_base(pretrained: bool = False, **options: Any) -> torch.nn.Module:
    """Build the STTFormer as published."""
    return _build("base", pretrained, options)


def _build(size: Size, pretrained: bool, options: dict[str, Any]) -> torch.nn.Module:
    def model(in_chans: int | None = None, drop_rate: float | None = None, **fields: Any) -> STTFormer:
        named = {"channels": in_chans, "dropout": drop_rate}
        return create(size, **fields, **{name: value for name, value in named.items() if value is not None})

    built: torch.nn.Module = build_model_with_cfg(
        model,
        f"sttformer_{size}",
        pretrained,
        feature_cfg={"feature_cls": "getter", "out_indices": len(SIZES[size].blocks)},
        **options,
    )
    return built
