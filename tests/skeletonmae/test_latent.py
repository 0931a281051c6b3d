"""Latent targets: what they are, how the encoder that they come from follows, and what counts in the loss."""

import pytest
import torch
from einops import rearrange
from hypothesis import given, settings
from hypothesis import strategies as st

from skeletonmae import (
    LatentConfig,
    LatentTarget,
    SkeletonMAE,
    SkeletonMAEConfig,
    build_encoder,
    feature_variation,
    reconstruction_loss,
)

FRAMES, JOINTS, WIDTH = 8, 6, 8
ENCODERS = {
    "sttformer": {
        "joints": JOINTS, "tuple_frames": 2, "width": 8, "blocks": [(8, 2), (WIDTH, 3)], "heads": 2,
    },
    "transformer": {
        "kind": "transformer", "frames": FRAMES, "joints": JOINTS, "token_frames": 2,
        "width": WIDTH, "depth": 1, "heads": 2,
    },
}  # fmt: skip
DECODERS = {
    "sttformer": {"width": 10, "depth": 1, "heads": 2, "qk_channels": 3},
    "transformer": {"kind": "transformer", "width": 8, "depth": 1, "heads": 2},
}
both_encoders = pytest.mark.parametrize("kind", ENCODERS)


def make_model(kind="sttformer", **changes):
    torch.manual_seed(0)
    config = {"encoder": ENCODERS[kind], "decoder": DECODERS[kind], "latent": {}, **changes}
    return SkeletonMAE(SkeletonMAEConfig(**config)).double()


def make_clips(clips=4, bodies=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(clips, 3, FRAMES, JOINTS, bodies, dtype=torch.float64, generator=generator)


def generator():
    return torch.Generator().manual_seed(0)


def loops(features):
    """The target of features (B, T', V, C'), one number after another."""
    target = torch.empty_like(features)
    for channel in range(features.shape[3]):
        centred = features[..., channel].clone()
        for joint in range(features.shape[2]):
            centred[:, :, joint] -= centred[:, :, joint].mean()
        target[..., channel] = centred / (centred.square().mean().sqrt() + 1e-4)
    return target


@both_encoders
def test_the_target_is_made_of_the_features_of_whole_bodies(kind):
    model, bodies = make_model(kind), rearrange(make_clips(), "n c t v m -> (n m) t v c")
    clips = rearrange(bodies, "b t v c -> b c t v 1")
    features = rearrange(model.encoder.forward_features(clips), "b c t v 1 -> b t v c")
    target, variation = model.latent.of(bodies)
    torch.testing.assert_close(target, loops(features.detach()))
    differing = features - features.mean(0)
    torch.testing.assert_close(variation, (differing.square().sum() / features.square().sum()).sqrt())
    assert not target.requires_grad


@both_encoders
def test_the_loss_is_the_weighted_sum_of_both_errors(kind):
    model = make_model(kind, target={"weight": 0.5, "loss_on": "masked"}, latent={"weight": 3.0})
    clips = make_clips()
    expected, _ = model.latent.of(rearrange(clips, "n c t v m -> (n m) t v c"))
    decoded = []
    model.decoder.register_forward_hook(lambda *arguments: decoded.append(arguments[2]))
    output = model(clips, generator=generator())
    (decoded,) = decoded
    assert decoded.shape == (8, FRAMES, JOINTS, 3 + WIDTH)
    torch.testing.assert_close(output.prediction, decoded[..., :3])
    expected = expected.repeat_interleave(model.encoder.token_frames, dim=1)
    errors = (decoded[..., 3:] - expected).square().mean(-1)
    torch.testing.assert_close(output.terms["latent"], errors[~output.visible].mean())
    reconstruction = reconstruction_loss(output.prediction, output.target, ~output.visible)
    torch.testing.assert_close(output.terms["reconstruction"], reconstruction)
    torch.testing.assert_close(output.loss, 0.5 * reconstruction + 3 * output.terms["latent"])


@both_encoders
def test_the_copy_follows_with_its_momentum_and_gets_no_gradient(kind):
    model = make_model(kind, latent={"momentum": 0.75})
    first = [weights.clone() for weights in model.encoder.parameters()]
    for weights in model.encoder.parameters():
        weights.data += 1
    for _ in range(3):
        model(make_clips(), generator=generator()).loss.backward()
    for weights, before in zip(model.latent.encoder.parameters(), first, strict=True):
        torch.testing.assert_close(weights, before + 1 - 0.75**3)
        assert weights.grad is None
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    assert all(weights.grad is not None and weights.grad.isfinite().all() for weights in trained)


@both_encoders
def test_in_evaluation_mode_there_is_the_reconstruction_alone(kind):
    model, clips = make_model(kind, target={"weight": 0.5}).eval(), make_clips()
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    output = model(clips, generator=generator())
    torch.testing.assert_close(output.loss, reconstruction_loss(output.prediction, output.target))
    assert output.terms == {} and output.prediction.shape[-1] == 3
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert model.reconstruct(clips, generator=generator()).reconstructed.shape == clips.shape


def test_the_latent_target_is_of_the_unchanged_clips():
    """The encoder and the reconstruction have the changed ones."""
    changed, unchanged = make_clips(seed=1), make_clips(seed=0)
    changed[1, ..., 1] = unchanged[1, ..., 1] = 0
    alone = make_model()(changed, generator=generator())
    both = make_model()(changed, generator=generator(), unchanged=unchanged)
    torch.testing.assert_close(both.prediction, alone.prediction, rtol=0, atol=0)
    torch.testing.assert_close(both.target, alone.target, rtol=0, atol=0)
    assert both.terms["latent"] != alone.terms["latent"]
    same = make_model()(changed, generator=generator(), unchanged=changed)
    torch.testing.assert_close(same.loss, alone.loss, rtol=0, atol=0)


def test_joints_that_were_not_measured_have_no_influence():
    clips, present = make_clips(bodies=1), torch.rand(4, FRAMES, JOINTS, 1, generator=generator()) < 0.8
    other = torch.where(present[:, None], clips, 7.0)
    losses = [
        make_model(missing="mask")(x, generator=generator(), present=present, unchanged=x).loss
        for x in (clips, other)
    ]
    torch.testing.assert_close(*losses, rtol=0, atol=0)


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 4)] * 4), seed=st.integers(0, 99), size=st.floats(0.01, 100),
)  # fmt: skip
def test_the_variation_is_a_share_that_no_scale_changes(shape, seed, size):
    features = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    variation = feature_variation(features)
    assert 0 <= variation <= 1
    torch.testing.assert_close(feature_variation(size * features), variation)
    torch.testing.assert_close(feature_variation(features.flip(0)), variation)


@pytest.mark.parametrize("size", [0.0, 3.0])
def test_features_that_tell_the_place_alone_have_collapsed(size):
    places = size * torch.randn(1, FRAMES, JOINTS, WIDTH, generator=generator())
    assert feature_variation(places.expand(5, -1, -1, -1)) < 1e-6


def test_an_encoder_without_weights_of_its_input_has_collapsed():
    encoder = build_encoder(
        SkeletonMAEConfig(encoder=ENCODERS["transformer"], decoder=DECODERS["transformer"]).encoder
    )
    torch.nn.init.zeros_(encoder.embed.weight)
    target, variation = LatentTarget(LatentConfig(), encoder).of(torch.randn(4, FRAMES, JOINTS, 3))
    assert variation < 1e-6 and target.isfinite().all()


def test_something_must_be_learnt():
    with pytest.raises(ValueError, match=r"target\.weight"):
        SkeletonMAEConfig(target={"weight": 0.0})
