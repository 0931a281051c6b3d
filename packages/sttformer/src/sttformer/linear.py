"""Linear maps of token rows."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .tracing import is_transformed


class TokenLinear(nn.Linear):
    """`torch.nn.Linear` of token rows (P, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """Map rows (P, I) to (P, O)."""
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `torch.nn.functional.linear` of rows (P, I) with weight (O, I).

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


def linear_backward(x: Tensor, weight: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return gradients of rows (P, I) and weight (O, I) of `linear`, from that (P, O) of its output."""
    images, of_output = _images(x), _images(gradient)
    if images is None or of_output is None:
        return gradient @ weight, gradient.T @ x
    kernel, steps = weight[:, :, None, None], ((1, 1), (0, 0), (1, 1), False, (0, 0), 1)
    of_images, of_kernel, _ = torch.ops.aten.convolution_backward(
        of_output, images, kernel, None, *steps, (True, True, False)
    )
    return of_images.permute(0, 2, 3, 1).reshape(x.shape), of_kernel[:, :, 0, 0]


def _images(x: Tensor) -> Tensor | None:
    """View rows (P, C) as images (N, C, 1, P / N), channels last; None where a product is as fast.

    With one thread torch gives 1x1 convolutions of fewer than 16 images to MKL, too.
    """
    if x.device.type != "cpu" or x.dtype != torch.float32 or is_transformed():
        return None
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    rows = len(x)
    count = next((n for n in range(16, 65) if rows and rows % n == 0), None)
    return None if count is None else x.reshape(count, 1, rows // count, -1).permute(0, 3, 1, 2)
