"""Learnt uncertainty of each joint: where the loss is least; it begins and validates as the plain error."""

import pytest
import torch

from skeletonmae import SkeletonMAE, SkeletonMAEConfig, reconstruction_loss

NETWORKS = {
    "sttformer": (
        {"joints": 5, "tuple_frames": 2, "width": 8, "blocks": [(8, 2)], "heads": 2},
        {"width": 8, "depth": 1, "heads": 2, "qk_channels": 3},
    ),
    "transformer": (
        {
            "kind": "transformer",
            "frames": 8,
            "joints": 5,
            "token_frames": 2,
            "width": 8,
            "depth": 1,
            "heads": 2,
        },
        {"kind": "transformer", "width": 8, "depth": 1, "heads": 2},
    ),
}
both_encoders = pytest.mark.parametrize("kind", NETWORKS)


def make_model(kind="sttformer", **changes):
    torch.manual_seed(0)
    encoder, decoder = NETWORKS[kind]
    return SkeletonMAE(SkeletonMAEConfig(encoder=encoder, decoder=decoder, **changes)).double()


def make_clips():
    return torch.randn(4, 3, 8, 5, 1, dtype=torch.float64, generator=generator())


def generator():
    return torch.Generator().manual_seed(0)


@both_encoders
@pytest.mark.parametrize("loss_on", ["all", "masked"])
def test_the_loss_is_least_at_the_mean_error_of_each_joint(kind, loss_on):
    model = make_model(kind, target={"uncertainty": "joint", "loss_on": loss_on})
    clips = make_clips()
    clips[:, :, :, 0] *= 5  # a joint that is harder than the others
    output = model(clips, generator=generator())
    counted = ~output.visible if loss_on == "masked" else torch.ones_like(output.visible)
    plain = reconstruction_loss(output.prediction, output.target, counted)
    torch.testing.assert_close(output.loss, plain)
    torch.testing.assert_close(output.terms["reconstruction"], plain)

    error = (output.prediction - output.target).square().mean(-1).detach()
    count = counted.sum((0, 1)).double()
    of_joint = (error * counted).sum((0, 1)) / count
    model.uncertainty.log_variance.data = of_joint.log()
    output = model(clips, generator=generator())
    torch.testing.assert_close(output.loss, (count * (1 + of_joint.log())).sum() / count.sum())
    torch.testing.assert_close(output.terms["reconstruction"], plain)
    output.loss.backward()
    slope = model.uncertainty.log_variance.grad
    torch.testing.assert_close(slope, torch.zeros_like(slope))
    assert of_joint.argmax() == 0

    evaluated = model.eval()(clips, generator=generator())
    expected = reconstruction_loss(evaluated.prediction, evaluated.target, counted)
    torch.testing.assert_close(evaluated.loss, expected)
    assert not evaluated.terms


def test_with_a_latent_target_only_the_reconstruction_is_weighed():
    model = make_model(target={"uncertainty": "joint", "weight": 0.5}, latent={"weight": 3.0})
    model.uncertainty.log_variance.data += 0.7
    output = model(make_clips(), generator=generator())
    weighed = output.terms["reconstruction"] * torch.tensor(-0.7).double().exp() + 0.7
    torch.testing.assert_close(output.loss, 0.5 * weighed + 3 * output.terms["latent"])
