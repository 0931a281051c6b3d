"""Batch normalisation in which one row may stand for many equal ones."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch import distributed as dist


class Repeated(NamedTuple):
    """The last `rows` rows of a batch stand for `copies` equal copies each."""

    rows: int
    copies: int


class TokenBatchNorm(nn.BatchNorm1d):
    """Batch normalisation of token rows (P, C), with statistics over all tokens of the batch.

    With `repeated`, the last rows count as often as they occur in the batch they were taken from: output,
    gradient and running statistics are those of the batch with every copy written out.

    Attributes:
        synchronised: Whether training takes the statistics over the rows of all processes of
            `torch.distributed`, each of which must then normalise some rows at the same time. Outputs and,
            summed over processes, gradients are those of one process that has all rows.
    """

    synchronised = False

    def forward(self, x: Tensor, repeated: Repeated | None = None) -> Tensor:
        """Normalise rows (P, C)."""
        y: Tensor
        together = self.synchronised and dist.is_initialized() and dist.get_world_size() > 1
        of_batch = self.training or self.running_mean is None
        if not of_batch or (repeated is None and not together):
            y = super().forward(x)
            return y
        y, mean, var = _RepeatedBatchNorm.apply(
            x, self.weight, self.bias, repeated or Repeated(rows=0, copies=1), self.eps, together
        )
        self._update_statistics(mean, var)
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
    """A row that stands for k copies weighs k in mean and variance; its gradient is that of all k.

    Rows may be divided over processes (`together`): each then has the gradients of its own rows.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, repeated: Repeated, eps: float, together: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        given, x = x, x.to(weight.dtype)  # under autocast statistics would else be of half precision
        var, mean, rows = _repeated_moments(x, repeated)
        count: int | Tensor = rows
        if together:
            var, mean, count = _moments_of_all_processes(var, mean, rows)
        inverse = (var + eps).rsqrt()
        scale = weight * inverse
        y = torch.addcmul(bias - mean * scale, x, scale)
        ctx.save_for_backward(given, weight, mean, inverse)
        ctx.repeated, ctx.eps, ctx.count, ctx.together = repeated, eps, count, together
        var = var * (count / (count - 1))
        ctx.mark_non_differentiable(mean, var)
        return y.to(given.dtype), mean, var

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        given, weight, mean, inverse = ctx.saved_tensors
        x, gradient = given.to(weight.dtype), gradients[0].to(weight.dtype)
        if torch.is_grad_enabled():  # a graph of the gradient is wanted, to which the statistics belong
            if ctx.together:
                raise RuntimeError("TokenBatchNorm has no second derivative while it is synchronised")
            var, mean, _ = _repeated_moments(x, ctx.repeated)
            inverse = (var + ctx.eps).rsqrt()
        bias_gradient = gradient.sum(0)
        weight_gradient = ((x - mean) * gradient).sum(0) * inverse
        # dx = scale * (g - k/n * (sum g + xhat * sum g xhat)), with k the copies that a row stands for, and
        # sums over all rows that the statistics are of.
        sums = torch.stack([bias_gradient, weight_gradient])
        if ctx.together:
            dist.all_reduce(sums)
        scale = weight * inverse
        slope = -scale * sums[1] * inverse / ctx.count
        offset = -scale * sums[0] / ctx.count - mean * slope
        single = len(x) - ctx.repeated.rows
        if torch.is_grad_enabled():
            copies = x.new_ones(len(x), 1)
            copies[single:] = ctx.repeated.copies
            x_gradient = copies * (offset + x * slope) + gradient * scale
            return x_gradient.to(given.dtype), weight_gradient, bias_gradient, None, None, None
        x_gradient = torch.empty_like(x)
        for rows, copies in ((slice(None, single), 1), (slice(single, None), ctx.repeated.copies)):
            torch.addcmul(offset * copies, x[rows], slope * copies, out=x_gradient[rows])
            x_gradient[rows].addcmul_(gradient[rows], scale)
        return x_gradient.to(given.dtype), weight_gradient, bias_gradient, None, None, None


def _repeated_moments(x: Tensor, repeated: Repeated) -> tuple[Tensor, Tensor, int]:
    """Return variance, mean and number of rows (P, C), of which the last ones stand for several."""
    single, copied = x.shape[0] - repeated.rows, repeated.rows * repeated.copies
    if not single or not copied:
        return *_moments(x), single + copied
    (var, mean), (tail_var, tail_mean) = _moments(x[:single]), _moments(x[single:])
    shift = tail_mean - mean
    weight = copied / (single + copied)
    var = var * (1 - weight) + tail_var * weight + shift.square() * (weight * (1 - weight))
    return var, mean + shift * weight, single + copied


def _moments_of_all_processes(var: Tensor, mean: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return variance, mean and number of all processes' rows, from those of this one's."""
    own = torch.cat([var, mean, var.new_tensor([count])])
    everybody = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(everybody, own)
    variances, means, counts = torch.tensor_split(torch.stack(everybody), [len(var), 2 * len(var)], dim=1)
    weight = counts / counts.sum()
    mean = (weight * means).sum(0)
    return (weight * (variances + (means - mean).square())).sum(0), mean, counts.sum()


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return variance and mean over rows; in two passes, many times faster on CPU than `torch.var_mean`."""
    mean = x.mean(0)
    return (x - mean).square_().mean(0), mean
