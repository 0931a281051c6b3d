"""Joints that were not measured: masked, never a target, and without influence whatever stands there."""

import pytest
import torch
from einops import rearrange

from skeletonmae import SkeletonMAE, SkeletonMAEConfig, Target, TargetConfig

JOINTS, FRAMES = 6, 8
STTFORMER = {"joints": JOINTS, "tuple_frames": 2, "width": 8, "blocks": [(8, 2), (12, 3)], "heads": 2}
TRANSFORMER = {"kind": "transformer", "joints": JOINTS, "frames": FRAMES, "width": 8, "depth": 1, "heads": 2}
MASKS = {
    "spatial_temporal": {"kind": "spatial_temporal", "frame_ratio": 0.5, "joint_ratio": 0.5},
    "motion_aware": {"kind": "motion_aware", "ratio": 0.6},
}


def make_model(encoder="sttformer", mask="spatial_temporal", missing="mask", **target):
    torch.manual_seed(0)
    config = {
        "encoder": STTFORMER if encoder == "sttformer" else TRANSFORMER,
        "decoder": {"width": 10, "depth": 1, "heads": 2, "qk_channels": 3, "tuple_frames": 2},
        "mask": MASKS[mask],
        "target": target,
        "missing": missing,
    }
    return SkeletonMAE(SkeletonMAEConfig(**config)).double()


def make_clips(seed=0, share=0.7):
    """Clips (4, 3, T, V, 2), and which of their joints are there; one body of one clip never is."""
    draws = torch.Generator().manual_seed(seed)
    clips = torch.randn(4, 3, FRAMES, JOINTS, 2, dtype=torch.float64, generator=draws)
    present = torch.rand(4, FRAMES, JOINTS, 2, generator=draws) < share
    clips[1, ..., 1] = 0
    present[1, ..., 1] = False
    return clips, present


def run(model, clips, present):
    clips = clips.clone().requires_grad_()
    output = model(clips, generator=torch.arange(4), present=present)
    model.zero_grad()
    output.loss.backward()
    return output, clips.grad, [weights.grad for weights in model.parameters()]


@pytest.mark.parametrize("share", [0.7, 0.1])
@pytest.mark.parametrize("encoder", ["sttformer", "transformer"])
@pytest.mark.parametrize(
    ("mask", "target"),
    [
        ("spatial_temporal", {}),
        ("spatial_temporal", {"kind": "motion", "standardise": "joint", "loss_on": "masked"}),
        ("motion_aware", {"kind": "joints", "standardise": "body"}),
        ("motion_aware", {"kind": "motion", "standardise": "patch", "loss_on": "masked"}),
    ],
)
def test_what_stands_at_missing_joints_has_no_influence(share, encoder, mask, target):
    model = make_model(encoder, mask, **target)
    clips, present = make_clips(share=share)
    missing = ~present[:, None].expand_as(clips) & (clips != 0)
    output, slope, slopes = run(model, clips, present)
    other, _, others = run(model, torch.where(missing, 100 + 50 * clips.flip(2), clips), present)
    assert torch.equal(output.visible, other.visible)
    torch.testing.assert_close(output.loss, other.loss, rtol=0, atol=0)
    torch.testing.assert_close(slopes, others, rtol=0, atol=0)
    assert (slope[missing] == 0).all() and all(each.isfinite().all() for each in slopes)
    assert (slope != 0).any() or share < 0.5, "with few joints all that are there are visible"


def test_filled_joints_have_influence_where_the_option_is_off():
    clips, present = make_clips()
    model = make_model(missing="fill")
    with_presence, _, _ = run(model, clips, present)
    without, _, _ = run(model, clips, None)
    assert torch.equal(with_presence.loss, without.loss)


def test_a_clip_that_is_whole_has_the_loss_of_the_option_off():
    clips, _ = make_clips()
    present = torch.ones(4, FRAMES, JOINTS, 2, dtype=torch.bool)
    for target in ({}, {"kind": "motion", "standardise": "body", "loss_on": "masked"}):
        masked, _, _ = run(make_model(**target), clips, present)
        filled, _, _ = run(make_model(missing="fill", **target), clips, None)
        torch.testing.assert_close(masked.loss, filled.loss)
        assert torch.equal(masked.visible, filled.visible)


def test_the_loss_by_loops():
    """The mean over bodies of the mean over joints that are there, and none of it else."""
    clips, present = make_clips()
    output, _, _ = run(make_model(loss_on="masked"), clips, present)
    bodies, there = rearrange(clips, "n c t v m -> (n m) t v c"), rearrange(present, "n t v m -> (n m) t v")
    means, row = [], 0
    for body, known in zip(bodies, there, strict=True):
        if not body.any():
            continue
        errors = [
            (output.prediction[row, t, v] - body[t, v]).square().mean()
            for t in range(FRAMES)
            for v in range(JOINTS)
            if known[t, v] and not output.visible[row, t, v]
        ]
        means.append(sum(errors) / len(errors))
        row += 1
    torch.testing.assert_close(output.loss, sum(means) / len(means))
    assert not (output.visible & ~there[there.any((1, 2))]).any()


@pytest.mark.parametrize("encoder", ["sttformer", "transformer"])
def test_a_clip_of_which_no_joint_was_measured_is_absent(encoder):
    """It has no share in the mean over bodies; if there is no other, the loss is 0."""
    clips, present = make_clips()
    present[2] = False
    model, others = make_model(encoder), [0, 1, 3]
    output, slope, slopes = run(model, clips, present)
    model.zero_grad()
    alone = model(clips[others], generator=torch.tensor(others), present=present[others])
    alone.loss.backward()
    torch.testing.assert_close(output.loss, alone.loss)
    torch.testing.assert_close(slopes, [weights.grad for weights in model.parameters()])
    assert not slope[2].any()
    nothing, _, slopes = run(model, clips, torch.zeros_like(present))
    assert nothing.loss == 0 and not any(each.any() for each in slopes)


def test_a_step_is_known_between_two_frames_that_are():
    present = torch.tensor([True, True, False, True]).view(1, 4, 1)
    measured = Target(TargetConfig(kind="motion")).measured(present)
    assert measured.flatten().tolist() == [True, False, False, True]
