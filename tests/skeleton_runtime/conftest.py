"""A model that was trained on three synthetic actions, and recordings of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from trained_model import MODEL

from skeleton_data import SyntheticConfig, clean, read_skeleton, write_synthetic
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
def copy(tmp_path):
    """A copy of the model, to be tampered with."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))
