"""What is done with features: a probe, statistics, maps and projections, against their definitions."""

import pytest
import torch
from einops import rearrange
from torch import nn
from torch.nn import functional as F

from skeletonmae import attention_maps, joint_attention, linear_probe, principal_components, recalibrate
from sttformer import STTFormer, STTFormerConfig

TINY = STTFormerConfig(joints=5, width=8, blocks=((8, 2), (12, 2)), tuple_frames=2)


def objective(weight, bias, features, labels, weight_decay):
    """What the probe minimises, of features that are standardised or not."""
    scores = features @ weight.T + bias
    likelihood = scores.gather(1, labels[:, None])[:, 0] - scores.exp().sum(1).log()
    return -likelihood.mean() + weight_decay / 2 * weight.square().sum()


@pytest.mark.parametrize("standardise", [True, False])
def test_the_probe_is_the_minimum_that_gradient_descent_finds(standardise):
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (40,), generator=generator)
    features = torch.randn(40, 2, generator=generator, dtype=torch.float64)
    features = features * torch.tensor([1.0, 50.0 if standardise else 2.0])
    features = features + F.one_hot(labels, 3)[:, :2] + (7 if standardise else 0)
    probe = linear_probe(features, labels, classes=3, weight_decay=0.05, standardise=standardise)
    seen = features
    if standardise:
        seen = (features - features.mean(0)) / features.std(0, correction=0)

    weight = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for _ in range(400):
        gradients = torch.autograd.grad(objective(weight, bias, seen, labels, 0.05), (weight, bias))
        with torch.no_grad():
            for value, gradient in zip((weight, bias), gradients, strict=True):
                value -= gradient
    expected = (seen @ weight.T + bias).softmax(1)
    torch.testing.assert_close(probe(features).softmax(1), expected.detach(), atol=1e-4, rtol=0)


def test_the_probe_ignores_channels_that_say_nothing_and_the_mode_of_its_caller():
    features = torch.tensor([[0.0, 3.0], [1.0, 3.0], [4.0, 3.0], [5.0, 3.0]])
    with torch.no_grad():
        probe = linear_probe(features, torch.tensor([0, 0, 2, 2]), classes=4)
    assert probe(features).argmax(1).tolist() == [0, 0, 2, 2]
    assert probe.weight[:, 1].tolist() == [0, 0, 0, 0]
    assert not probe.weight.requires_grad
    with pytest.raises(ValueError, match=r"got \(4, 2\), \(3,\)"):
        linear_probe(features, torch.tensor([0, 0, 2]), classes=4)


def test_recalibrated_statistics_are_those_of_the_batches():
    model = STTFormer(TINY)
    model.blocks[1].attention_dropout.train(False)
    modes = [part.training for part in model.modules()]
    weights = {name: value.clone() for name, value in model.named_parameters()}
    batches = [torch.randn(6, 3, 4, 5, 1) * scale for scale in (1.0, 3.0)]
    recalibrate(model, batches)
    embedded = [model.embed(rearrange(batch, "n c t v m -> (n t v m) c")) for batch in batches]
    expected = torch.stack([x.mean(0) for x in embedded]).mean(0)
    torch.testing.assert_close(model.embed_norm.running_mean, expected)
    expected = torch.stack([x.var(0) for x in embedded]).mean(0)
    torch.testing.assert_close(model.embed_norm.running_var, expected)
    assert [part.training for part in model.modules()] == modes
    assert model.embed_norm.momentum == 0.1
    for name, value in model.named_parameters():
        assert torch.equal(value, weights[name])


def test_recalibration_undoes_what_masked_statistics_do():
    """On the batch whose statistics it has, a model in evaluation mode answers as in training mode."""
    model, batch = STTFormer(TINY), torch.randn(6, 3, 4, 5, 2)
    batch[3:, ..., 1] = 0
    expected = model(batch)
    for name, buffer in model.named_buffers():
        if "running" in name:
            buffer.uniform_(0.1, 9)
    recalibrate(model, [batch])
    # An unbiased variance is stored, a biased one normalises: they differ by one in the number of tokens.
    torch.testing.assert_close(model.eval()(batch), expected, atol=0.05, rtol=0.05)


def test_recalibration_needs_batches_unless_there_is_no_batch_norm():
    with pytest.raises(ValueError, match="at least one batch"):
        recalibrate(STTFormer(TINY), [])
    recalibrate(nn.Linear(2, 2), [])


def test_attention_maps_are_those_of_the_blocks():
    model, bodies = STTFormer(TINY).train(), torch.randn(3, 4, 5, 3)
    maps = attention_maps(model, bodies)
    assert model.training
    assert [tuple(block.shape) for block in maps] == [(3, 3, 10, 10)] * 2
    # By hand for the first block, from its definition.
    model.eval()
    block = model.blocks[0]
    x = F.leaky_relu(model.embed_norm(rearrange(model.embed(bodies), "b t v c -> (b t v) c")), 0.1)
    x = rearrange(x, "(b t i v) c -> b t (i v) c", b=3, i=2, v=5) + block.positions
    query, key = block.query_key(x).chunk(2, dim=-1)
    query, key = (rearrange(each, "b t s (h d) -> b t h s d", h=3) for each in (query, key))
    mean = torch.einsum("bthud,bthvd->bhuv", query, key) / 2 / 2  # two tuples, two channels
    expected = mean.tanh() * block.alpha + block.attention_bias
    torch.testing.assert_close(maps[0], expected.detach())


def test_absent_bodies_have_no_attention():
    bodies = torch.randn(3, 4, 5, 3)
    bodies[1] = 0
    with pytest.raises(ValueError, match="one is all zero"):
        attention_maps(STTFormer(TINY), bodies)


def test_joint_attention_is_a_mean_over_heads_and_frames():
    attention = torch.randn(2, 3, 8, 8)
    joints = joint_attention(attention, joints=4)
    for u in range(4):
        for v in range(4):
            places = [
                attention[1, h, i * 4 + u, j * 4 + v].abs() for h in range(3) for i in (0, 1) for j in (0, 1)
            ]
            torch.testing.assert_close(joints[1, u, v], torch.stack(places).mean())


def test_principal_components_are_the_leading_eigenvectors():
    features = torch.randn(50, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    features = features * torch.tensor([1, 5, 1, 3, 1, 1]) + 4
    places, share = principal_components(features, 2)
    values, vectors = torch.linalg.eigh(features.T.cov(correction=1))
    torch.testing.assert_close(share, values.flip(0)[:2] / values.sum())
    torch.testing.assert_close(places.abs(), ((features - features.mean(0)) @ vectors.flip(1)[:, :2]).abs())
    torch.testing.assert_close(principal_components(features.flip(0), 2)[0], places.flip(0))
    with pytest.raises(ValueError, match=r"at least \(2, 2\), got \(1, 6\)"):
        principal_components(features[:1])
