"""Recordings, windows, own data and live frames in the coordinates that the cleaning of the training left."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from predictions import CLASSES, assert_same, expected, frames, run, save_model

from skeleton_data import (
    ClipSampling,
    DataError,
    Preprocessing,
    RawClip,
    SkeletonStore,
    StoreWriter,
    aligned,
    joint_map,
    prepare,
    read_skeleton,
    write_skeleton,
)
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.cleaning import clean, move_origin, select_bodies
from skeleton_data.ntu.contrast_clip import first_bodies
from skeleton_lab.data.division import TrainingSide
from skeleton_lab.data.finetune_clips import FinetuneData
from skeleton_lab.data.pretrain_clips import PretrainData

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
    for action, (length, late) in enumerate([(40, None), (50, 20), (40, None)], start=1):
        walk = FAR + np.cumsum(rng.normal(0, 0.05, (length, 1, 1, 3)), axis=0)
        joints = pose + walk + rng.normal(0, 0.1, (length, 2, 25, 3)) + [[[0]], [[1]]]
        joints[:9] *= action < 3
        there = np.ones((length, 2), bool)
        there[:late, 1] = False
        frame, body = np.nonzero(there)
        path = folder / f"S001C001P{action:03}R001A{action:03}.skeleton"
        write_skeleton(path, RawClip(length, frame, body + 1, joints[frame, body].astype(np.float32)))
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
    clips = FinetuneData(store=store.path, protocol="all", validation=0).open()
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
    predictions = []
    for number, joints in enumerate((clip, np.where(there, clip + shift, 0))):
        own = write_own(folder / f"{number}.npz", joints, layout(name).joints)
        lines = [json.dumps(frame.tolist()) for frame in joints]
        live = answers(model, "--live", *every, lines=lines)
        predictions.append([*answers(model, own), *answers(model, own, *every), *live])
    for here, elsewhere in zip(*predictions, strict=True):
        assert here == pytest.approx(elsewhere, abs=1e-3)


def test_without_a_cleaning_the_coordinates_are_those_of_the_data(tmp_path):
    model = save_model(tmp_path / "model", "ntu", sure=SURE)
    clip = (layout_pose("ntu") + np.zeros((12, 1, 1, 1))).astype(np.float32)
    predictions = []
    for number, joints in enumerate((clip, clip + FAR)):
        own = write_own(tmp_path / f"{number}.npz", joints, layout("ntu").joints)
        predictions += [*answers(model, own), *answers(model, "--live", lines=frames(joints))]
        assert_same(predictions[-2], expected(model, joints))
        assert_same(predictions[-1], expected(model, joints))
    assert predictions[0] != pytest.approx(predictions[2], abs=0.01)


def test_models_of_before_carry_no_cleaning(tmp_path):
    folder = save_model(tmp_path / "model", "ntu", cleaning="contrast")
    fields = json.loads((folder / "preprocessing.json").read_text())
    assert fields.pop("cleaning") == "contrast"
    (folder / "preprocessing.json").write_text(json.dumps(fields))
    assert Preprocessing.load(folder).cleaning is None
    (folder / "preprocessing.json").write_text(json.dumps(fields | {"cleaning": "vacuum"}))
    with pytest.raises(DataError, match=r"preprocessing\.json: cleaning: expected 'reference'"):
        Preprocessing.load(folder)


@pytest.mark.parametrize(
    ("sources", "cleaning"),
    [
        ([{"cleaning": "contrast"}, {"cleaning": "contrast"}], "contrast"),
        ([{"cleaning": "contrast"}, {"cleaning": "reference"}], None),
        ([{"cleaning": "reference"}, {"kind": "own data"}], None),
        ([{"cleaning": "by hand"}], None),
    ],
)
def test_stores_are_of_a_cleaning_only_if_all_are(tmp_path, sources, cleaning):
    for number, source in enumerate(sources):
        with StoreWriter(tmp_path / f"{number}", layout=layout("ntu"), fps=30, source=source) as writer:
            writer.add(np.arange(300.0).reshape(4, 1, 25, 3), name="x")
    data = PretrainData(
        sources=[TrainingSide(store=tmp_path / f"{number}") for number in range(len(sources))], validation=0
    )
    assert data.open().preprocessing(ClipSampling()).cleaning == cleaning
