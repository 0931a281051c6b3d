"""The command `skeleton-predict`: what it prints, and how it ends."""

import csv
import io
import json
import shutil

import numpy as np
import pytest
from trained_model import MODEL

from skeleton_runtime.cli.main import main


@pytest.fixture
def predict(capsys, monkeypatch):
    """Run the command: its exit code, lines, and lines of complaint."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", None if stdin is None else io.StringIO(stdin))
        code = 0
        try:
            main([str(MODEL), *map(str, arguments)])
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err.splitlines()

    return run


def test_three_formats_say_the_same(predict, raw, recogniser):
    expected = recogniser.predict(raw)
    code, lines, errors = predict(raw, "--top", "2")
    assert (code, errors) == (0, [])
    for line, answer in zip(lines, expected, strict=True):
        best = ", ".join(f"{name} {100 * share:.1f} %" for name, share in answer.best(2).items())
        assert line == f"{answer.file}: {best}"
    answers = [json.loads(line) for line in predict("--format", "json", raw)[1]]
    assert [answer["label"] for answer in answers] == [answer.label for answer in expected]
    rows = list(csv.DictReader(predict(raw, "--format", "csv", "--top", "1")[1]))
    assert [row["class"] for row in rows] == [answer.label for answer in expected]
    assert [float(row["probability"]) for row in rows] == pytest.approx(
        [answer.best(1)[answer.label] for answer in expected], abs=1e-4
    )


def test_the_ending_of_a_raw_recording_may_have_capitals(predict, raw, recogniser, tmp_path):
    file = shutil.copy(min(raw.glob("*.skeleton")), tmp_path / "A.SKELETON")
    (expected,) = recogniser.predict(min(raw.glob("*.skeleton")))
    for where in (file, tmp_path):
        code, lines, errors = predict(where, "--format", "json")
        assert (code, errors) == (0, []) and json.loads(lines[0])["label"] == expected.label


def test_windows_are_told_with_their_frames(predict, raw, clips):
    file = min(raw.glob("*.skeleton"))
    _, lines, _ = predict(file, "--window", "1s", "--stride", "0.5s")
    assert lines[1].startswith(f"{file} frames 15-44: ")
    answers = [json.loads(line) for line in predict(file, "--window", "30", "--format", "json")[1]]
    assert answers[-1]["last_frame"] == len(clips[0]) - 1
    assert answers[1]["start"] == pytest.approx(0.5)


def test_a_note_spells_options_as_the_command_does(predict, clips, tmp_path):
    x, y, z = np.moveaxis(clips[0][:, 0], -1, 0)
    np.save(tmp_path / "lying.npy", np.stack([x, -z, y], axis=-1))
    code, _, errors = predict(tmp_path / "lying.npy", "--units", "m", "--fps", "30")
    assert code == 0 and len(errors) == 1 and "--up=z" in errors[0] and "the option" not in errors[0]


def test_joints_without_names_are_those_of_the_model(predict, clips, recogniser, tmp_path):
    """Also where another layout, body25, has as many."""
    np.save(tmp_path / "bare.npy", clips[0][:, 0])
    code, lines, errors = predict(
        tmp_path / "bare.npy", "--units", "m", "--fps", "30", "--format", "json", "--top", "2"
    )
    assert (code, errors) == (0, [])
    expected = recogniser.predict(clips[0][:, :1])[0].best(2)
    assert json.loads(lines[0])["classes"] == pytest.approx(expected, abs=1e-4)


def test_live(predict, clips, recogniser):
    lines = "".join(f"{json.dumps(frame.tolist())}\n" for frame in clips[0][:50]) + "[]\n\n"
    code, printed, _ = predict("--live", "--window", "40", "--stride", "10", "--format", "json", stdin=lines)
    answers = [json.loads(line) for line in printed]
    assert code == 0 and [answer["first_frame"] for answer in answers] == [0, 10]
    best = recogniser.predict(clips[0][:40])[0].best(5)
    assert answers[0]["classes"] == pytest.approx(best, abs=1e-4)


TWO_FRAMES = 2 * f"{json.dumps(np.linspace(0.1, 1.8, 75).reshape(25, 3).tolist())}\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "complaint"),
    [
        ((), "", "--live"),
        (("x.npz", "--live"), "", "--live"),
        (("nowhere.npz",), "", "nowhere.npz: no such file"),
        (("x.npz", "--window", "soon"), "", "window"),
        (("x.npz", "--top", "0"), "", "--top"),
        (("x.npz", "--stride", "1s"), "", "--stride"),
        (("x.npz", "--smooth", "3"), "", "--smooth"),
        (("x.npz", "--events", "--top", "3"), "", "--top"),
        (("x.npz", "--missing", "refuse", "--max-gap", "5"), "", "--max-gap"),
        (("--live", "--min-confidence", "0.3"), "", "--min-confidence"),
        (("x.npz", "--fps", "-1"), "", "fps"),
        (("x.npz", "--nonsense"), "", "--nonsense"),
        (("x.npz", "--fps", "1e-300"), "", "fps"),
        (("x.npz", "--threads", "100000"), "", "--threads"),
        (("--live", "--fps", "1e-9", "--window", "2", "--stride", "1"), TWO_FRAMES, "fps"),
        (("--live",), "{", "line 1: "),
        (("--live", "--format", "csv"), "{", "line 1: "),
        (("nowhere.npz", "--format", "csv", "--events"), "", "nowhere.npz: no such file"),
        (("--live",), "[]\n[[1, 2, 3]]", "line 2: "),
        (("--live",), "[" * 100_000, "line 1: "),
        (("--live", "--stride", "x"), "", "stride"),
        (("--live",), f"{[[1e37] * 3] * 25}", "line 1: a frame has a coordinate"),
        (("--live", "--layout", "no"), "", "no"),
        (("--live",), f"{[[1e300] * 3] * 25}", "line 1: a frame has a coordinate"),
        (("--live",), f"{[[1, 2, 3]] * 24 + [None]}".replace("None", "null"), "[null, null, null]"),
        (("--live", "--units", "px"), "", "units"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_exit_code_2(
    predict, tmp_path, monkeypatch, clips, arguments, stdin, complaint
):
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", positions_m=clips[0][:, 0], offsets=[0, len(clips[0])], fps=30.0, joint_names=NAMES)
    code, lines, errors = predict(*arguments, stdin=stdin)
    assert (code, lines) == (2, [])
    assert len(errors) == 1 and errors[0].startswith("skeleton-predict: error: ") and complaint in errors[0]


def test_the_version_is_printed(predict):
    assert predict("--version") == (0, ["skeleton-predict 0.1.0"], [])


def test_a_stream_without_a_standard_input_has_no_frames(predict):
    assert predict("--live", stdin=None) == (0, [], [])


def test_a_full_disk_is_one_line_with_exit_code_74(predict, raw, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skeleton_runtime.cli.output.as_table", full)
    code, lines, errors = predict(raw)
    assert (code, lines, len(errors)) == (74, [], 1) and "No space left" in errors[0]


def test_a_bad_recording_does_not_stop_the_others(predict, raw, tmp_path):
    good = min(raw.glob("*.skeleton"))
    for name in ("a", "c"):
        (tmp_path / f"{name}.skeleton").write_text("1\n")
    (tmp_path / "b.skeleton").write_bytes(good.read_bytes())
    code, lines, errors = predict(tmp_path)
    assert (code, len(lines)) == (2, 1) and lines[0].startswith(f"{tmp_path}/b.skeleton: ")
    assert [line.count(f"{name}.skeleton") for line, name in zip(errors, "ac", strict=True)] == [1, 1]


NAMES = [
    *("spine_base", "spine_mid", "neck", "head", "left_shoulder", "left_elbow", "left_wrist", "left_hand"),
    *("right_shoulder", "right_elbow", "right_wrist", "right_hand", "left_hip", "left_knee", "left_ankle"),
    *("left_foot", "right_hip", "right_knee", "right_ankle", "right_foot", "spine_shoulder"),
    *("left_hand_tip", "left_thumb", "right_hand_tip", "right_thumb"),
]


def test_what_a_folder_has_beside_the_recordings_that_are_read_is_told(predict, raw, tmp_path):
    """Recordings of another format are an error; of other files nobody knows whether they are any."""
    shutil.copy(min(raw.glob("*.skeleton")), tmp_path)
    (tmp_path / "one.npy").touch()
    code, lines, errors = predict(tmp_path)
    assert (code, len(lines), len(errors)) == (0, 1, 1)
    assert "note" in errors[0] and "1 .npy" in errors[0]
    for name in ("wave.json", "wave.csv"):
        (tmp_path / name).write_text(
            json.dumps([{"pose_world_landmarks": []}]) if name == "wave.json" else "frame,a_x,a_y,b_x,b_y\n"
        )
    code, lines, (_, error) = predict(tmp_path)
    assert (code, len(lines)) == (2, 1)
    assert str(tmp_path) in error and "wave.json" in error and "wave.csv" in error


def test_a_folder_of_two_formats_is_refused_as_by_import(predict, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"pose_world_landmarks": []}]))
    (tmp_path / "b.json").write_text(json.dumps({"frames": [], "bone_list": [], "joint_names": []}))
    code, lines, (error,) = predict(tmp_path)
    assert (code, lines) == (2, []) and "a.json" in error and "b.json" in error
