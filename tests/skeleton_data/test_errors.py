"""The fields of a DataError say what its sentence says, also beyond the process that raised it."""

import pickle

import numpy as np
import pytest
from refusal import facts

from skeleton_data import DataError, ImportConfig, layout, open_clips, read_skeleton
from skeleton_data.errors import JointError, OutputError
from skeleton_data.importing.source import OpenedClips


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


@pytest.mark.parametrize(
    "error",
    [
        DataError.at("x.npz", line=4, field="a[1]", expected="3 numbers", found="2"),
        DataError.at("x.npz", field="a[1]", expected="3 numbers", found="2"),
        DataError("a joint is missing"),
    ],
)
def test_an_error_that_is_raised_again_with_its_clip_keeps_its_fields(error):
    again = error.within("x.npz", clip="wave")
    names = ("line", "field", "expected", "found")
    assert [getattr(again, name) for name in names] == [getattr(error, name) for name in names]
    assert again.path == "x.npz"
    assert all(str(again).count(said) == 1 for said in ("x.npz", "'wave'"))
    assert str(again.within("y.npz", clip="wave")) == str(again)


def test_a_clip_that_cannot_be_prepared_keeps_the_fields_of_its_error(monkeypatch, tmp_path):
    def damaged(*_: object) -> None:
        raise DataError.at("inner.csv", line=2, field="x", expected="a number", found="'?'")

    joints = layout("kinect_v1").joints
    np.savez(
        tmp_path / "mine.npz",
        positions_m=np.ones((4, 20, 3)),
        offsets=[0, 4],
        joint_names=list(joints),
        fps=30,
    )
    data = open_clips(tmp_path / "mine.npz", ImportConfig(layout="kinect_v1"))
    monkeypatch.setattr(OpenedClips, "_prepare", damaged)
    (error,) = data
    assert isinstance(error, DataError)
    assert (error.path, error.line, error.field, error.expected) == ("inner.csv", 2, "x", "a number")
    assert "clip000000" in str(error)


def test_joints_of_no_layout_name_their_file(tmp_path):
    joints = layout("kinect_v1").joints[:-1]
    np.savez(
        tmp_path / "mine.npz",
        positions_m=np.ones((4, 19, 3)),
        offsets=[0, 4],
        joint_names=list(joints),
        fps=30,
    )
    with pytest.raises(JointError) as error:
        open_clips(tmp_path / "mine.npz", ImportConfig(layout="kinect_v1"))
    assert (error.value.path, error.value.joints) == (str(tmp_path / "mine.npz"), joints)


def test_a_name_with_control_characters_stays_in_its_line():
    """A terminal must not obey them; the attributes keep what was given."""
    name = "wave\x85\u2028\x1b[2J\nclip 1: wave"
    for error in (DataError.at(name, "damaged"), DataError.at(name, "damaged", line=3).within(name)):
        assert str(error).isprintable() and error.path == name
    assert OutputError(28, "No space left on device", name).filename == name
    assert str(OutputError(28, "No space left on device", name)).isprintable()
