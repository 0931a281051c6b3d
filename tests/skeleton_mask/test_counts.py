"""The rounding rule."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeleton_mask import masked_count


@pytest.mark.parametrize(
    ("ratio", "count", "hidden"),
    [
        (0.0, 25, 0),
        (0.5, 25, 13),  # a tie goes up
        (0.5, 20, 10),
        (0.4, 20, 8),
        (0.6, 25, 15),
        (0.58, 25, 15),  # 14.5, which is 14.499999999999998 in binary
        (0.1, 25, 3),  # 2.5
        (0.019, 25, 0),
        (0.02, 25, 1),  # a tie again
        (0.99, 25, 24),  # 24.75: one is always left
        (0.999, 1, 0),
        (0.9, 500, 450),  # int(500 * (1 - 0.9)) would leave 49
        (451, 500, 451),  # a count
        (0, 25, 0),
        (1, 25, 1),
    ],
)
def test_known_counts(ratio: float, count: int, hidden: int) -> None:
    assert masked_count(ratio, count) == hidden


@given(st.integers(0, 999), st.integers(1, 3000))
def test_is_exact_decimal_rounding(thousandths: int, count: int) -> None:
    exact = (2 * Fraction(thousandths, 1000) * count + 1) // 2
    assert masked_count(thousandths / 1000, count) == min(exact, count - 1)


@pytest.mark.parametrize("ratio", [-0.1, 1.0, 1.5, float("nan")])
def test_refuses_a_ratio_out_of_range(ratio: float) -> None:
    with pytest.raises(ValueError, match=rf"beta must be at least 0 and below 1, got {ratio}"):
        masked_count(ratio, 25, field="beta")


@pytest.mark.parametrize("hidden", [-1, 25, 26])
def test_refuses_a_count_that_is_out_of_range_or_hides_all(hidden: int) -> None:
    with pytest.raises(ValueError, match=rf"beta as a count must be at least 0 and below 25, got {hidden}"):
        masked_count(hidden, 25, field="beta")


def test_refuses_nothing_to_count() -> None:
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        masked_count(0.5, 0)
