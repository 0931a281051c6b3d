"""Clips that lie in no store, sampled in NumPy, against the transforms in torch; windows of long ones."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refusal
from small_stores import some_clips, write_store

from skeleton_data import (
    ClipSampling,
    ClipSet,
    Preprocessing,
    SkeletonDataset,
    layout,
    sample_clips,
    sliding_windows,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Clips of one to three bodies, of which some come late or are lost for a while."""
    rng, clips = np.random.default_rng(2), some_clips(count=12)
    for clip in clips[::2]:
        first = rng.integers(len(clip))
        clip[first : first + 5, rng.integers(clip.shape[1])] = 0
    clips = [clip if clip.any() else clip + 1 for clip in clips]
    return write_store(tmp_path_factory.mktemp("stores") / "store", clips, class_names=["a", "b", "c"])


@settings(max_examples=30)
@given(
    st.sampled_from(["joint", "bone", "motion", "bone_motion"]),
    st.sampled_from(["none", "first_frame"]),
    st.booleans(),
    st.integers(1, 3),
    st.sampled_from(["m", "picture"]),
)
def test_numpy_samples_as_torch_does(store, stream, origin, heading, bodies, units):
    sampling = ClipSampling(frames=7, stream=stream, origin=origin, face_forward=heading)
    clips = np.arange(len(store))
    dataset = SkeletonDataset([ClipSet(store, clips)], sampling, bodies=bodies, training=False)
    dataset.flat = units == "picture"
    preprocessing = Preprocessing(layout=store.layout, bodies=bodies, sampling=sampling, units=units)
    joints = sample_clips([store.read(int(clip)) for clip in clips], preprocessing)
    np.testing.assert_allclose(joints, dataset[clips.tolist()].joints, rtol=1e-6, atol=1e-6)


@given(st.integers(1, 200), st.integers(1, 50), st.data())
def test_windows_hold_every_frame(frames, length, data):
    stride = data.draw(st.integers(1, length))
    windows = sliding_windows(frames, length, stride)
    assert {frame for start, end in windows for frame in range(start, end)} == set(range(frames))
    assert {end - start for start, end in windows} == {min(length, frames)}
    starts = [start for start, _ in windows]
    assert starts == sorted(set(starts))
    assert all(later - start == stride for start, later in pairwise(starts[:-1]))
    assert windows[-1][1] == frames


@pytest.mark.parametrize(("frames", "length", "stride"), [(0, 4, 2), (9, 4, 0), (9, 4, 5)])
def test_windows_with_gaps_are_refused(frames, length, stride):
    with pytest.raises(ValueError, match=f"got {frames}, {stride} and {length}"):
        sliding_windows(frames, length, stride)


def test_a_damaged_file_is_named_with_its_field(tmp_path):
    preprocessing = Preprocessing(layout=layout("ntu"), bodies=2, sampling=ClipSampling(), fps=30)
    preprocessing.save(tmp_path)
    assert Preprocessing.load(tmp_path) == preprocessing
    path = tmp_path / Preprocessing.FILE
    whole = path.read_text()
    for text, complaint in {
        whole.replace('"bodies": 2', '"bodies": 0'): "bodies",
        whole[:40]: "JSON",
        " " * 2**20 + whole: "bytes",
    }.items():
        path.write_text(text)
        with refusal(f"{Preprocessing.FILE}: .*{complaint}"):
            Preprocessing.load(tmp_path)
