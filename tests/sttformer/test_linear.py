"""Linear maps and aggregation, each faster in its own way, against plain products."""

import pytest
import torch
from torch.nn import functional as F

from sttformer.aggregate import aggregate
from sttformer.linear import linear, linear_backward


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("rows", [0, 1, 16, 500, 1009])
def test_a_linear_map_is_a_product(rows, dtype):
    """For numbers of rows that are and are not as many images."""
    torch.manual_seed(0)
    x = torch.randn(rows, 7).to(dtype).requires_grad_()
    weight, bias = (torch.randn(shape).to(dtype).requires_grad_() for shape in ((5, 7), (5,)))
    y, expected = linear(x, weight, bias), F.linear(x, weight, bias)
    torch.testing.assert_close(y, expected)
    gradient = torch.randn_like(y)
    wanted = torch.autograd.grad(expected, (x, weight, bias), gradient)
    close = dict(rtol=2e-2, atol=2e-1) if dtype == torch.bfloat16 else dict(rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(torch.autograd.grad(y, (x, weight, bias), gradient), wanted, **close)
    torch.testing.assert_close(linear_backward(x.detach(), weight.detach(), gradient), wanted[:2], **close)


def test_a_linear_map_of_rows_that_do_not_lie_one_behind_the_other():
    x, weight = torch.randn(7, 64).T, torch.randn(5, 14)[:, ::2]
    torch.testing.assert_close(linear(x, weight), x @ weight.T)


def test_aggregation_and_its_gradient():
    attention = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    x = torch.randn(2, 5, 4, 2, dtype=torch.float64, requires_grad=True)
    expected = torch.cat([attention[:, head, None].mT @ x for head in range(3)], dim=3)
    torch.testing.assert_close(aggregate(attention, x), expected)
    assert torch.autograd.gradcheck(aggregate, (attention, x))
