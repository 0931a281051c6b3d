"""A model that was trained on three synthetic actions, and recordings of them."""

import shutil
from pathlib import Path

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


@pytest.fixture
def copy(tmp_path):
    """A copy of the model, to be tampered with."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))
