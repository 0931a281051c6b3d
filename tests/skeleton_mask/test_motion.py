"""Motion and the masks drawn by it."""

import math

import pytest
import torch

from skeleton_mask import clip_noise, clip_seeds, masked_count, motion, motion_aware


@pytest.mark.parametrize("patch", [1, 2, 3])
def test_motion_equals_loops(patch: int) -> None:
    x = torch.randn(2, 3, 6, 4, dtype=torch.float64)
    found = motion(x, patch_frames=patch)
    assert found.shape == (2, 6 // patch, 4)
    for n in range(2):
        for p in range(6 // patch):
            for v in range(4):
                q = max(p, 1)  # the first patch takes the value of the second
                steps = [
                    abs(x[n, c, q * patch + k, v] - x[n, c, (q - 1) * patch + k, v])
                    for c in range(3)
                    for k in range(patch)
                ]
                torch.testing.assert_close(found[n, p, v], sum(steps) / len(steps))


def test_motion_aware_equals_loops() -> None:
    clips, frames, joints = 4, 3, 5
    weights = torch.rand(clips, frames, joints, generator=torch.Generator().manual_seed(0))
    seeds = clip_seeds(0, 0, torch.arange(clips))
    noise = clip_noise((clips, frames * joints), seeds).tolist()
    mask = motion_aware(weights, 0.6, tau=0.3, generator=seeds)
    for n in range(clips):
        flat = weights[n].flatten().tolist()
        keys = [m / max(flat) / 0.3 - math.log(-math.log(u)) for m, u in zip(flat, noise[n], strict=True)]
        order = sorted(range(len(keys)), key=lambda place: -keys[place])
        hidden = set(order[: masked_count(0.6, frames * joints)])
        assert mask.visible[n].flatten().tolist() == [place not in hidden for place in range(frames * joints)]


def test_places_are_drawn_in_proportion_to_the_softmax() -> None:
    clips, tau = 20_000, 0.7
    weights = torch.tensor([0.0, 0.5, 1.0, 2.0]).reshape(1, 1, 4)
    mask = motion_aware(
        weights.expand(clips, 1, 4), 0.25, tau=tau, generator=torch.Generator().manual_seed(0)
    )
    share = mask.masked.float().mean(dim=(0, 1))
    expected = (weights[0, 0] / 2.0 / tau).softmax(dim=0)
    assert (share - expected).abs().max() < 5 * 0.5 / clips**0.5


def test_what_moves_most_is_hidden_when_tau_is_small() -> None:
    weights = torch.arange(12.0).reshape(1, 3, 4)
    mask = motion_aware(weights, 0.5, tau=1e-3, generator=torch.Generator().manual_seed(0))
    assert mask.visible.flatten().tolist() == [True] * 6 + [False] * 6


def test_unit_of_the_motion_does_not_matter() -> None:
    weights = torch.rand(3, 4, 5)
    seeds = torch.arange(3)
    metres, millimetres = (
        motion_aware(scale * weights, 0.5, tau=0.5, generator=seeds).visible for scale in (1.0, 1024.0)
    )
    assert torch.equal(metres, millimetres)


def test_a_clip_depends_on_its_own_seed_and_motion_only() -> None:
    weights, seeds = torch.rand(5, 4, 6), clip_seeds(0, 0, torch.arange(5))
    together = motion_aware(weights, 0.5, tau=0.5, generator=seeds).visible
    alone = motion_aware(weights[3:4], 0.5, tau=0.5, generator=seeds[3:4]).visible
    assert torch.equal(alone[0], together[3])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_refuses_weights_that_are_no_motion(bad: float) -> None:
    weights = torch.ones(2, 3, 4)
    weights[1, 2, 3] = bad
    with pytest.raises(ValueError, match=f"weights must be finite and not negative, got {bad}"):
        motion_aware(weights, 0.5, tau=0.5, generator=torch.Generator())


@pytest.mark.parametrize("tau", [0.0, -1.0, float("nan")])
def test_refuses_a_temperature_that_is_not_above_zero(tau: float) -> None:
    with pytest.raises(ValueError, match=f"tau must be above 0, got {tau}"):
        motion_aware(torch.ones(2, 3, 4), 0.5, tau=tau, generator=torch.Generator())


def test_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match=r"weights must be \(clips, frames, joints\), got shape \(2, 3\)"):
        motion_aware(torch.ones(2, 3), 0.5, tau=1.0, generator=torch.Generator())
    with pytest.raises(
        ValueError, match=r"x must be \(clips, channels, frames, joints\), got shape \(2, 3, 4\)"
    ):
        motion(torch.ones(2, 3, 4))
    with pytest.raises(ValueError, match="patch_frames must divide the 4 frames of x, got 3"):
        motion(torch.ones(1, 3, 4, 2), patch_frames=3)
