"""Counter-based random numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data.transforms import Draw, hashed, permutation, uniform

integers = st.integers(-(2**63), 2**63 - 1)


def splitmix64(state: int) -> int:
    """One output of the published generator, in integers of any size."""
    word = 2**64 - 1
    state = (state + 0x9E3779B97F4A7C15) & word
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & word
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & word
    return state ^ (state >> 31)


def test_published_first_output():
    assert hashed(0)[0] == 0xE220A8397B1DCDAF


@given(st.lists(integers, min_size=1, max_size=4))
def test_hash_is_a_chain_of_splitmix64(keys):
    state = 0
    for key in keys:
        state = splitmix64(state ^ (key % 2**64))
    assert hashed(*keys)[0] == state


def test_numbers_never_change():
    drawn = uniform(7, [0, 3], [11, 12], [Draw.CROP_LENGTH, Draw.ROTATION_Z])
    np.testing.assert_array_equal(
        drawn,
        [[0.6826555593613686, 0.8368183514227783], [0.6937632694877529, 0.0471300957419345]],
    )
    assert permutation(8, 7, Draw.ORDER, 1).tolist() == [1, 0, 6, 2, 4, 5, 3, 7]


@given(st.integers(0, 2**31), st.lists(st.integers(0, 10**7), min_size=1, max_size=8))
def test_a_row_depends_on_its_own_keys_only(seed, clips):
    draws = [Draw.CROP_START, Draw.ROTATION_X]
    together = uniform(seed, np.arange(len(clips)), clips, draws)
    for row, clip in enumerate(clips):
        np.testing.assert_array_equal(together[row], uniform(seed, [row], [clip], draws)[0])
        np.testing.assert_array_equal(together[row, 1:], uniform(seed, [row], [clip], draws[1:])[0])


@pytest.mark.parametrize("vary", ["seed", "epoch", "clip", "draw"])
def test_uniform_along_every_key(vary):
    keys = {"seed": 5, "epoch": 2, "clip": 9, "draw": 4} | {vary: np.arange(20_000)}
    bits = hashed(keys["seed"], keys["epoch"], keys["clip"], keys["draw"])
    numbers = (bits >> np.uint64(11)) * 2.0**-53
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert np.square(counts - 1000).sum() / 1000 < 45  # chi-square, 19 degrees of freedom: p = 0.0007
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.03
    assert len(np.unique(bits)) == 20_000


def test_draws_of_one_clip_are_not_correlated():
    drawn = uniform(0, 0, np.arange(20_000), list(Draw))
    correlation = np.corrcoef(drawn.T) - np.eye(len(Draw))
    assert drawn.min() >= 0 and drawn.max() < 1
    assert np.abs(correlation).max() < 0.03


@given(st.integers(0, 300), st.integers(0, 100))
def test_permutation_holds_each_number_once(count, epoch):
    assert sorted(permutation(count, 1, Draw.ORDER, epoch)) == list(range(count))
