"""Derivatives beyond those of a training step: second ones, and those of torch.func."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call, grad, jacfwd, jacrev, vmap
from torch.testing import assert_close

from sttformer import STTFormer, STTFormerConfig, TokenBatchNorm
from sttformer.aggregate import aggregate
from sttformer.norm import Repeated
from sttformer.visible_conv import find_taps, visible_conv


def draws(*shapes):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator, dtype=torch.double) for shape in shapes]


def wanted(*shapes):
    return [x.requires_grad_() for x in draws(*shapes)]


def make_model(dtype=torch.double):
    torch.manual_seed(0)
    config = STTFormerConfig(
        joints=4, tuple_frames=2, width=4, blocks=[(4, 2), (6, 2)], heads=2, num_classes=3
    )
    model = STTFormer(config).to(dtype)
    model(clips().to(dtype))  # statistics
    return model


def clips():
    (x,) = draws((3, 3, 4, 4, 2))
    x[1:, ..., 1] = 0
    return x


def masked():
    return draws((2, 4, 4, 3))[0], torch.arange(32).view(2, 4, 4) % 3 > 0


def check(function, inputs):
    assert gradcheck(function, inputs) and gradgradcheck(function, inputs)


def test_attention():
    check(aggregate, wanted((2, 2, 3, 3), (2, 2, 3, 4)))


def test_visible_convolution():
    taps = find_taps(torch.tensor([[[0, 1, -1, 2], [-1, 3, 4, -1]]]), 2, 3)
    check(lambda x, w, b: visible_conv(x, w, b, taps), wanted((5, 2), (3, 2, 3), (3,)))


@pytest.mark.parametrize("copies", [1, 4])
def test_normalisation_of_repeated_rows(copies):
    norm = TokenBatchNorm(2).double()

    def normalise(x, weight, bias):
        parameters = {"weight": weight, "bias": bias}
        return functional_call(norm, parameters, (x, Repeated(rows=2, copies=copies)))

    x, weight, bias = wanted((5, 2), (2,), (2,))

    check(normalise, (x, weight, bias))
    # The oracle has every copy written out; their gradients come together in the row.
    (gy,) = draws((3 + 2 * copies, 2))
    rows = [0, 1, 2, *[3, 4] * copies]
    every = torch.nn.functional.batch_norm(x[rows], None, None, weight, bias, training=True)
    together = torch.zeros(5, 2, dtype=torch.double).index_add(0, torch.tensor(rows), gy)
    for y, seed in ((every, gy), (normalise(x, weight, bias), together)):
        first = torch.autograd.grad(y, (x, weight, bias), seed, create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), (x, weight), retain_graph=True)
        if y is every:
            expected = [*first, *second]
    for found, value in zip([*first, *second], expected, strict=True):
        assert_close(found, value)


def scores(model):
    return lambda x: model(x).square().sum()


def visible_features(model):
    visible = masked()[1]
    return lambda x: model.encode_visible(x, visible).square().sum()


CALLS = {"dense": (scores, clips()), "visible": (visible_features, masked()[0])}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("call", CALLS)
def test_gradient_penalty(call, training):
    """Its gradient is that of differences, in inputs and in parameters; the first derivative stays."""
    make, x = CALLS[call]
    model = make_model().train(training)
    value, weight = make(model), model.blocks[0].feedforward.weight
    x = x.clone().requires_grad_()
    plain = torch.autograd.grad(value(x), (x, weight))
    graph = torch.autograd.grad(value(x), (x, weight), create_graph=True)
    for found, expected in zip(graph, plain, strict=True):
        assert_close(found, expected, rtol=1e-10, atol=1e-12)
    # Along directions u and v: d/dx of u . df/dx + v . df/dw.
    along = draws(x.shape, weight.shape)
    second = torch.autograd.grad(sum((g * u).sum() for g, u in zip(graph, along, strict=True)), (x, weight))
    for number, variable in enumerate((x, weight)):
        (step,) = draws(variable.shape)
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                variable.add_(step, alpha=sign * 1e-5)
            first = torch.autograd.grad(value(x), (x, weight))
            ends.append(sum((g * u).sum() for g, u in zip(first, along, strict=True)))
            with torch.no_grad():
                variable.sub_(step, alpha=sign * 1e-5)
        assert_close((second[number] * step).sum(), (ends[0] - ends[1]) / 2e-5, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("call", CALLS)
def test_penalty_in_single_precision(call):
    """Where products are oneDNN's, too."""
    make, x = CALLS[call]
    found = []
    for dtype in (torch.float32, torch.double):
        model, given = make_model(dtype), x.to(dtype).repeat(8, *[1] * (x.ndim - 1)).requires_grad_()
        if call == "visible":
            seen = masked()[1].repeat(8, 1, 1)
            value = model.encode_visible(given, seen).square().sum()
        else:
            value = make(model)(given)
        (first,) = torch.autograd.grad(value, given, create_graph=True)
        first.square().sum().backward()
        found.append(torch.cat([p.grad.flatten().double() for p in model.parameters() if p.grad is not None]))
    assert (found[0] - found[1]).norm() < 1e-3 * found[1].norm()


def test_absent_bodies_have_gradients():
    """Each its own, as if nobody had seen that they are equal."""
    model, x = make_model().eval(), clips().requires_grad_()
    (found,) = torch.autograd.grad(scores(model)(x), x)
    assert_close(found, grad(scores(model))(x.detach()))
    assert found[1:, ..., 1].any()


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is")  # torch's own use of it, in forward derivatives
def test_functional_jacobians():
    model, x = make_model().eval(), clips()[:1]
    reverse = jacrev(model)(x)
    assert_close(jacfwd(model)(x), reverse)
    x.requires_grad_()
    for row, score in zip(reverse[0], model(x)[0], strict=True):
        assert_close(row, torch.autograd.grad(score, x, retain_graph=True)[0])


def test_functional_gradients_of_visible_tokens():
    model = make_model().eval()
    value, x = visible_features(model), masked()[0]
    given = x.clone().requires_grad_()
    assert_close(grad(value)(x), torch.autograd.grad(value(given), given)[0])


def test_gradients_of_each_clip():
    """By vmap over grad, as one by one."""
    model, x = make_model().eval(), clips()
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())

    def loss(parameters, clip):
        return functional_call(model, (parameters, buffers), (clip[None],)).square().sum()

    of_each = vmap(grad(loss), in_dims=(None, 0))(parameters, x)
    for number, clip in enumerate(x):
        model.zero_grad()
        model(clip[None]).square().sum().backward()
        for name, parameter in parameters.items():
            assert_close(of_each[name][number], parameter.grad, msg=name)


def test_without_running_statistics():
    """As `torch.func.replace_all_batch_norm_modules_` leaves it: the batch's, with absent bodies counted."""
    model, x = make_model(), clips()
    expected = model(x)
    torch.func.replace_all_batch_norm_modules_(model)
    assert_close(model.eval()(x), expected)
