"""Recognition through its command line: of files, of long ones, live; with joints in any order."""

import io
import json
import shutil
import sys

import numpy as np
import predict
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import sample_clips
from engine.data import FinetuneData, PretrainData, PretrainSource
from engine.errors import InputError
from engine.options import read_options
from engine.preprocessing import Preprocessing
from engine.saved_model import SavedModel
from engine.weights import save_encoder
from skeleton_data import (
    ClipSampling,
    ClipSet,
    RawClip,
    SkeletonDataset,
    SkeletonStore,
    StoreWriter,
    aligned,
    joint_map,
    prepare,
    read_skeleton,
    write_skeleton,
)
from skeleton_data.cleaning import clean, move_origin, select_bodies
from skeleton_data.contrast_clip import first_bodies
from skeleton_data.layout import layout
from skeleton_data.synthetic import SyntheticConfig, write_synthetic
from sttformer import STTFormer, STTFormerConfig

CLASSES = ("slow", "fast", "wide")


def run(*arguments, lines=()):
    """What the app prints, line by line."""
    config = read_options(predict.PredictConfig, [str(each) for each in arguments], program="predict")
    out = io.StringIO()
    predict.run(config, lines=lines, out=out)
    return out.getvalue().splitlines()


def save_model(folder, name, *, bodies=2, cleaning=None, sure=30, **sampling):
    """A classifier that was never trained, for the layout of that name."""
    torch.manual_seed(0)
    known = layout(name)
    network = STTFormer(
        STTFormerConfig(
            joints=len(known.joints), width=8, blocks=((8, 2),), tuple_frames=2, num_classes=len(CLASSES)
        )
    )
    network.head.weight.data *= sure
    made_for = Preprocessing(
        layout=known,
        bodies=bodies,
        cleaning=cleaning,
        sampling=ClipSampling(frames=8, **sampling),
        classes=CLASSES,
    )
    save_encoder(network.eval(), folder, made_for)
    return folder


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


def expected(model, clip):
    """Probabilities of a clip (T, M, V, 3), from the network itself."""
    saved = SavedModel.open(model)
    with torch.no_grad():
        return saved.load()(sample_clips([clip], saved.preprocessing)).softmax(1)[0].tolist()


def assert_same(classes, probabilities):
    assert [classes[name] for name in CLASSES] == pytest.approx(probabilities, abs=1e-4)


@settings(max_examples=12)
@given(
    st.sampled_from(["joint", "bone", "motion", "bone_motion"]),
    st.sampled_from(["none", "first_frame"]),
    st.booleans(),
    st.integers(1, 3),
)
def test_clips_in_memory_are_sampled_as_those_of_a_store(store, stream, origin, heading, bodies):
    opened, clips = SkeletonStore.open(store), np.arange(0, 96, 9)
    sampling = ClipSampling(frames=7, stream=stream, origin=origin, heading=heading)
    dataset = SkeletonDataset([ClipSet(opened, clips)], sampling, bodies=bodies, training=False, seed=0)
    made_for = Preprocessing(layout=opened.layout, bodies=bodies, sampling=sampling)
    joints = sample_clips([opened.read(int(clip)) for clip in clips], made_for)
    assert torch.equal(joints, dataset.__getitems__(list(range(len(clips)))).joints)


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


CLEANINGS = ("reference", "true_frames", "contrast")
FAR = np.array([3.0, -1.0, 4.0], np.float32)
SURE = 0.2
"""So that no probability is 0 or 1, whatever the coordinates."""


def answers(*arguments, **lines):
    """Probabilities by class, of each window."""
    return [json.loads(line)["classes"] for line in run(*arguments, "--format", "json", **lines)]


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Recordings of one person, of two of whom the second comes late, of one who is first lost (zero)."""
    folder = tmp_path_factory.mktemp("raw")
    rng = np.random.default_rng(3)
    pose = layout_pose("ntu")
    for action, (frames, late) in enumerate([(40, None), (50, 20), (40, None)], start=1):
        walk = FAR + np.cumsum(rng.normal(0, 0.05, (frames, 1, 1, 3)), axis=0)
        joints = pose + walk + rng.normal(0, 0.1, (frames, 2, 25, 3)) + [[[0]], [[1]]]
        joints[:9] *= action < 3
        there = np.ones((frames, 2), bool)
        there[:late, 1] = False
        frame, body = np.nonzero(there)
        path = folder / f"S001C001P{action:03}R001A{action:03}.skeleton"
        write_skeleton(path, RawClip(frames, frame, body + 1, joints[frame, body].astype(np.float32)))
    (folder / "class_names.txt").write_text("\n".join(CLASSES))
    return folder


def layout_pose(name):
    """An upright skeleton (V, 3), wider than a line and no two joints alike."""
    rng = np.random.default_rng(1)
    pose = rng.uniform(-0.3, 0.3, (len(layout(name).joints), 3))
    pose[:, 1] = np.linspace(0, 1.7, len(pose))
    return pose


def mapped(clip, name):
    """A clip of NTU's joints with those of another layout."""
    return joint_map(layout("ntu").joints, layout(name).joints, derive=True)(clip)


def write_own(path, clip, joints):
    """A clip (T, M, V, 3) as own data."""
    np.savez(path, positions_m=clip, offsets=[0, len(clip)], joint_names=joints)
    return path


@pytest.mark.parametrize("cleaning", CLEANINGS)
@pytest.mark.parametrize("name", ["ntu", "h36m17"])
def test_raw_recordings_are_shown_as_the_store_of_the_training_has_them(tmp_path, raw, cleaning, name):
    prepare(raw, tmp_path / "store", cleaning=cleaning, layout_name=name, derive=name != "ntu", workers=1)
    store = SkeletonStore.open(tmp_path / "store")
    clips = FinetuneData(store=store.path, protocol="odd-subjects", validation=0).open()
    carried = clips.preprocessing(ClipSampling()).cleaning
    assert carried == cleaning
    model = save_model(tmp_path / "model", name, cleaning=carried, sure=SURE)
    for clip, file in enumerate(sorted(raw.glob("*.skeleton"))):
        for window in ((), ("--window", "500")):
            (answer,) = answers(model, file, "--derive", *window)
            assert_same(answer, expected(model, store.read(clip)))
    uncleaned = save_model(tmp_path / "other", name, sure=SURE)
    (answer,) = answers(uncleaned, file, "--derive")
    assert_same(answer, expected(uncleaned, mapped(clean(read_skeleton(file)), name)))


@pytest.mark.parametrize("cleaning", CLEANINGS)
@pytest.mark.parametrize("name", ["ntu", "h36m17"])
def test_every_window_is_brought_into_the_coordinates_of_the_training(tmp_path, raw, cleaning, name):
    model = save_model(tmp_path / "model", name, cleaning=cleaning, sure=SURE)
    file = sorted(raw.glob("*.skeleton"))[1]
    recording, ntu = read_skeleton(file), layout("ntu")
    if cleaning == "contrast":
        seen, moved = first_bodies(recording), lambda clip: aligned(clip, ntu)
    else:
        seen = select_bodies(recording, true_frames=cleaning == "true_frames")
        moved = lambda clip: move_origin(clip, centre=ntu.centre)  # noqa: E731
    windows = [seen[start : start + 20] for start in (0, 10, 20, 30)]
    wanted = [expected(model, mapped(moved(window), name)) for window in windows]
    sliding = ("--window", "20", "--stride", "10")
    own = write_own(tmp_path / "own.npz", mapped(seen, name), layout(name).joints)
    live = answers(model, "--live", *sliding, lines=frames(mapped(seen, name)))
    for answered in (answers(model, file, "--derive", *sliding), answers(model, own, *sliding), live):
        assert len(answered) == 4
        for answer, probabilities in zip(answered, wanted, strict=True):
            assert_same(answer, probabilities)


@settings(max_examples=6)
@given(st.sampled_from(CLEANINGS), st.tuples(*[st.floats(-5, 5)] * 3), st.integers(0, 2**32 - 1))
def test_where_the_origin_of_the_data_lies_does_not_matter(tmp_path_factory, cleaning, shift, seed):
    folder, name = tmp_path_factory.mktemp("shift"), "kinect_v1"
    model = save_model(folder / "model", name, cleaning=cleaning, sure=SURE)
    rng = np.random.default_rng(seed)
    clip = layout_pose(name) + rng.normal(0, 0.1, (30, 2, 20, 3))
    clip[rng.random((30, 2)) < 0.3] = 0  # bodies come and go
    clip[10:18, 0] = 0  # a window without the first body
    clip[20:26] = 0  # and one of nobody
    there = clip.any(axis=(2, 3), keepdims=True)
    every = ("--window", "6", "--stride", "2")
    told = []
    for number, joints in enumerate((clip, np.where(there, clip + shift, 0))):
        own = write_own(folder / f"{number}.npz", joints, layout(name).joints)
        lines = [json.dumps(frame.tolist()) for frame in joints]
        live = answers(model, "--live", *every, lines=lines)
        told.append([*answers(model, own), *answers(model, own, *every), *live])
    for here, elsewhere in zip(*told, strict=True):
        assert here == pytest.approx(elsewhere, abs=1e-3)


def test_without_a_cleaning_the_coordinates_are_those_of_the_data(tmp_path):
    model = save_model(tmp_path / "model", "ntu", sure=SURE)
    clip = (layout_pose("ntu") + np.zeros((12, 1, 1, 1))).astype(np.float32)
    told = []
    for number, joints in enumerate((clip, clip + FAR)):
        own = write_own(tmp_path / f"{number}.npz", joints, layout("ntu").joints)
        told += [*answers(model, own), *answers(model, "--live", lines=frames(joints))]
        assert_same(told[-2], expected(model, joints))
        assert_same(told[-1], expected(model, joints))
    assert told[0] != pytest.approx(told[2], abs=0.01)


def test_models_of_before_carry_no_cleaning(tmp_path):
    folder = save_model(tmp_path / "model", "ntu", cleaning="contrast")
    fields = json.loads((folder / "preprocessing.json").read_text())
    assert fields.pop("cleaning") == "contrast"
    (folder / "preprocessing.json").write_text(json.dumps(fields))
    assert Preprocessing.load(folder).cleaning is None
    (folder / "preprocessing.json").write_text(json.dumps(fields | {"cleaning": "vacuum"}))
    with pytest.raises(InputError, match=r"preprocessing\.json: cleaning: Input should be 'reference'"):
        Preprocessing.load(folder)


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ([{"cleaning": "contrast"}, {"cleaning": "contrast"}], "contrast"),
        ([{"cleaning": "contrast"}, {"cleaning": "reference"}], None),
        ([{"cleaning": "reference"}, {"kind": "own data"}], None),
        ([{"cleaning": "by hand"}], None),
    ],
)
def test_stores_are_of_a_cleaning_only_if_all_are(tmp_path, sources, told):
    for number, source in enumerate(sources):
        with StoreWriter(tmp_path / f"{number}", layout=layout("ntu"), fps=30, source=source) as writer:
            writer.add(np.ones((4, 1, 25, 3)), name="x")
    data = PretrainData(
        sources=[PretrainSource(store=tmp_path / f"{number}") for number in range(len(sources))], validation=0
    )
    assert data.open().preprocessing(ClipSampling()).cleaning == told


def frames(clip, decimals=7):
    return [json.dumps(frame.round(decimals).tolist()) + "\n" for frame in clip]


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
    told = capsys.readouterr().err
    assert told.startswith(f"predict: {len(answers)} windows, ")
    assert "ms median" in told
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

    config = read_options(
        predict.PredictConfig, [str(model), "--live", "--window", "4", "--stride", "4"], program="predict"
    )
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
        run(model, "--live", "--layout", "kinect_v1", lines=[])
    line = frames(SkeletonStore.open(store).read(0)[:1])
    assert len(run(model, "--live", "--layout", "kinect_v1", "--derive", lines=line)) == 1


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: expected a JSON array of numbers"),
        ('["a"]', "line 2: expected a JSON array of numbers"),
        ("[[1, 2], [3]]", "line 2: expected a JSON array of numbers"),
        ("[" * 100000, "line 2: expected a JSON array of numbers"),
        ("[[0, 0, 0]]", r"line 2: expected 20 joints \[x, y, z\], or bodies of them, got \(1, 1, 3\)"),
        (json.dumps([[float("nan")] * 3] * 20), "line 2: a coordinate is not finite"),
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
        (model,): "name recordings, or say live; one of the two",
        (model, recording, "--live"): "name recordings, or say live; one of the two",
        (model, recording, "--stride", "3"): "stride 3 needs a window that is at least as long",
        (model, "nowhere.npz"): "nowhere.npz: no such file or folder",
        (
            model,
            raw,
        ): f"{raw} has layout ntu (25 joints), but the model was made for kinect_v1: the data: no joint",
        (model, tmp_path / "store"): "has layout ntu (25 joints), but the model was made for kinect_v1",
        (ntu, raw): f"{raw}, line ",
        (model, torn): f"{torn}: cannot be read",
        (trained["encoder"], recording): "encoder: an encoder, which knows no classes; fine-tune it first",
    }
    for arguments, line in cases.items():
        monkeypatch.setattr(sys, "argv", ["predict", *map(str, arguments)])
        with pytest.raises(SystemExit, match="2"):
            predict.main()
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("predict: error: ")
        assert line in printed.err
        assert printed.err.count("\n") == 1, printed.err


def test_a_bad_recording_does_not_stop_the_others(model, recording, tmp_path, monkeypatch, capsys):
    (tmp_path / "a.npz").write_bytes(recording.read_bytes()[:500])
    shutil.copy(recording, tmp_path / "b.npz")
    (tmp_path / "c.skeleton").write_text("1\n")
    whole = np.load(recording)
    positions = whole["positions_mm"].copy()
    positions[whole["offsets"][1]] = np.nan  # the second of three clips
    np.savez(tmp_path / "d.npz", **{**whole, "positions_mm": positions})
    (tmp_path / "e.npz").write_bytes(b"")
    monkeypatch.setattr(sys, "argv", ["predict", str(model), "nowhere", str(tmp_path), "--batch_size", "2"])
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
