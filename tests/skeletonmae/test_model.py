"""SkeletonMAE: what it is given, what it may see, what its loss counts, and what is kept."""

import pytest
import torch
from einops import rearrange

from skeletonmae import (
    SkeletonMAE,
    SkeletonMAEConfig,
    Target,
    TargetConfig,
    joint_motion,
    reconstruction_loss,
)
from sttformer import STTFormer

JOINTS, FRAMES = 6, 8


def make_model(**changes):
    torch.manual_seed(0)
    config = {
        "encoder": {"joints": JOINTS, "tuple_frames": 2, "width": 8, "blocks": [(8, 2), (12, 3)], "heads": 2},
        "decoder": {"width": 10, "depth": 2, "heads": 2, "qk_channels": 3},
        "mask": {"kind": "spatial_temporal", "frame_ratio": 0.5, "joint_ratio": 0.5},
    }
    return SkeletonMAE(SkeletonMAEConfig(**{**config, **changes})).double()


def make_clips(clips=4, bodies=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(clips, 3, FRAMES, JOINTS, bodies, dtype=torch.float64, generator=generator)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_loss_is_the_mean_squared_error_over_all_places():
    clips = make_clips()
    output = make_model()(clips, generator=generator())
    bodies = rearrange(clips, "n c t v m -> (n m) t v c")
    torch.testing.assert_close(output.target, bodies)
    error = sum((p - t) ** 2 for p, t in zip(output.prediction.flatten(), bodies.flatten(), strict=True))
    torch.testing.assert_close(output.loss, error / bodies.numel())


def test_joints_and_motion_count_alike():
    output = make_model(target={"kind": "joints_and_motion"})(make_clips(), generator=generator())
    error = (output.prediction - output.target).square()
    assert error.shape[-1] == 6
    torch.testing.assert_close(output.loss, (error[..., :3].mean() + error[..., 3:].mean()) / 2)


def test_the_loss_may_count_masked_places_alone():
    output = make_model(target={"loss_on": "masked"})(make_clips(), generator=generator())
    errors = (output.prediction - output.target).square()
    torch.testing.assert_close(output.loss, errors[~output.visible].mean())


def test_exactly_the_asked_share_is_visible():
    visible = make_model()(make_clips(), generator=generator()).visible
    assert (visible.any(2).sum(1) == FRAMES // 2).all()
    assert (visible.sum(2)[visible.any(2)] == JOINTS // 2).all()


def test_the_prediction_cannot_see_what_is_masked():
    """Only the target may change when masked joints do."""
    model, clips = make_model(), make_clips(bodies=1)
    output = model(clips, generator=generator())
    hidden = rearrange(~output.visible, "n t v -> n 1 t v 1")
    changed = model(torch.where(hidden, clips + 5, clips), generator=generator())
    torch.testing.assert_close(changed.prediction, output.prediction, rtol=0, atol=0)
    assert (changed.loss - output.loss).abs() > 1


def test_packed_tuples_are_encoded_as_a_shorter_clip_and_decoded_in_their_true_frames():
    encoder = {**make_model().config.encoder.model_dump(), "tuples": "packed"}
    model = make_model(encoder=encoder, mask={"kind": "frame_only", "frame_ratio": 0.5}).eval()
    clips = make_clips(clips=3, bodies=1)
    output = model(clips, generator=generator())
    mask = model.sample_mask(rearrange(clips, "n c t v 1 -> n t v c"), generator())
    assert torch.equal(mask.visible, output.visible)
    shorter = torch.stack([clip[:, frames] for clip, frames in zip(clips, mask.frames, strict=True)])
    rows = rearrange(model.encoder.forward_features(shorter), "n c t v 1 -> (n t v) c")
    torch.testing.assert_close(output.prediction, model.decoder(rows, mask))


def test_absent_bodies_change_nothing():
    clips = make_clips(bodies=1)
    padded = torch.cat([clips, torch.zeros_like(clips)], dim=4)
    seeds = torch.arange(len(clips))
    alone, beside = (make_model()(x, generator=seeds) for x in (clips, padded))
    torch.testing.assert_close(alone.loss, beside.loss)


def test_with_seeds_a_clip_is_masked_alike_in_every_batch():
    model, clips, seeds = make_model(), make_clips(), torch.tensor([3, 1, 4, 1_000_000])
    visible = model(clips, generator=seeds).visible
    torch.testing.assert_close(model(clips[2:], generator=seeds[2:]).visible, visible[4:])
    assert not torch.equal(visible[0], visible[1]), "the two bodies of a clip are masked on their own"


def test_every_weight_learns():
    model = make_model()
    model(make_clips(), generator=generator()).loss.backward()
    assert [
        name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()
    ] == []


def test_it_learns_to_rebuild():
    """A small set of smooth clips: the error falls well below that of the mean pose."""
    torch.manual_seed(0)
    time = torch.linspace(0, 3, FRAMES)[:, None, None]
    clips = torch.sin(time + torch.rand(16, 1, JOINTS, 3) * 6).permute(0, 3, 1, 2)[..., None]
    mean_pose = (clips - clips.mean(2, keepdim=True)).square().mean()
    model = make_model(mask={"kind": "joint_only", "joint_ratio": 0.3}).float()
    optimizer, draws = torch.optim.Adam(model.parameters(), lr=1e-2), generator()
    for _ in range(120):
        optimizer.zero_grad()
        loss = model(clips, generator=draws).loss
        loss.backward()
        optimizer.step()
    assert loss < 0.5 * mean_pose


def test_reconstruct_puts_everything_back_in_its_place():
    clips = make_clips(bodies=3)
    clips[1, ..., 0] = 0
    model = make_model()
    original, visible, reconstructed = model.reconstruct(clips, generator=generator())
    assert model.training
    torch.testing.assert_close(original, clips)
    assert visible.shape == (4, FRAMES, JOINTS, 3) and reconstructed.shape == clips.shape
    assert not visible[1, ..., 0].any() and (reconstructed[1, ..., 0] == 0).all()
    output = model.eval()(clips, generator=generator())
    present = rearrange(reconstructed, "n c t v m -> (n m) t v c")[[0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]]
    torch.testing.assert_close(present, output.prediction)


@pytest.mark.parametrize("kind", ["joints", "motion", "joints_and_motion"])
@pytest.mark.parametrize("standardised", ["none", "axis", "joint", "body", "patch"])
def test_a_perfect_prediction_of_any_target_rebuilds_the_joints(kind, standardised):
    model = make_model(target={"kind": kind, "standardise": standardised})
    bodies = make_clips(bodies=1)[..., 0].permute(0, 2, 3, 1)
    visible = torch.rand(bodies.shape[:3], generator=generator()) < 0.3
    torch.testing.assert_close(model.target.invert(model.target.of(bodies), bodies, visible), bodies)


def test_the_encoder_becomes_a_classifier(tmp_path):
    model = make_model().float()
    model.encoder.save_pretrained(tmp_path)
    classifier = STTFormer.from_pretrained(tmp_path)
    classifier.load_state_dict(model.encoder.state_dict(), strict=True)
    clips = make_clips().float()
    torch.testing.assert_close(classifier.eval()(clips), model.encoder.eval()(clips))
    classifier.reset_classifier(5)
    assert classifier(clips).shape == (4, 5)


def test_a_guess_has_the_mean_and_scale_of_what_is_true():
    model = make_model(target={"kind": "motion", "standardise": "body"})
    true, guessed = (rearrange(make_clips(seed=seed), "n c t v m -> (n m) t v c") for seed in (0, 1))
    target = model.target.of(3 * guessed, scaled_as=true)
    for body in range(len(true)):
        steps, guess = (torch.zeros(FRAMES, JOINTS, 3, dtype=torch.float64) for _ in range(2))
        for frame in range(FRAMES - 1):
            steps[frame] = true[body, frame + 1] - true[body, frame]
            guess[frame] = 3 * (guessed[body, frame + 1] - guessed[body, frame])
        spread = (steps - steps.mean(0)).square().mean().sqrt()
        torch.testing.assert_close(target[body], (guess - steps.mean(0)) / spread)
    torch.testing.assert_close(model.target.of(true, scaled_as=true), model.target.of(true))


def test_targets_by_loops():
    joints = make_clips(bodies=1)[..., 0].permute(0, 2, 3, 1)
    steps = joint_motion(joints)
    by_axis, by_joint, by_body = (
        Target(TargetConfig(standardise=scale)).of(joints) for scale in ("axis", "joint", "body")
    )
    for body in range(len(joints)):
        for joint in range(JOINTS):
            course = joints[body, :, joint]
            for frame in range(FRAMES - 1):
                torch.testing.assert_close(steps[body, frame, joint], course[frame + 1] - course[frame])
            centred = course - course.mean(0)
            spread = (sum(centred.flatten() ** 2) / centred.numel()) ** 0.5
            torch.testing.assert_close(by_joint[body, :, joint], centred / spread)
            for axis in range(3):
                spread = (sum(centred[:, axis] ** 2) / FRAMES) ** 0.5
                torch.testing.assert_close(by_axis[body, :, joint, axis], centred[:, axis] / spread)
        everywhere = joints[body] - joints[body].mean(0)
        spread = (sum(everywhere.flatten() ** 2) / everywhere.numel()) ** 0.5
        torch.testing.assert_close(by_body[body], everywhere / spread)
    assert (steps[:, -1] == 0).all()
    by_patch = Target(TargetConfig(standardise="patch", patch_frames=4)).of(joints)
    for start in range(0, FRAMES, 4):
        for joint in range(JOINTS):
            patch = joints[0, start : start + 4, joint].flatten()
            spread = (sum((patch - patch.mean()) ** 2) / (len(patch) - 1) + 1e-6) ** 0.5
            found = by_patch[0, start : start + 4, joint].flatten()
            torch.testing.assert_close(found, (patch - patch.mean()) / spread)


@pytest.mark.parametrize("standardised", ["none", "axis", "joint", "body", "patch"])
def test_joints_and_motion_are_both_targets_side_by_side(standardised):
    joints, guessed = (make_clips(bodies=1, seed=seed)[..., 0].permute(0, 2, 3, 1) for seed in (0, 1))
    joints[..., 0] *= 100
    kinds = ("joints", "motion", "joints_and_motion")
    targets = [Target(TargetConfig(kind=kind, standardise=standardised)) for kind in kinds]
    for other in (None, guessed):
        apart, moving, both = (target.of(joints, scaled_as=other) for target in targets)
        torch.testing.assert_close(both, torch.cat([apart, moving], dim=-1), rtol=0, atol=0)


@pytest.mark.parametrize("standardised", ["axis", "joint", "body"])
def test_a_standardised_joint_at_rest_is_zero(standardised):
    target = Target(TargetConfig(standardise=standardised))
    assert (target.of(torch.ones(1, FRAMES, 1, 3)) == 0).all()


def test_no_place_to_count_gives_no_error():
    prediction = torch.ones(1, 2, 1, 3, requires_grad=True)
    assert reconstruction_loss(prediction, prediction, torch.zeros(1, 2, 1, dtype=torch.bool)) == 0


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (torch.zeros(2, 3, FRAMES, JOINTS, 2), "not all zero, got 4 absent bodies"),
        (torch.ones(2, 3, FRAMES, JOINTS), r"\(N, C, T, V, M\), got shape"),
        (torch.ones(2, 3, FRAMES, 5, 1), "5 joints, the model 6"),
        (torch.ones(2, 3, 7, JOINTS, 1), "7 frames, not a multiple of tuple_frames=2"),
        (torch.full((2, 3, FRAMES, JOINTS, 1), torch.nan), "finite where visible"),
    ],
)
def test_bad_input(clips, message):
    with pytest.raises(ValueError, match=message):
        make_model()(clips.double(), generator=generator())
