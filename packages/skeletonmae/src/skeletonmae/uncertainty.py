"""A learnt uncertainty of each joint, by which the error of its reconstruction is weighted."""

import torch
from torch import Tensor, nn


class JointUncertainty(nn.Module):
    r"""The error of each joint, weighted by how well it can be predicted (Kendall and Gal 2017, section 2.2).

    With a learnt log-variance :math:`s_v` for each joint and its squared error :math:`e_v`, the loss is
    :math:`\exp(-s_v) e_v + s_v`, twice the negative log-likelihood of a Gaussian for each coordinate, without
    its constant. It is least where :math:`s_v` is the log of the joint's mean squared error: joints that
    cannot be predicted, as a noisy hand, then count less. It begins as the plain error, at :math:`s_v = 0`,
    and may become negative.

    Differences from the paper: its variance is predicted for each input; here a joint has one.

    Args:
        joints: Joints of a skeleton, V.

    Attributes:
        log_variance: (V,), learnt; weight decay pulls it towards 0, where all joints count alike.

    Example:
        >>> uncertainty = JointUncertainty(2)
        >>> error = torch.tensor([4.0, 0.25]).view(1, 1, 2)
        >>> uncertainty(error)
        tensor([[[4.0000, 0.2500]]], grad_fn=<AddBackward0>)
        >>> _ = uncertainty.log_variance.data.copy_(error.flatten().log())
        >>> uncertainty(error).detach() - error.log()
        tensor([[[1., 1.]]])
    """

    def __init__(self, joints: int) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(joints))

    def forward(self, error: Tensor) -> Tensor:
        """Weigh squared errors (B, T, V), of the same shape."""
        return torch.exp(-self.log_variance) * error + self.log_variance
