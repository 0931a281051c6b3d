"""Numbers of JSON and of tables, read by pydantic's parser, are those of Python's own `json` and `float`."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refusal

from skeleton_data.errors import DataError
from skeleton_data.files.json_file import parse_json
from skeleton_data.readers import table_file
from skeleton_data.readers.table_file import Table

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=50)
@given(json_values, st.booleans())
def test_json_is_what_json_says(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert repr(parse_json(text, "it")) == repr(json.loads(text))


@given(st.text('[]{}",:0123456789eE+-.truefalsn \\u', max_size=12))
def test_what_is_no_json_stays_none(text: str) -> None:
    try:
        expected = repr(json.loads(text))
    except ValueError:
        with pytest.raises(DataError):
            parse_json(text, "it")
        return
    assert repr(parse_json(text, "it")) == expected


cells = st.one_of(
    st.floats(-1e6, 1e6).map(repr),
    st.floats(-1e6, 1e6).map("{:.3f}".format),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["", " ", "nan", "NaN", "NA", "null", "true", "[1", "2]", '"3"', "1,2", ".5", "-.5", "+1", "007"]
    ),
)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_a_block_is_its_columns_read_one_by_one(rows: list[tuple[str, str]]) -> None:
    table = Table(Path("a.csv"), dict(zip("ab", zip(*rows, strict=True), strict=True)), range(2, 9))
    try:
        expected = np.stack([table.numbers("a"), table.numbers("b")], axis=1)
    except DataError as error:
        with refusal("line") as found:
            table.block("ab")
        assert str(found.value) == str(error)
        return
    np.testing.assert_array_equal(table.block("ab"), expected)


def test_a_block_of_many_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "CELLS", 7)
    columns = {"a": [f"{number}.5" for number in range(10)], "b": [str(number) for number in range(10)]}
    expected = np.arange(10)[:, None] + [0, 0.5]
    np.testing.assert_array_equal(Table(Path("a.csv"), columns, range(10)).block(["b", "a"]), expected)
