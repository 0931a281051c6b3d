"""The error of a reconstruction."""

from collections.abc import Callable

from torch import Tensor


def reconstruction_loss(
    prediction: Tensor,
    target: Tensor,
    loss_mask: Tensor | None = None,
    *,
    weigh: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Return the mean squared error of the reconstruction (Wu et al. 2023, equation 1).

    Differences from the paper: its equation is written as a mean over frames; here the error is a mean over
    joints and coordinates too. The two differ by the constant V C, 75 for NTU RGB+D. Adam divides a gradient
    by its own size, so that such a constant cancels, except in the weight decay that Adam adds to the
    gradient (`torch.optim.Adam`, not `AdamW`): with the mean over all, a given `weight_decay` weighs V C
    times as much against the gradient as with the mean over frames.

    Args:
        prediction: (B, T, V, C).
        target: (B, T, V, C).
        loss_mask: Boolean (B, T, V), true where the error counts; everywhere if None. Each body counts as
            much as every other one, however many of its positions do; one without any has no error.
        weigh: Changes the errors (B, T, V) before their mean is taken, as a `JointUncertainty` does.

    Returns:
        Scalar, in the squared unit of the target.

    Raises:
        ValueError: If prediction and target differ in shape; names both.

    Example:
        >>> import torch
        >>> loss_mask = torch.tensor([True, False]).view(1, 2, 1)
        >>> reconstruction_loss(torch.zeros(1, 2, 1, 3), torch.ones(1, 2, 1, 3), loss_mask)
        tensor(1.)
    """
    if prediction.shape != target.shape:  # else they might broadcast, to an error of something else
        raise ValueError(f"prediction must be {tuple(target.shape)}, got {tuple(prediction.shape)}")
    error = (prediction - target).square().mean(-1)
    error = error if weigh is None else weigh(error)
    if loss_mask is None:
        return error.mean()
    weight = loss_mask.to(error.dtype)
    return ((error * weight).sum((1, 2)) / weight.sum((1, 2)).clamp(min=1)).mean()
