"""File names of NTU RGB+D."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refusal

from skeleton_data.ntu.name import NtuName


@given(numbers=st.tuples(*[st.integers(1, 999)] * 5))
def test_names_round_trip(numbers: tuple[int, int, int, int, int]) -> None:
    name = NtuName(*numbers)
    assert NtuName.parse(str(name)) == name
    assert name.label == numbers[4] - 1


@pytest.mark.parametrize(
    "name",
    [
        "",
        "S001C001P001R001",
        "s001c001p001r001a001",
        "S001C001P001R001A000",
        "S001C001P001R001A001 ",
        "S1C1P1R1A1",
    ],
)
def test_a_name_that_does_not_parse(name: str) -> None:
    with refusal("is not a name like S001C002P003R001A050"):
        NtuName.parse(name)
