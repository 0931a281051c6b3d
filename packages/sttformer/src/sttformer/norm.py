"""Batch normalisation in which one row may stand for many equal ones."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Repeated(NamedTuple):
    """The last `rows` rows of a batch stand for `copies` equal copies each."""

    rows: int
    copies: int


class TokenBatchNorm(nn.BatchNorm1d):
    """Batch normalisation of token rows (P, C), with statistics over all tokens of the batch.

    With `repeated`, the last rows count as often as they occur in the batch they were taken from: output,
    gradient and running statistics are those of the batch with every copy written out.
    """

    def forward(self, x: Tensor, repeated: Repeated | None = None) -> Tensor:
        """Normalise rows (P, C)."""
        y: Tensor
        if repeated is None or not self.training:
            y = super().forward(x)
            return y
        y, mean, var, count = _RepeatedBatchNorm.apply(x, self.weight, self.bias, repeated, self.eps)
        self._update_statistics(mean, var * (count / (count - 1)))
        return y

    @torch.no_grad()
    def _update_statistics(self, mean: Tensor, var: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        momentum = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(var, momentum)


class _RepeatedBatchNorm(torch.autograd.Function):
    """A row that stands for k copies weighs k in mean and variance; its gradient is that of all k."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, repeated: Repeated, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, int]:
        single = x.shape[0] - repeated.rows
        copied = repeated.rows * repeated.copies
        count = single + copied
        given, x = x, x.to(weight.dtype)  # under autocast statistics would else be of half precision
        tail_var, tail_mean = _moments(x[single:])
        if single:
            var, mean = _moments(x[:single])
            shift = tail_mean - mean
            share = copied / count
            var = var * (1 - share) + tail_var * share + shift.square() * (share * (1 - share))
            mean = mean + shift * share
        else:
            var, mean = tail_var, tail_mean
        inverse = (var + eps).rsqrt()
        scale = weight * inverse
        y = torch.addcmul(bias - mean * scale, x, scale)
        ctx.save_for_backward(given, weight, mean, inverse)
        ctx.single, ctx.copies, ctx.count = single, repeated.copies, count
        ctx.mark_non_differentiable(mean, var)
        return y.to(given.dtype), mean, var, count

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor, None, None]:
        given, weight, mean, inverse = ctx.saved_tensors
        x, gradient = given.to(weight.dtype), gradients[0].to(weight.dtype)
        bias_gradient = gradient.sum(0)
        weight_gradient = ((x - mean) * gradient).sum(0) * inverse
        # dx = scale * (g - k/n * (sum g + xhat * sum g xhat)), with k the copies that a row stands for.
        scale = weight * inverse
        slope = -scale * weight_gradient * inverse / ctx.count
        offset = -scale * bias_gradient / ctx.count - mean * slope
        x_gradient = torch.empty_like(x)
        for rows, copies in ((slice(None, ctx.single), 1), (slice(ctx.single, None), ctx.copies)):
            torch.addcmul(offset * copies, x[rows], slope * copies, out=x_gradient[rows])
            x_gradient[rows].addcmul_(gradient[rows], scale)
        return x_gradient.to(given.dtype), weight_gradient, bias_gradient, None, None


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Variance and mean over rows; in two passes, many times faster on CPU than `torch.var_mean`."""
    mean = x.mean(0)
    return (x - mean).square_().mean(0), mean
