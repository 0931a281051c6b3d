"""Schedules against their definitions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeleton_lab.training.schedule import Cosine, MultiStep


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
