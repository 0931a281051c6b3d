"""The encoder for answers alone: normalisation folded into the maps before it, tokens laid out as images."""

import torch
from einops import rearrange, reduce
from torch import Tensor, nn
from torch.nn import functional as F

from .block import STTFormerBlock
from .config import STTFormerConfig
from .grid import spread_slots
from .model import STTFormer
from .norm import TokenBatchNorm


class FoldedSTTFormer(nn.Module):
    """An `STTFormer` in evaluation mode, without its head, for programs that fuse convolutions.

    Tokens stay images (B, C, T', S) throughout, so that nothing is rearranged between a convolution and the
    next, and BatchNorm is part of the convolutions before it (Jacob et al., "Quantization and Training of
    Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018, section 3.2). Features equal those
    of the model up to rounding. What is exported to ONNX is this.

    Args:
        model: Trained; its weights are copied.

    Example:
        >>> from sttformer import create
        >>> model, bodies = create("tiny").double().eval(), torch.randn(2, 3, 20, 25).double()
        >>> features = FoldedSTTFormer(model)(bodies)
        >>> torch.testing.assert_close(features, model(bodies[..., None]), rtol=1e-4, atol=1e-5)
    """

    def __init__(self, model: STTFormer) -> None:
        super().__init__()
        self.config = model.config
        self.embed = _conv(model.embed.weight[:, :, None, None], model.embed.bias, model.embed_norm)
        self.blocks = nn.ModuleList(
            _FoldedBlock(block, model.config) for block in model.blocks if isinstance(block, STTFormerBlock)
        )
        self.eval().requires_grad_(False)

    def forward(self, bodies: Tensor) -> Tensor:
        """Return pooled features (B, F) of bodies (B, C, T, V)."""
        config = self.config
        image = rearrange(bodies, "b c (t n) v -> b c t (n v)", n=config.tuple_frames)
        image = F.leaky_relu(self.embed(image), 0.1)
        for block in self.blocks:
            image = block(image)
        if config.pool == "mean":
            return reduce(image, "b c t s -> b c", "mean")
        return reduce(image, "b c t (n v) -> b (v c)", "mean", v=config.joints)


class _FoldedBlock(nn.Module):
    positions: Tensor
    alpha: Tensor
    learned: Tensor

    at: Tensor

    def __init__(self, block: STTFormerBlock, config: STTFormerConfig) -> None:
        super().__init__()
        self.all_slots, self.placed = config.slots, config.joint_indices is not None
        at = torch.tensor(config.slots_in_clip or range(config.slots))
        self.register_buffer("at", at)
        self.heads, self.qk_channels = block.heads, block.qk_channels
        weight = block.query_key.weight
        self.query_key = _conv(weight[:, :, None, None], block.query_key.bias)
        self.register_buffer("positions", (weight @ block.positions[at].T)[None, :, None].detach().clone())
        self.register_buffer("alpha", block.alpha.detach().clone())
        self.register_buffer("learned", block.attention_bias.detach()[:, at][:, :, at].clone())
        slot, across = block.slot_conv, block.tuple_conv
        self.slot_conv = _conv(slot.weight[:, :, None], slot.bias, block.slot_norm)
        feedforward = block.feedforward
        self.feedforward = _conv(
            feedforward.weight[:, :, None, None], feedforward.bias, block.feedforward_norm
        )
        self.tuple_conv = _conv(across.weight[..., None], across.bias, block.tuple_norm)
        self.residuals = nn.ModuleList(
            nn.Identity()
            if part is None
            else _conv(part.linear.weight[:, :, None, None], part.linear.bias, part.norm)
            for part in (block.slot_residual, block.tuple_residual)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map images (B, C, T', S) to images (B, O, T', S)."""
        of_slots, of_tuples = self.residuals
        residual = of_slots(x)
        y = rearrange(x, "b c t s -> b 1 (c t) s") @ self._attention(x)
        y = rearrange(y, "b h (c t) s -> b (h c) t s", t=x.shape[2])
        if self.placed:
            y = self.slot_conv(spread_slots(y, self.at, self.all_slots))[..., self.at]
        else:
            y = self.slot_conv(y)
        y = F.leaky_relu(y + residual, 0.1)
        y = F.leaky_relu(self.feedforward(y) + residual, 0.1)
        return F.leaky_relu(self.tuple_conv(y) + of_tuples(y), 0.1)

    def _attention(self, x: Tensor) -> Tensor:
        """Return the map (B, H, S, S) that all tuples of a body share."""
        both = rearrange(
            self.query_key(x) + self.positions, "b (two h d) t s -> two b h (d t) s", two=2, h=self.heads
        )
        query, key = both[0], both[1]
        correlation = (query.mT @ key) * (1 / (self.qk_channels * x.shape[2]))
        return torch.tanh(correlation) * self.alpha + self.learned


@torch.no_grad()
def _conv(weight: Tensor, bias: Tensor | None, norm: TokenBatchNorm | None = None) -> nn.Conv2d:
    """Return a convolution with weight (O, C, height, width), and the normalisation behind it folded in."""
    bias = weight.new_zeros(len(weight)) if bias is None else bias
    if norm is not None:
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        weight = weight * scale[:, None, None, None]
        bias = (bias - norm.running_mean) * scale + norm.bias
    height, width = weight.shape[2:]
    padding = (height // 2, width // 2)
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], (height, width), padding=padding).to(weight)
    conv.weight.copy_(weight)
    assert conv.bias is not None
    conv.bias.copy_(bias)
    return conv
