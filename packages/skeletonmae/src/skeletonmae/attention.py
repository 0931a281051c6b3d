"""Where an STTFormer looks: the attention maps of its blocks, and what they say of joints."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from sttformer import STTFormer, STTFormerBlock


@torch.no_grad()
def attention_maps(model: STTFormer, bodies: Tensor) -> list[Tensor]:
    """Return the attention maps of all blocks, in evaluation mode.

    Args:
        model: With or without a head.
        bodies: Bodies (B, T, V, C) that are present, which means not all zero.

    Returns:
        For each block (B, H, S, S) over the S slots of a tuple, slot `(t % n) V + v`; what slot k gets
        from slot q stands at (q, k). Maps are sums of a tanh and a learned map, so entries may be negative.

    Raises:
        ValueError: If a body is absent.

    Example:
        >>> from sttformer import STTFormerConfig
        >>> model = STTFormer(STTFormerConfig(joints=25, width=8, blocks=[(8, 2), (16, 4)], tuple_frames=2))
        >>> [tuple(block.shape) for block in attention_maps(model, torch.randn(3, 20, 25, 3))]
        [(3, 3, 50, 50), (3, 3, 50, 50)]
    """
    if not (bodies != 0).flatten(1).any(1).all():
        raise ValueError("bodies must be present, but one is all zero")
    maps: list[Tensor] = []

    def keep(module: Any, arguments: Any, attention: Tensor) -> None:
        maps.append(attention)

    was_training = model.training
    blocks = [block for block in model.blocks if isinstance(block, STTFormerBlock)]
    hooks = [block.attention_dropout.register_forward_hook(keep) for block in blocks]
    try:
        model.eval()(rearrange(bodies, "b t v c -> b c t v 1"))
    finally:
        for hook in hooks:
            hook.remove()
        model.train(was_training)
    return maps


def joint_attention(attention: Tensor, joints: int) -> Tensor:
    """Return how much joints look at joints: a map over slots, its heads and frames averaged.

    Args:
        attention: (..., H, S, S) of `attention_maps`.
        joints: Joints of a skeleton, V.

    Returns:
        (..., V, V): the mean absolute attention; what joint v gets from joint u stands at (u, v).

    Example:
        >>> joint_attention(torch.full((3, 50, 50), -0.5), joints=25).unique()
        tensor([0.5000])
    """
    by_joint = rearrange(attention.abs(), "... h (i u) (j v) -> ... u v (h i j)", u=joints, v=joints)
    return by_joint.mean(-1)
