"""Recognition through its command line: of files, of long ones, live; with joints in any order."""

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from predictions import assert_same, expected, frames, run, save_model

from skeleton_data import (
    SkeletonStore,
    StoreWriter,
)
from skeleton_data.layouts.layout import layout
from skeleton_data.synthetic import SyntheticConfig, write_synthetic
from skeleton_lab import predict
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_options


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "kinect", "kinect_v1", origin="first_frame")


@pytest.fixture(scope="module")
def recording(tmp_path_factory, store):
    """Three clips of the store as own data: joints reordered and spelled otherwise, one more, millimetres."""
    opened = SkeletonStore.open(store)
    clips = [opened.read(clip)[:, 0] for clip in (0, 4, 8)]
    order = np.random.default_rng(0).permutation(20)
    names = ["".join(word.title() for word in name.split("_")[::-1]) for name in opened.layout.joints]
    extra = np.zeros((sum(map(len, clips)), 1, 3), np.float32)
    path = tmp_path_factory.mktemp("own") / "own.npz"
    np.savez(
        path,
        positions_mm=np.concatenate([np.concatenate(clips)[:, order] * 1000, extra], axis=1),
        offsets=np.cumsum([0, *map(len, clips)]),
        joint_names=[*(names[joint] for joint in order), "tail"],
    )
    return path


def test_own_data_are_recognised_whatever_the_order_of_joints(model, recording, store):
    opened = SkeletonStore.open(store)
    answers = [json.loads(line) for line in run(model, recording, "--format", "json")]
    assert [answer["clip"] for answer in answers] == ["clip000000", "clip000001", "clip000002"]
    for answer, clip in zip(answers, (0, 4, 8), strict=True):
        joints = opened.read(clip)[:, :1]
        assert_same(answer["classes"], expected(model, joints))
        assert (answer["first_frame"], answer["last_frame"]) == (0, len(joints) - 1)
        assert list(answer["classes"].values()) == sorted(answer["classes"].values(), reverse=True)
        assert answer["file"] == str(recording)


def test_text_names_the_file_and_the_best_classes(model, recording):
    lines = run(model, recording, "--top", "2")
    answer = json.loads(run(model, recording, "--format", "json")[0])
    (first, p), (second, q), _ = answer["classes"].items()
    assert lines[0] == f"{recording} clip000000: {first} {100 * p:.1f} %, {second} {100 * q:.1f} %"
    assert len(lines) == 3


def test_a_window_slides_over_a_long_recording(model, recording, store):
    joints = SkeletonStore.open(store).read(0)[:, :1]
    lines = run(model, recording, "--window", "12", "--stride", "5", "--format", "json", "--batch_size", "2")
    answers = [answer for answer in map(json.loads, lines) if answer["clip"] == "clip000000"]
    assert answers[0]["first_frame"] == 0
    assert answers[-1]["last_frame"] == len(joints) - 1
    for answer in answers:
        start, end = answer["first_frame"], answer["last_frame"] + 1
        assert end - start == 12
        assert_same(answer["classes"], expected(model, joints[start:end]))
    text = run(model, recording, "--window", "12", "--stride", "5")[1]
    assert text.startswith(f"{recording} clip000000 frames 5-16: ")


def test_raw_recordings_and_folders(tmp_path, recording):
    ntu = save_model(tmp_path / "ntu", "ntu")
    write_synthetic(SyntheticConfig(classes=2, subjects=2, repeats=1), tmp_path / "raw")
    (tmp_path / "raw" / "notes.txt").write_text("not a recording")
    files = sorted((tmp_path / "raw").glob("*.skeleton"))
    lines = run(ntu, tmp_path / "raw")
    assert [line.partition(": ")[0] for line in lines] == [str(file) for file in files]
    assert run(ntu, files[1])[0] == lines[1]
    with pytest.raises(
        InputError, match=r"own\.npz has layout of its own \(21 joints\), but .* made for ntu"
    ):
        run(ntu, tmp_path / "raw", recording)
    derived = run(ntu, recording, "--derive")
    assert len(derived) == 3


def test_live_frames_are_recognised_as_they_come(model, store, capsys):
    clip = SkeletonStore.open(store).read(7)  # two bodies
    assert clip.shape[1] == 2
    lines = [*frames(clip), "\n"]
    answers = [
        json.loads(line)
        for line in run(model, "--live", "--window", "10", "--stride", "4", "--format", "json", lines=lines)
    ]
    assert [answer["first_frame"] for answer in answers] == list(range(0, len(clip) - 9, 4))
    for answer in answers:
        assert_same(answer["classes"], expected(model, clip[answer["first_frame"] :][:10]))
        assert answer["latency_ms"] > 0
    printed = capsys.readouterr().err
    assert printed.startswith(f"predict: {len(answers)} windows, ")
    assert "ms median" in printed
    text = run(model, "--live", "--window", "10", "--stride", "4", lines=lines)
    assert text[1].startswith("frames 4-13: ")
    assert text[1].endswith(" ms)")


def test_live_answers_do_not_wait_for_the_end(model, store):
    clip = SkeletonStore.open(store).read(0)
    out, seen = io.StringIO(), []

    def lines():
        for number, line in enumerate(frames(clip[:12])):
            seen.append((number, len(out.getvalue().splitlines())))
            yield line

    given = [str(model), "--live", "--insist", "--window", "4", "--stride", "4"]
    config = read_options(predict.PredictConfig, given, program="predict")
    predict.run(config, lines=lines(), out=out)
    assert [answered for _, answered in seen] == [0] * 4 + [1] * 4 + [2] * 4


def test_a_short_stream_is_one_window_and_nobody_is_nobody(model, store):
    clip = SkeletonStore.open(store).read(0)[:5]
    mapped = np.concatenate([clip, np.zeros_like(clip[:1])])
    lines = [json.dumps((frame[0] * 1000).tolist()) for frame in clip] + ["[]"]
    (answer,) = map(json.loads, run(model, "--live", "--format", "json", "--units", "mm", lines=lines))
    assert_same(answer["classes"], expected(model, mapped))
    assert run(model, "--live", lines=[]) == []


def test_live_joints_of_another_layout_are_found_by_name(tmp_path, store):
    model = save_model(tmp_path / "h36m", "h36m17")
    with pytest.raises(
        InputError, match=r"the stream has layout kinect_v1 .20 joints., but .* made for h36m17"
    ):
        run(model, "--live", "--source_layout", "kinect_v1", lines=[])
    line = frames(SkeletonStore.open(store).read(0)[:1])
    assert len(run(model, "--live", "--source_layout", "kinect_v1", "--derive", lines=line)) == 1


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: a frame must be an array of numbers"),
        ('["a"]', "line 2: a frame must be an array of numbers"),
        ("[[1, 2], [3]]", "line 2: a frame must be an array of numbers"),
        ("[" * 100000, "line 2: a frame must be an array of numbers"),
        ("[[0, 0, 0]]", r"line 2: .*\(20, 3\) or \(M, 20, 3\), .*\(1, 3\)"),
        (json.dumps([[float("inf")] * 3] * 20), "line 2: a frame has a coordinate that is infinite"),
    ],
)
def test_a_bad_frame_is_named_by_its_line(model, line, complaint):
    with pytest.raises(InputError, match=complaint):
        run(model, "--live", lines=[json.dumps([[1.0, 2.0, 3.0]] * 20), line])


def test_bad_input_is_a_line_with_exit_code_2(model, trained, recording, tmp_path, monkeypatch, capsys):
    raw = tmp_path / "S001C001P001R001A001.skeleton"
    raw.write_text("1\n")
    torn = tmp_path / "torn.npz"
    torn.write_bytes(recording.read_bytes()[:500])
    with StoreWriter(tmp_path / "store", layout=layout("ntu"), fps=30) as writer:
        writer.add(np.ones((4, 1, 25, 3)), name="x")
    ntu = save_model(tmp_path / "ntu", "ntu")
    cases = {
        (model,): "name a recording",
        (model, recording, "--live"): "recordings or live",
        (model, recording, "--stride", "3"): "stride 3 needs a window that is at least as long",
        (model, recording, "--smooth", "3"): "smooth: 3",
        (model, recording, "--events", "--top", "3"): "top: 3",
        (model, recording, "--missing", "refuse", "--max_gap", "5"): "max_gap: 5",
        (model, "--live", "--resample", "30"): "resample",
        (model, "--live", "--missing", "hold", "--batch_size", "2"): "batch_size, missing",
        (model, "nowhere.npz"): "nowhere.npz: no such file or folder",
        (
            model,
            raw,
        ): f"{raw} has layout ntu (25 joints), but the model was made for kinect_v1: the data: no joint",
        (model, tmp_path / "store"): "has layout ntu (25 joints), but the model was made for kinect_v1",
        (ntu, raw): f"{raw}, line ",
        (model, torn): f"{torn}: cannot be read",
        (trained["encoder"], recording): "encoder is an encoder, which knows no classes; fine-tune it first",
    }
    for arguments, line in cases.items():
        monkeypatch.setattr(sys, "argv", ["predict", *map(str, arguments)])
        with pytest.raises(SystemExit, match="2"):
            predict.main()
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("predict: error: ")
        assert line in printed.err and "recipe" not in printed.err
        assert printed.err.count("\n") == 1, printed.err


def test_a_bad_recording_does_not_stop_the_others(model, recording, tmp_path, monkeypatch, capsys):
    (tmp_path / "a.npz").write_bytes(recording.read_bytes()[:500])
    shutil.copy(recording, tmp_path / "b.npz")
    (tmp_path / "c.skeleton").write_text("1\n")
    whole = np.load(recording)
    positions = whole["positions_mm"].astype(np.float32)
    positions[whole["offsets"][1]] = np.inf  # the second of three clips
    np.savez(tmp_path / "d.npz", **{**whole, "positions_mm": positions})
    (tmp_path / "e.npz").write_bytes(b"")
    monkeypatch.setattr(sys, "argv", ["predict", str(model), "nowhere", str(tmp_path), "--insist"])
    with pytest.raises(SystemExit, match="2"):
        predict.main()
    printed = capsys.readouterr()
    assert [line.split(": ")[0].removeprefix(str(tmp_path)) for line in printed.out.splitlines()] == [
        *(f"/b.npz clip00000{clip}" for clip in range(3)),
        *(f"/d.npz clip00000{clip}" for clip in (0, 2)),
    ]
    assert [line.partition(": ")[2] for line in printed.out.splitlines()[:3]] == [
        line.partition(": ")[2] for line in run(model, recording)
    ]
    lines = printed.err.splitlines()
    assert [line.split("/")[-1].partition(".")[0] for line in lines[1:]] == ["a", "c", "d", "e"]
    assert all(line.startswith("predict: error: ") for line in lines)
    assert lines[0] == "predict: error: nowhere: no such file or folder"


def test_pictures_are_never_shown_to_a_model_of_3d_joints(tmp_path, model):
    """One line, even where every joint can be derived."""
    names = layout("kinect_v1").joints
    pixels = np.random.default_rng(0).uniform(0, 480, (9, 20, 2))
    np.savez(
        tmp_path / "flat.npz", positions_px=pixels, offsets=[0, 9], joint_names=names, picture=[640, 480]
    )
    with pytest.raises(InputError, match=r"flat\.npz holds 2D joints.* made for 3D joints"):
        run(model, tmp_path / "flat.npz", "--derive")


def test_the_case_of_pictures_for_a_model_of_3d_joints(tmp_path, shared):
    model = save_model(tmp_path / "h36m", "h36m17")
    with pytest.raises(InputError, match=r"03_two_d\.pkl holds 2D joints.* made for 3D joints"):
        run(model, shared / "cases" / "03_two_d.pkl", "--derive")


@pytest.mark.parametrize("lost", [[None] * 3, [float("nan"), 1.0, 1.0], [0.0, 0.0, 0.0]])
def test_a_missing_joint_of_a_stream_stays_where_it_was(model, store, lost):
    clip = SkeletonStore.open(store).read(0)[:6, :1] + np.array([5, 0, 0])
    lines = [frame.tolist() for frame in clip]
    lines[3][0][7] = lines[4][0][7] = lost
    held = clip.copy()
    held[3:5, 0, 7] = clip[2, 0, 7]
    (answer,) = map(json.loads, run(model, "--live", "--format", "json", lines=map(json.dumps, lines)))
    assert_same(answer["classes"], expected(model, held.astype(np.float32)))


def test_the_case_of_a_stream_with_nan(tmp_path, shared):
    """All frames are answered, also after the one with a missing joint."""
    model = save_model(tmp_path / "ntu", "ntu")
    lines = (shared / "cases" / "05_live_nan.txt").read_text().splitlines()
    answers = run(model, "--live", "--window", "4", "--stride", "4", lines=lines)
    assert len(answers) == len(lines) // 4


def test_names_cannot_forge_answers(model, recording, tmp_path, monkeypatch, capsys):
    (tmp_path / "clips").mkdir()
    named = tmp_path / "clips" / "own\x1b[2J\nother: clap 99.0 %.npz"
    shutil.copy(recording, named)
    lines = run(model, named.parent, "--top", "1")
    assert len(lines) == 3
    assert all(r"own\x1b[2J\nother: clap 99.0 %.npz" in line for line in lines)

    forged = Path(shutil.copytree(model, tmp_path / "forged"))
    preprocessing = json.loads((forged / "preprocessing.json").read_text())
    preprocessing["classes"][0] = "wave\x1b[2J\nother: clap 99.0 %"
    (forged / "preprocessing.json").write_text(json.dumps(preprocessing))
    (forged / "SHA256SUMS").unlink()
    monkeypatch.setattr(sys, "argv", ["predict", str(forged), str(recording)])
    with pytest.raises(SystemExit) as ended:
        predict.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert r"preprocessing.json: classes.0: " in line
    assert r"wave\x1b[2J" in line


def test_events_of_a_recording_are_printed_and_drawn(model, recording, store, tmp_path):
    options = ("--window", "0.4s", "--stride", "5", "--smooth", "2", "--events")
    picture = tmp_path / "when.png"
    rows = list(csv.DictReader(run(model, recording, *options, "--format", "csv", "--timeline", picture)))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert rows[0]["first_frame"] == "0" and len(run(model, recording, *options)) == len(rows)
    unsure = save_model(tmp_path / "unsure", "kinect_v1", sure=1, origin="first_frame")
    svg = tmp_path / "a.svg"
    printed = run(unsure, recording, *options, "--threshold", "1", "--format", "csv", "--timeline", svg)
    assert {row["event"] for row in csv.DictReader(printed)} == {"unknown"}
    assert svg.read_text().count("<svg") == 1
    printed = run(unsure, recording, *options[:4], "--threshold", "1", "--format", "csv")
    assert {row["answer"] for row in csv.DictReader(printed)} == {"unknown"}
    with pytest.raises(InputError, match="timeline"):
        run(model, recording, "--timeline", tmp_path / "when.txt")
