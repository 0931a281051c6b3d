"""Files are read as those of the training were, through the command line, in Python and live."""

import io
import json

import numpy as np
import pytest

from skeleton_data import DataError, FileOptions, layout
from skeleton_runtime import Recogniser
from skeleton_runtime.cli.main import main


def csv_of(path, clip):
    """A clip (T, V, 3) as a table, with the names of its joints."""
    head = ",".join(f"{joint}_{axis}" for joint in layout("ntu").joints for axis in "xyz")
    np.savetxt(path, clip.reshape(len(clip), -1), delimiter=",", header=head, comments="", fmt="%.6f")
    return path


@pytest.fixture
def upright(clips):
    return clips[0][:, 0]


@pytest.fixture
def z_up(upright):
    x, y, z = np.moveaxis(upright, -1, 0)
    return np.stack([x, -z, y], axis=-1)


@pytest.fixture
def trained(recogniser, monkeypatch):
    """Let models be loaded whose training files were imported with some options."""

    def of(*imported):
        preprocessing = recogniser.preprocessing.model_copy(update={"imported": imported})
        found = Recogniser(preprocessing, recogniser.network, recogniser.calibration)
        monkeypatch.setattr(Recogniser, "load", lambda *_, **__: found)
        return found

    return of


@pytest.fixture
def predict(capsys, monkeypatch):
    """Run the command: its exit code, its only answer if there is one, and what it complains of."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = 0
        try:
            main(["MODEL", *map(str, arguments), "--format", "json", "--top", "3"])
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        answers = [json.loads(line)["classes"] for line in printed.out.splitlines()]
        return code, answers, printed.err.splitlines()

    return run


FILE = ("--units", "m", "--fps", "30")


def test_up_is_that_of_the_training_and_is_said(trained, predict, recogniser, upright, z_up, tmp_path):
    trained(FileOptions(format="table", up="z"))
    files = [csv_of(tmp_path / f"{name}.csv", z_up) for name in "ab"]
    code, answers, notes = predict(*files, *FILE)
    expected = recogniser.predict(upright)[0].best(3)
    assert code == 0 and answers == 2 * [pytest.approx(expected, abs=1e-3)]
    assert len(notes) == 1 and "--up=z" in notes[0]
    assert predict(*files, *FILE, "--up=z") == (0, answers, [])
    other = csv_of(tmp_path / "upright.csv", upright)
    assert predict(other, *FILE, "--up=y") == (0, answers[:1], [])
    assert predict(other, *FILE)[:2] == (2, [])


def test_who_lies_is_recognised_where_up_is_said(trained, predict, z_up, tmp_path):
    trained(FileOptions(format="table", up="z"))
    lying = csv_of(tmp_path / "lying.csv", z_up[..., [2, 1, 0]] * np.float32([1, 1, -1]))
    code, answers, errors = predict(lying, *FILE)
    assert (code, answers) == (2, []) and "--up=x" in errors[-1] and "--up=z" in errors[-1]
    code, answers, notes = predict(lying, *FILE, "--up=z")
    assert (code, len(answers), len(notes)) == (0, 1, 1)


@pytest.mark.parametrize(
    "imported", [(), (FileOptions(format="table"),), (FileOptions(format="c3d", up="z"),)], ids=str
)
def test_other_files_are_read_as_before(trained, predict, upright, tmp_path, imported):
    trained(*imported)
    code, answers, errors = predict(csv_of(tmp_path / "upright.csv", upright), *FILE)
    assert (code, len(answers), errors) == (0, 1, [])


def test_a_training_of_several_axes_asks(trained, predict, z_up, tmp_path):
    trained(FileOptions(format="table", up="z"), FileOptions(format="table"))
    file = csv_of(tmp_path / "a.csv", z_up)
    code, answers, errors = predict(file, *FILE)
    assert (code, answers, len(errors)) == (2, [], 1) and "--up" in errors[0]
    assert predict(file, *FILE, "--up=z")[0] == 0


def test_the_rate_of_the_training_counts_where_a_file_says_none(trained, upright, tmp_path):
    np.save(tmp_path / "a.npy", upright)
    known = trained(FileOptions(format="array", fps=60))
    assert known.predict(tmp_path / "a.npy", units="m")[0].fps == 60
    assert known.predict(tmp_path / "a.npy", units="m", fps=20)[0].fps == 20


def test_joints_without_names_have_the_layout_of_the_training(trained, predict, upright, tmp_path):
    """Also where it has as many joints as that of the model."""
    np.save(tmp_path / "a.npy", upright)
    options = (tmp_path / "a.npy", *FILE, "--derive", "--insist")
    trained()
    expected = predict(*options, "--source-layout", "body25")[1]
    assert predict(*options)[1] != expected
    trained(FileOptions(format="array", source_layout="body25"))
    code, answers, notes = predict(*options)
    assert (code, answers) == (0, expected) and "--source-layout=body25" in notes[0]
    trained(FileOptions(format="array", source_layout="mine.toml"))
    code, answers, errors = predict(*options)
    assert (code, answers) == (2, []) and "--source-layout" in errors[0]


def test_joints_with_names_need_no_layout(trained, predict, upright, tmp_path):
    trained(FileOptions(format="own", source_layout="body25"))
    names, offsets = layout("ntu").joints, [0, len(upright)]
    np.savez(tmp_path / "a.npz", positions_m=upright, offsets=offsets, joint_names=names)
    assert predict(tmp_path / "a.npz")[0] == 0


def test_a_least_confidence_of_the_training_needs_none(trained, predict, upright, tmp_path):
    trained(FileOptions(format="table", min_confidence=0.5))
    file = csv_of(tmp_path / "a.csv", upright)
    code, _, notes = predict(file, *FILE)
    assert code == 0 and "--min-confidence=0.5" in notes[0]
    assert predict(file, *FILE, "--min-confidence", "0.5")[0] == 2


def test_arrays_and_streams_ask_what_points_up(trained, predict, upright, z_up):
    known = trained(FileOptions(format="table", up="z"))
    with pytest.raises(DataError, match="option up=z"):
        known.predict(z_up)
    with pytest.raises(DataError, match="option up=z"):
        known.stream()
    expected = known.predict(upright, up="y")[0].probabilities
    np.testing.assert_allclose(known.predict(z_up, up="z")[0].probabilities, expected, atol=1e-4)
    lines = "".join(f"{json.dumps(frame.tolist())}\n" for frame in z_up[:30])
    options = ("--live", "--window", "30")
    code, answers, errors = predict(*options, stdin=lines)
    assert (code, answers) == (2, []) and "--up=z" in errors[0]
    code, answers, _ = predict(*options, "--up=z", stdin=lines)
    assert (code, len(answers)) == (0, 1)
