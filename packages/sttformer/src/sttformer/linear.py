"""Linear maps of token rows."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight


class TokenLinear(nn.Linear):
    """`torch.nn.Linear` of token rows (P, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """Map rows (P, I) to (P, O)."""
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`torch.nn.functional.linear` of rows (P, I) with weight (O, I).

    On a CPU it is a 1x1 convolution. torch gives these to oneDNN, and float32 products to MKL, which leaves
    half of an AMD processor idle; both add up the same products.

    Example:
        >>> x, weight = torch.randn(32, 3), torch.randn(5, 3)
        >>> torch.testing.assert_close(linear(x, weight), x @ weight.T)
    """
    images = _images(x)
    if images is None:
        return F.linear(x, weight, bias)
    y = F.conv2d(images, weight[:, :, None, None], bias)
    return y.permute(0, 2, 3, 1).reshape(len(x), len(weight))


def weight_gradient(x: Tensor, gradient: Tensor) -> Tensor:
    """Gradient (O, I) of the weight of `linear`, from rows (P, I) and the gradient (P, O) of its output."""
    images, of_output = _images(x), _images(gradient)
    if images is None or of_output is None:
        return gradient.T @ x
    size = (gradient.shape[1], x.shape[1], 1, 1)
    of_weight: Tensor = conv2d_weight(images, size, of_output)  # type: ignore[no-untyped-call]
    return of_weight[:, :, 0, 0]


def _images(x: Tensor) -> Tensor | None:
    """Rows (P, C) as a view (N, C, 1, P / N) of images, channels last; None where a product is as fast.

    With one thread torch gives 1x1 convolutions of fewer than 16 images to MKL, too.
    """
    in_onednn = x.device.type == "cpu" and x.dtype == torch.float32 and torch.backends.mkldnn.is_available()
    if not in_onednn or torch.compiler.is_compiling():
        return None
    rows = len(x)
    count = next((n for n in range(16, 65) if rows and rows % n == 0), None)
    return None if count is None else x.reshape(count, 1, rows // count, -1).permute(0, 3, 1, 2)
