"""The fields of a DataError say what its sentence says, also beyond the process that raised it."""

import pickle

import pytest
from refusal import facts

from skeleton_data import DataError, read_skeleton


def test_fields_of_an_error_of_a_reader(tmp_path):
    path = tmp_path / "S001C001P001R001A001.skeleton"
    path.write_text("two\n")
    with pytest.raises(DataError) as error:
        read_skeleton(path)
    there = pickle.loads(pickle.dumps(error.value))  # as a worker process hands it on
    for each in (error.value, there):
        assert (each.path, each.line, each.found) == (str(path), 1, "'two'")
        assert str(each).startswith(f"{path}, line 1: ") and each.found in str(each)


@pytest.mark.parametrize("fields", [{}, {"line": 4}, {"field": "a[1]"}, {"line": 4, "field": "a[1]"}])
def test_the_sentence_has_each_field_that_is_given(fields):
    error = DataError.at("x.json", expected="3 numbers", found=2, **fields)
    assert str(error) == facts(error)
    assert [getattr(error, name) for name in fields] == [*fields.values()] and error.found == "2"
    assert DataError.at("x.json", "damaged", **fields).expected is None
