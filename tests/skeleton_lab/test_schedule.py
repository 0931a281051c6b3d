"""Schedules against their definitions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeleton_lab import pretrain
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.training.mask_schedule import MaskSchedule
from skeleton_lab.training.schedule import Cosine, MultiStep
from skeletonmae import SkeletonMAE


def test_the_papers_schedule_falls_at_epochs_60_90_110_of_200():
    per_epoch = 7
    factors = [MultiStep().factor(step, 200 * per_epoch) for step in range(200 * per_epoch)]
    for epoch, factor in [(0, 1.0), (59, 1.0), (60, 0.1), (89, 0.1), (90, 0.01), (110, 1e-3), (199, 1e-3)]:
        assert factors[epoch * per_epoch] == pytest.approx(factor)
        assert factors[epoch * per_epoch + per_epoch - 1] == pytest.approx(factor)


def test_milestones_in_epochs_stay_where_they_are_in_a_shorter_training():
    per_epoch, papers = 7, MultiStep(milestones=[60, 90, 110])
    long, short = (
        [papers.factor(step, epochs * per_epoch, per_epoch) for step in range(epochs * per_epoch)]
        for epochs in (200, 70)
    )
    assert long == [MultiStep().factor(step, 200 * per_epoch) for step in range(200 * per_epoch)]
    assert short == long[: len(short)]


@pytest.mark.parametrize(("given", "kept"), [(1, 1), (1.0, 1.0), ("5", 5), ("0.5", 0.5), (0, 0)])
def test_whole_numbers_are_epochs_and_others_shares(given, kept):
    warmup = Cosine(warmup=given).warmup
    assert (warmup, type(warmup)) == (kept, type(kept))


@pytest.mark.parametrize("point", [-1, 1.5, -0.1])
def test_neither_an_epoch_nor_a_share(point):
    with pytest.raises(ValueError, match="milestones"):
        MultiStep(milestones=[point])


def test_cosine_is_half_a_cosine_above_its_floor():
    schedule = Cosine(floor=0.2)
    for step in range(50):
        assert schedule.factor(step, 50) == pytest.approx(0.2 + 0.4 * (1 + math.cos(math.pi * step / 50)))


@given(st.integers(2, 500), st.floats(0, 0.9), st.sampled_from([Cosine, MultiStep]))
def test_factors_grow_in_the_warm_up_and_never_afterwards(steps, warmup, kind):
    schedule = kind(warmup=warmup)
    factors = [schedule.factor(step, steps) for step in range(steps)]
    warm = round(warmup * steps)
    assert all(0 < factor <= 1 for factor in factors)
    assert factors[:warm] == sorted(factors[:warm])
    assert factors[warm:] == sorted(factors[warm:], reverse=True)


@given(start=st.floats(0, 2), until=st.floats(0.05, 1), steps=st.integers(1, 300), data=st.data())
def test_the_ratios_of_masks_go_from_their_start_to_the_recipes(start, until, steps, data):
    step = data.draw(st.integers(0, steps))
    done = min(1.0, step / steps / until)
    linear, cosine = (MaskSchedule(kind=kind, start=start, until=until) for kind in ("linear", "cosine"))
    assert linear.factor(step, steps) == pytest.approx(start * (1 - done) + done, abs=1e-9)
    half_cosine = math.cos(math.pi * done / 2) ** 2
    assert cosine.factor(step, steps) == pytest.approx(start * half_cosine + 1 - half_cosine, abs=1e-9)
    assert MaskSchedule(start=start).factor(step, steps) == 1


def test_a_run_hides_what_its_schedule_says_and_validates_with_the_recipes_mask(
    pretrain_recipe, tmp_path, monkeypatch
):
    shown, sample = [], SkeletonMAE.sample_mask

    def noting(self, *arguments):
        mask = sample(self, *arguments)
        shown.append((self.training, mask.visible_per_clip))
        return mask

    monkeypatch.setattr(SkeletonMAE, "sample_mask", noting)
    ratios = ("--mask.frame_ratio", "0.5", "--mask.joint_ratio", "0.5", "--training.steps", "4")
    schedule = (
        "--mask_schedule.kind",
        "linear",
        "--mask_schedule.start",
        "0",
        "--mask_schedule.until",
        "0.5",
    )
    place = ("--run.folder", str(tmp_path / "scheduled"), "--model.target.uncertainty", "joint")
    shortcuts = pretrain.MASK_SHORTCUTS

    def read(*options):
        return read_recipe(
            pretrain.PretrainConfig, [str(pretrain_recipe), *options], program="", shortcuts=shortcuts
        )

    result = pretrain.run(read(*ratios, *schedule, *place), bar={"disable": True})
    assert [count for training, count in shown if training][-4:] == [8 * 20, 6 * 15, 4 * 10, 4 * 10]
    assert {count for training, count in shown if not training} == {4 * 10}
    assert result.validation_loss > 0
    with pytest.raises(InputError) as refused:
        read(*ratios, "--mask_schedule.kind", "cosine", "--mask_schedule.start", "2")
    assert "mask_schedule.start" in str(refused.value) and "model.mask.frame_ratio" in str(refused.value)
