"""A model that was trained on three synthetic actions, and recordings of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from trained_model import MODEL

from skeleton_data import RawClip, SyntheticConfig, clean, read_skeleton, write_skeleton, write_synthetic
from skeleton_runtime import Recogniser


@pytest.fixture(scope="session")
def recogniser():
    return Recogniser.load(MODEL)


@pytest.fixture(scope="session")
def raw(tmp_path_factory):
    """Recordings of the three actions by people whom the model has not seen."""
    folder = tmp_path_factory.mktemp("raw")
    write_synthetic(SyntheticConfig(classes=3, subjects=3, views=1, repeats=1, seed=5), folder)
    return folder


@pytest.fixture(scope="session")
def clips(raw):
    """The cleaned clips (T, M, V, 3) of these recordings, in their order."""
    return [clean(read_skeleton(file)) for file in sorted(raw.glob("*.skeleton"))]


@pytest.fixture(scope="session")
def coming_and_going(clips):
    """Somebody, nobody, the same body in the second place, and a lost one whose joints lie in one point."""
    clip = np.zeros((170, 2, 25, 3), np.float32)
    clip[:40, 0] = clips[0][:40, 0]
    clip[70:110, 1] = clips[1][:40, 0]
    clip[110:140, 1] = clips[1][39, 0, 3]
    clip[140:, 0] = clips[2][:30, 0]
    clip[145:150] = 0
    return clip


@pytest.fixture
def nobody(tmp_path):
    """Recordings of 20 frames without a person, as the tracker or a data set writes them."""
    folder = tmp_path / "nobody"
    folder.mkdir()
    (folder / "no-body.skeleton").write_text("20\n" + 20 * "0\n")
    for name, frames, body in (("zeros", [1, 2], [7, 7]), ("too-short", [1, 2, 9], [7, 7, 8])):
        value = 0 if name == "zeros" else np.arange(75).reshape(25, 3) / 40
        joints = np.full((len(frames), 25, 3), value, np.float32)
        write_skeleton(folder / f"{name}.skeleton", RawClip(20, np.array(frames), np.array(body), joints))
    arrays = {"x_test": np.zeros((1, 20, 150), np.float32), "y_test": np.eye(3, dtype=np.float32)[:1]}
    np.savez(folder / "ctr-gcn.npz", **arrays)
    (folder / "mediapipe.json").write_text(json.dumps(20 * [{"pose_world_landmarks": []}]))
    return folder


@pytest.fixture
def copy(tmp_path):
    """A copy of the model, to be tampered with."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))
