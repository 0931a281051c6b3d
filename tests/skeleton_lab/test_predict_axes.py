"""What is shown to a model, from files and live, is upright, of the right size and units, or refused."""

import json

import numpy as np
import pytest
from predictions import assert_same, expected, run, save_model

from skeleton_data import layout
from skeleton_lab.errors import InputError

JOINTS = layout("kinect_v1").joints
UPSIDE_DOWN = np.array([1, -1, -1], np.float32)
HEIGHTS = {"head": 1.7, "shoulder": 1.4, "hip": 0.9, "knee": 0.5, "ankle": 0.1, "foot": 0.0}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "kinect", "kinect_v1")


@pytest.fixture(scope="module")
def flat_model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "flat", "kinect_v1", units="picture")


@pytest.fixture(scope="module")
def standing():
    """(T, V, 3) of one who stands, metres, y up."""
    pose = np.random.default_rng(0).normal(1, 0.1, (20, 3))
    pose[:, 1] = [next((up for part, up in HEIGHTS.items() if part in joint), 1.0) for joint in JOINTS]
    return (pose + np.linspace(0, 0.2, 12)[:, None, None]).astype(np.float32)


def live(model, frames, *options):
    lines = [json.dumps(frame.tolist()) for frame in frames]
    (answer,) = map(json.loads, run(model, "--live", "--format", "json", *options, lines=lines, insist=False))
    return answer["classes"]


def own(folder, **entries):
    np.savez(folder / "own.npz", joint_names=JOINTS, fps=15.0, **entries)
    return folder / "own.npz"


def test_a_note_spells_options_as_the_command_does(model, standing, tmp_path, capsys):
    x, y, z = np.moveaxis(standing, -1, 0)
    lying = np.stack([x, -z, y], axis=-1)
    run(model, own(tmp_path, positions_m=lying, offsets=[0, len(lying)]), insist=False)
    (note,) = capsys.readouterr().err.splitlines()
    assert "--up=z" in note and "the option" not in note


def test_a_stream_is_checked_as_a_file_is(model, standing, tmp_path):
    right = expected(model, standing[:, None])
    assert_same(live(model, standing), right)
    assert_same(live(model, 1000 * standing, "--units", "mm"), right)
    for factor, what in (
        (1000, "measures .*units"),
        (np.array([1, -1, -1], np.float32), "above hips in 0%.*up=-y"),
    ):
        with pytest.raises(InputError, match=f"the stream: .*{what}"):
            live(model, standing * factor)
        path = own(tmp_path, positions_m=standing * factor, offsets=[0, len(standing)])
        with pytest.raises(InputError, match=what):
            run(model, path, insist=False)
    assert_same(live(model, standing * UPSIDE_DOWN, "--up=-y"), right)
    assert live(model, 1000 * standing, "--insist") != right


def test_pixels_of_files_and_streams_are_shown_alike(flat_model, model, standing, tmp_path):
    pixels = np.concatenate([320 + 100 * standing[..., :2], np.full((12, 20, 1), 0.8)], axis=-1)
    pixels[4, 7] = 0  # not seen
    path = own(tmp_path, positions_px=pixels, offsets=[0, 12])
    (answer,) = map(
        json.loads, run(flat_model, path, "--picture", "640x480", "--missing", "hold", "--format", "json")
    )
    assert live(flat_model, pixels, "--picture", "640x480") == pytest.approx(answer["classes"], abs=1e-4)
    with pytest.raises(InputError, match=r"2D joints.*640x480"):
        live(flat_model, pixels)
    with pytest.raises(InputError, match="3D joints"):
        live(model, pixels, "--picture", "640x480")


def test_recordings_of_another_rate(model, standing, tmp_path):
    path = own(tmp_path, positions_m=standing, offsets=[0, 12])
    (answer,) = map(json.loads, run(model, path, "--resample", "30", "--format", "json"))
    assert answer["last_frame"] == 22
    with pytest.raises(InputError, match="resample"):
        live(model, standing, "--resample", "30")


def test_the_layout_of_joints_without_names(model, standing, tmp_path):
    """They are those of the model, unless `--source_layout` says otherwise."""
    np.savez(tmp_path / "bare.npz", positions_m=standing, offsets=[0, 12], fps=30.0)
    for said in ((), ("--source_layout", "kinect_v1")):
        (answer,) = map(json.loads, run(model, tmp_path / "bare.npz", *said, "--format", "json"))
        assert_same(answer["classes"], expected(model, standing[:, None]))
    with pytest.raises(InputError, match="25"):
        run(model, tmp_path / "bare.npz", "--source_layout", "ntu")
