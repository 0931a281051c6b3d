"""The model on visible tokens, against the dense model and a slow dense reference with zeroed places."""

import pytest
import torch
from einops import rearrange
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from sttformer import STTFormer, STTFormerConfig

FRAMES, JOINTS, BODIES = 6, 5, 3
CONFIG = STTFormerConfig(joints=JOINTS, tuple_frames=2, width=6, blocks=[(6, 2), (8, 3)], heads=2)


def make_model(seed=0, **changes):
    torch.manual_seed(seed)
    model = STTFormer(STTFormerConfig(**{**CONFIG.model_dump(), **changes})).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def make_bodies(seed=0, frames=FRAMES, channels=3):
    shape, generator = (BODIES, frames, JOINTS, channels), torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def make_visible(ratio, seed=0, frames=FRAMES):
    visible = torch.rand(BODIES, frames, JOINTS, generator=torch.Generator().manual_seed(seed)) < ratio
    visible[0, 0, 0] = True
    return visible


def frames_that_remain(x, visible):
    """Of each body the frames in which something is visible, then masked ones."""
    packed_x, packed_visible = torch.zeros_like(x), torch.zeros_like(visible)
    for body in range(len(x)):
        remaining = [frame for frame in range(x.shape[1]) if visible[body, frame].any()]
        for place, frame in enumerate(remaining):
            packed_x[body, place], packed_visible[body, place] = x[body, frame], visible[body, frame]
    return packed_x, packed_visible


def reference(model, x, visible):
    """The definition of `VisibleGrid` in dense arithmetic: zeros where masked, statistics over visible."""
    config = model.config
    if config.tuples == "packed":
        x, visible = frames_that_remain(x, visible)
    tuples = rearrange(visible, "b (t i) v -> b t (i v) 1", i=config.tuple_frames)
    keep = tuples.double()
    x = rearrange(x, "b (t i) v c -> b t (i v) c", i=config.tuple_frames)

    def norm(module, y):
        rows = y[tuples[..., 0]]
        mean, var = rows.mean(0), rows.var(0, correction=0)
        if not module.training:
            mean, var = module.running_mean, module.running_var
        return keep * ((y - mean) / (var + module.eps).sqrt() * module.weight + module.bias)

    def activate(y):
        return F.leaky_relu(y, 0.1)

    x = keep * activate(norm(model.embed_norm, model.embed(torch.where(tuples, x, 0.0))))
    for block in model.blocks:
        shape = dict(h=block.heads, z=2)
        qk = keep * block.query_key(x + block.positions)
        q, k = rearrange(qk, "b t s (z h d) -> z b h t s d", **shape)
        count = torch.einsum("btu,btv->buv", keep[..., 0], keep[..., 0]).clamp(min=1)
        products = torch.einsum("bhtud,bhtvd->bhuv", q, k) / count[:, None]
        attention = torch.tanh(products / block.qk_channels) * block.alpha + block.attention_bias
        share = keep[..., 0].sum(2).clamp(min=1) / config.slots
        y = torch.einsum("btuc,bhuv->bthvc", x / share[..., None, None], attention)
        image = rearrange(y, "b t h s c -> b (h c) t s")
        image = image * keep[..., 0][:, None]
        y = F.conv2d(
            image,
            block.slot_conv.weight[:, :, None],
            block.slot_conv.bias,
            padding=(0, config.slot_kernel // 2),
        )
        y = rearrange(y, "b c t s -> b t s c")
        r = (
            x
            if block.slot_residual is None
            else norm(block.slot_residual.norm, block.slot_residual.linear(x))
        )
        y = keep * activate(norm(block.slot_norm, y) + r)
        y = keep * activate(norm(block.feedforward_norm, block.feedforward(y)) + r)
        r = (
            y
            if block.tuple_residual is None
            else norm(block.tuple_residual.norm, block.tuple_residual.linear(y))
        )
        z = F.conv2d(
            rearrange(y, "b t s c -> b c t s"),
            block.tuple_conv.weight[..., None],
            block.tuple_conv.bias,
            padding=(config.tuple_kernel // 2, 0),
        )
        x = keep * activate(norm(block.tuple_norm, rearrange(z, "b c t s -> b t s c")) + r)
    return x[tuples[..., 0]]


def gradients(model, features):
    model.zero_grad()
    weights = torch.linspace(-1, 1, features.numel(), dtype=features.dtype).view_as(features)
    (features * weights).sum().backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("tuple_frames", [1, 2, 3])
def test_nothing_masked_equals_dense(training, tuple_frames):
    model, dense = (make_model(tuple_frames=tuple_frames).train(training) for _ in range(2))
    x = make_bodies()
    visible = torch.ones(x.shape[:3], dtype=torch.bool)
    features = model.encode_visible(x, visible)
    expected = dense.forward_features(rearrange(x, "(n m) t v c -> n c t v m", m=1))
    expected = rearrange(expected, "n c t v m -> (n m t v) c")
    torch.testing.assert_close(features, expected, rtol=1e-10, atol=1e-10)
    actual, wanted = gradients(model, features), gradients(dense, expected)
    assert actual.keys() == wanted.keys()
    for name, gradient in actual.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-8, atol=1e-8, msg=name)
    for (name, one), other in zip(model.named_buffers(), dense.buffers(), strict=True):
        torch.testing.assert_close(one, other, msg=name)


SHAPES = st.fixed_dictionaries(
    {
        "tuple_frames": st.sampled_from([1, 2, 3, 6]),
        "tuples": st.sampled_from(["in_place", "packed"]),
        "heads": st.integers(1, 4),
        "channels": st.integers(1, 4),
        "width": st.integers(1, 8),
        "slot_kernel": st.sampled_from([1, 3, 5, 7]),
        "tuple_kernel": st.sampled_from([1, 3, 5]),
    }
)


@settings(max_examples=40, deadline=None)
@given(ratio=st.one_of(st.floats(0.05, 0.95), st.just(1.0)), seed=st.integers(0, 99), shape=SHAPES)
def test_masked_equals_the_zeroed_dense_reference(ratio, seed, shape):
    """In training, for any shape and mask: tuples wholly, partly or not at all filled; and nothing masked.

    Packed, bodies keep different numbers of frames, which need not fill whole tuples.
    """
    model, x = make_model(seed, **shape), make_bodies(seed, channels=shape["channels"])
    visible = make_visible(ratio, seed)
    if visible.sum() < 3:
        return
    features, expected = model.encode_visible(x, visible), reference(model, x, visible)
    torch.testing.assert_close(features, expected, rtol=1e-8, atol=1e-8)
    actual, wanted = gradients(model, features), gradients(model, expected)
    for name, gradient in actual.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-7, atol=1e-7, msg=name)
    if ratio == 1:
        dense = rearrange(
            model.forward_features(rearrange(x, "b t v c -> b c t v 1")), "b c t v 1 -> (b t v) c"
        )
        torch.testing.assert_close(dense, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("training", [True, False])
def test_packed_whole_frames_are_a_shorter_clip(training):
    """With whole frames hidden the model sees what the dense model sees of the clip without them."""
    model, dense = (make_model(tuples="packed").train(training) for _ in range(2))
    x, remaining = make_bodies(), torch.tensor([[0, 1, 3, 4], [0, 2, 3, 5], [1, 2, 4, 5]])
    visible = torch.zeros(x.shape[:3], dtype=torch.bool)
    visible.scatter_(1, remaining[..., None].expand(-1, -1, JOINTS), True)
    shorter = torch.stack([body[frames] for body, frames in zip(x, remaining, strict=True)])
    expected = dense.forward_features(rearrange(shorter, "b t v c -> b c t v 1"))
    features = model.encode_visible(x, visible)
    torch.testing.assert_close(
        features, rearrange(expected, "b c t v 1 -> (b t v) c"), rtol=1e-10, atol=1e-10
    )


def test_masked_equals_the_reference_in_evaluation():
    model, x, visible = make_model(), make_bodies(), make_visible(0.4)
    model.encode_visible(x, visible)
    model.eval()
    torch.testing.assert_close(model.encode_visible(x, visible), reference(model, x, visible))


def test_masked_values_cannot_be_seen():
    model, x, visible = make_model(), make_bodies(), make_visible(0.4)
    poisoned = torch.where(visible[..., None], x, torch.nan)
    features = model.encode_visible(poisoned, visible)
    torch.testing.assert_close(features, model.encode_visible(x, visible), rtol=0, atol=0)
    assert all(g.isfinite().all() for g in gradients(model, features).values())


def test_bodies_may_be_permuted():
    model, x, visible = make_model(), make_bodies(), make_visible(0.5)
    order = torch.tensor([2, 0, 1])
    body = torch.arange(BODIES)[:, None, None].expand_as(visible)[visible]
    rows = model.encode_visible(x, visible)
    permuted = model.encode_visible(x[order], visible[order])
    torch.testing.assert_close(permuted, torch.cat([rows[body == b] for b in order]))


@pytest.mark.parametrize(
    ("x", "visible", "message"),
    [
        (make_bodies(), make_visible(0.5)[:, :-1], r"visible must be boolean \(3, 6, 5\), got .*\(3, 5, 5\)"),
        (make_bodies(), make_visible(0.5).float(), "visible must be boolean"),
        (make_bodies(), torch.zeros(BODIES, FRAMES, JOINTS, dtype=torch.bool), "all 90 are masked"),
        (make_bodies() * torch.nan, make_visible(0.5), "finite where visible"),
        (make_bodies(frames=5), make_visible(0.5, frames=5), "5 frames, not a multiple of tuple_frames=2"),
        (make_bodies()[:, :, :4], make_visible(0.5)[:, :, :4], "4 joints, the model 5"),
    ],
)
def test_bad_input(x, visible, message):
    with pytest.raises(ValueError, match=message):
        make_model().encode_visible(x, visible)
