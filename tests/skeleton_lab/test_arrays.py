"""Clips that lie in no store."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skeleton_data import (
    ClipSampling,
    ClipSet,
    SkeletonDataset,
    SkeletonStore,
)
from skeleton_lab.data.preprocessing import Preprocessing
from skeleton_lab.inference.arrays import sample_clips


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
    assert torch.equal(joints, dataset[list(range(len(clips)))].joints)
