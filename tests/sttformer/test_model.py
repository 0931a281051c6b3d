"""The dense model: clips, bodies, heads, features of its blocks, and input that does not fit."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import sttformer
from sttformer import SIZES, STTFormer, STTFormerConfig

CLIPS, FRAMES, JOINTS, BODIES = 5, 6, 4, 3


def make_model(**changes):
    torch.manual_seed(0)
    config = dict(joints=JOINTS, tuple_frames=2, width=6, blocks=[(6, 2), (8, 3), (8, 3)], heads=2)
    model = STTFormer(STTFormerConfig(**{**config, "num_classes": 7, **changes})).double()
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def make_clips(absent=True):
    x = torch.randn(CLIPS, 3, FRAMES, JOINTS, BODIES, dtype=torch.float64)
    if absent:
        x[1, ..., 1:] = x[2:4, ..., 2:] = 0
    return x


@pytest.mark.parametrize("absent", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_clips_may_be_permuted(training, absent):
    model, order, x = make_model().train(training), torch.tensor([3, 0, 4, 1, 2]), make_clips(absent)
    torch.testing.assert_close(model(x[order]), model(x)[order])


@pytest.mark.parametrize("training", [True, False])
def test_bodies_may_be_permuted(training):
    model, x = make_model().train(training), make_clips()
    torch.testing.assert_close(model(x[..., [2, 0, 1]]), model(x))


def test_every_body_absent():
    model = make_model()
    x = make_clips(absent=False) * 0
    one = make_model()
    one._distinct = lambda bodies: (bodies, slice(None), None)
    torch.testing.assert_close(model(x), one(x))
    for (name, buffer), other in zip(model.named_buffers(), one.buffers(), strict=True):
        torch.testing.assert_close(buffer, other, msg=name)


@pytest.mark.parametrize("training", [True, False])
def test_absent_bodies_cost_no_more_than_one(training):
    """As many operations for twenty clips of one person as for one absent body more."""

    def operations(x):
        with FlopCounterMode(display=False) as counter:
            model(x).sum().backward()
        return counter.get_total_flops()

    model = make_model().train(training)
    people = torch.randn(20, 3, FRAMES, JOINTS, 1, dtype=torch.float64)
    nobody = torch.zeros_like(people)
    alone, one_more = operations(people), operations(torch.cat([people, nobody[:1]]))
    assert alone < one_more < 1.06 * alone
    for absent in (1, 3):
        beside = operations(torch.cat([people, *[nobody] * absent], dim=4))
        # All but the head, which is a map of twenty rows here and of twenty-one there.
        assert abs(beside - one_more) < 0.001 * alone


def test_dropped_attention_differs_between_absent_bodies():
    """Each copy draws its own: none may stand for the others."""
    model = make_model(attention_dropout=0.5, num_classes=0)
    tokens = model.forward_features(torch.zeros(2, 3, FRAMES, JOINTS, 1, dtype=torch.float64))
    assert not torch.equal(tokens[0], tokens[1])


def test_head_of_features_equals_forward():
    model, x = make_model().eval(), make_clips()
    features = model.forward_features(x)
    assert features.shape == (CLIPS, model.num_features, FRAMES, JOINTS, BODIES)
    torch.testing.assert_close(model.forward_head(features), model(x))
    pooled = model.forward_head(features, pre_logits=True)
    torch.testing.assert_close(model.get_classifier()(pooled), model(x))
    model.reset_classifier(0)
    torch.testing.assert_close(model(x), pooled)
    assert model.num_classes == 0 and isinstance(model.get_classifier(), torch.nn.Identity)


@pytest.mark.parametrize("training", [True, False])
def test_a_head_by_joint_knows_which_joint_it_was(training):
    model, x = make_model(pool="by_joint").train(training), make_clips()
    assert model.head.weight.shape == (7, model.head_hidden_size) == (7, JOINTS * 8)
    scores, features = model(x), model.forward_features(x)
    for clip in range(CLIPS):
        expected = model.head.bias.clone()
        for joint in range(JOINTS):
            mean = sum(features[clip, :, t, joint, m] for t in range(FRAMES) for m in range(BODIES))
            weights = model.head.weight[:, 8 * joint : 8 * (joint + 1)]
            expected += weights @ mean / (FRAMES * BODIES)
        torch.testing.assert_close(scores[clip], expected)
    torch.testing.assert_close(model.forward_head(features), scores)
    model.reset_classifier(0)
    assert model(x).shape == (CLIPS, JOINTS * 8)
    torch.testing.assert_close(model(x), model.forward_head(features, pre_logits=True))


def test_a_mean_by_joint_has_the_mean_of_all_as_its_mean():
    by_joint, x = make_model(pool="by_joint", num_classes=0).eval(), make_clips()
    mean = make_model(num_classes=0).eval()
    assert mean.head_hidden_size == mean.num_features == by_joint.num_features == 8
    torch.testing.assert_close(by_joint(x).reshape(CLIPS, JOINTS, 8).mean(1), mean(x))
    mean.reset_classifier(0, pool="by_joint")
    torch.testing.assert_close(mean(x), by_joint(x))
    for bad in ({"num_classes": 2, "pool": "max"}, {"num_classes": -1}):
        with pytest.raises(ValueError, match=[*bad][-1]):
            mean.reset_classifier(**bad)


def test_features_of_several_blocks():
    model, x = make_model().eval(), make_clips()
    last, every = model.forward_intermediates(x)
    assert [feature.shape[1] for feature in every] == [info["num_chs"] for info in model.feature_info]
    torch.testing.assert_close(last, model.forward_features(x))
    torch.testing.assert_close(every[-1], last)
    for indices, numbers in {2: [1, 2], (0, -1): [0, 2], (2, 0): [2, 0]}.items():
        some = model.forward_intermediates(x, indices, intermediates_only=True)
        torch.testing.assert_close(some, [every[number] for number in numbers])
    early, _ = model.forward_intermediates(x, [1], stop_early=True)
    torch.testing.assert_close(early, every[1])


@pytest.mark.parametrize("options", [{"indices": [3]}, {"indices": 4}, {"output_fmt": "NLC"}])
def test_features_that_are_not_there(options):
    with pytest.raises(ValueError, match=r"model of 3, got|must be NCHW"):
        make_model().forward_intermediates(make_clips(), **options)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("joints", [17, 25])
def test_every_size_runs_on_any_layout(size, joints):
    model = sttformer.create(size, joints=joints, tuple_frames=2, num_classes=3).eval()
    with torch.no_grad():
        assert model(torch.randn(1, 3, 4, joints, 1)).shape == (1, 3)


def test_an_unknown_size():
    with pytest.raises(ValueError, match=r"size must be one of tiny, small, base, got 'large'"):
        sttformer.create("large")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(2, 3, 6, JOINTS), r"x must be \(N, C, T, V, M\), got shape \(2, 3, 6, 4\)"),
        (torch.zeros(2, 3, 7, JOINTS, 1), "7 frames, not a multiple of tuple_frames=2"),
        (torch.zeros(2, 3, 0, JOINTS, 1), "0 frames, not a multiple of tuple_frames=2"),
        (torch.zeros(2, 3, 6, JOINTS, 0), "the clip has 0 bodies"),
        (torch.zeros(2, 3, 6, 25, 1), "25 joints, the model 4"),
        (torch.zeros(2, 2, 6, JOINTS, 1), "2 channels, the model 3"),
        (torch.full((2, 3, 6, JOINTS, 1), torch.nan), "x must be finite where visible"),
    ],
)
def test_bad_input(x, message):
    with pytest.raises(ValueError, match=message):
        make_model()(x.double())


def close_by_norm(actual, expected, tolerance):
    actual, expected = (torch.cat([part.float().flatten() for part in parts]) for parts in (actual, expected))
    return actual.isfinite().all() and (actual - expected).norm() <= tolerance * expected.norm()


@pytest.mark.parametrize("visible", [None, 0.5])
@pytest.mark.parametrize("training", [True, False])
def test_half_precision_comes_close(training, visible):
    """Under autocast, dense with absent bodies, and visible tokens: as close as torch's own layers come."""
    torch.manual_seed(1)
    full, half = (make_model().float() for _ in range(2))
    x, bodies = make_clips().float(), torch.randn(8, FRAMES, JOINTS, 3)
    for model in (full, half):
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.momentum = 0.9
        model(x)
        model.train(training)
    seen = torch.rand(8, FRAMES, JOINTS) < (visible or 0)
    outputs = []
    for model, enabled in ((half, True), (full, False)):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            outputs.append(model(x) if visible is None else model.encode_visible(bodies, seen))
        (
            outputs[-1].float() * torch.linspace(-1, 1, outputs[-1].numel()).view_as(outputs[-1])
        ).sum().backward()
    assert outputs[0].dtype == torch.bfloat16
    assert close_by_norm(outputs[:1], outputs[1:], 0.05)
    # A bias in front of a normalisation has no gradient but rounding noise.
    names = [n for n, p in full.named_parameters() if p.grad is not None and ("norm" in n or "bias" not in n)]
    gradients = [[model.get_parameter(name).grad for name in names] for model in (half, full)]
    assert close_by_norm(*gradients, 0.3)
    for near, exact in zip(half.buffers(), full.buffers(), strict=True):
        assert near.dtype == exact.dtype and close_by_norm([near], [exact], 0.05)
