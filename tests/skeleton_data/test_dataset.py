"""Batches from real stores: against the golden feeder, slow loops, and any way of asking for them."""

import pickle

import numpy as np
import pytest
import torch
from einops import rearrange
from hypothesis import given
from hypothesis import strategies as st
from refusal import refusal

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_data.dataset.dataset import ClipSet, SkeletonDataset
from skeleton_data.layouts.layout import layout
from skeleton_data.transforms import (
    Draw,
    augment,
    centre_crop,
    heading_matrix,
    hide,
    presence,
    random_crop,
    resize,
    rotate,
    rotation_matrix,
    to_stream,
    uniform,
)
from skeleton_data.transforms.augmentation import AIMCLR_EXTREME, Augmentation
from skeleton_data.transforms.sampling import ClipSampling

DRAWS = [Draw.CROP_LENGTH, Draw.CROP_START, Draw.ROTATION_X, Draw.ROTATION_Y, Draw.ROTATION_Z]
PLAIN = ClipSampling()


def write(path, clips, skeleton="ntu", labels=None) -> SkeletonStore:
    with StoreWriter(path, layout=layout(skeleton), fps=30) as writer:
        for number, clip in enumerate(clips):
            writer.add(clip, name=f"clip{number}", label=-1 if labels is None else labels[number])
    return SkeletonStore.open(path)


def walk(random, frames, bodies, joints=25):
    return random.normal(size=(1, bodies, joints, 3)) + random.normal(
        size=(frames, bodies, joints, 3), scale=0.02
    ).cumsum(axis=0)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> SkeletonStore:
    """Long, short and one-frame clips, one to three bodies, one that leaves, one that comes late, zeros."""
    random = np.random.default_rng(0)
    shapes = [(40, 1), (7, 2), (90, 3), (1, 1), (33, 2), (1, 2), (60, 2), (12, 1), (25, 2)]
    clips = [walk(random, frames, bodies) for frames, bodies in shapes]
    clips[4][20:, 1] = 0
    clips[6][:10, 0] = 0
    clips[7][:] = 0
    return write(tmp_path_factory.mktemp("data") / "walks", clips, labels=[4, 0, 1, -1, 2, 2, 3, -1, 0])


def dataset(store, sampling=PLAIN, *, bodies=2, training=False, seed=0, clips=None) -> SkeletonDataset:
    clips = np.arange(len(store)) if clips is None else clips
    return SkeletonDataset([ClipSet(store, clips)], sampling, bodies=bodies, training=training, seed=seed)


def slow_sample(store, clip, sampling, *, bodies, training, seed=0, epoch=0, position=None):
    """One clip alone, padded, step by step with the public transforms: (C, T, V, M)."""
    skeleton = store.layout
    joints = torch.from_numpy(store.read(clip).copy())[:, :bodies]
    absent = torch.zeros(len(joints), bodies - joints.shape[1], 25, 3)
    joints = rearrange(torch.cat([joints, absent], dim=1), "t m v c -> 1 c t v m")
    frames = np.array([joints.shape[2]])
    drawn = uniform(seed, [epoch], [clip if position is None else position], DRAWS)
    window = centre_crop(frames, sampling.test_crop)
    if training:
        floor = sampling.min_crop_frames
        window = random_crop(frames, sampling.train_crop, drawn[:, :2], min_frames=floor)
    if sampling.origin == "first_frame":
        joints = joints - place(joints, window, sampling.frames, skeleton.centre)
    joints = resize(joints, window, sampling.frames)
    if sampling.face_forward:
        joints = rotate(joints, heading_matrix(joints, skeleton.shoulders, skeleton.hips))
    if training and sampling.rotation:
        angles = torch.from_numpy((2 * drawn[:, 2:] - 1) * sampling.rotation).float()
        joints = rotate(joints, rotation_matrix(angles))
    keys = {"seed": seed, "epoch": epoch, "clip": [clip if position is None else position]}
    if training:
        joints = augment(joints, sampling.augment, skeleton, **keys)
    joints = to_stream(joints, sampling.stream, skeleton)
    return (hide(joints, sampling.augment, **keys) if training else joints)[0]


def place(joints, window, frames, centre):
    """What to subtract from a clip before it is resized, zero where a body is absent: (1, C, T, 1, M)."""
    there = rearrange(presence(joints), "n t m -> n 1 t 1 m")
    share = resize(there, window, frames)[0, 0, :, 0, 0]
    if not share.any():
        return torch.zeros(())
    first = int(share.nonzero()[0])
    return (resize(joints, window, frames)[0, :, first, centre, 0] / share[first]).view(1, 3, 1, 1, 1) * there


@pytest.mark.parametrize("frames", [20, 64, 120])
def test_golden_joints(shared, tmp_path, frames):
    check_golden(shared, tmp_path, "joint", frames)


@pytest.mark.parametrize("stream", ["bone", "motion", "bone_motion"])
def test_golden_streams(shared, tmp_path, stream):
    check_golden(shared, tmp_path, stream, 20)


def check_golden(shared, folder, stream, frames):
    raw = np.load(shared / "golden" / "raw_golden.npz", allow_pickle=False)
    golden = np.load(shared / "golden" / "feeder_golden.npz", allow_pickle=False)
    names = [name.split("/")[1] for name in raw.files if name.startswith("translated/")]
    clips = [rearrange(raw[f"translated/{name}"], "t (m v c) -> t m v c", v=25, c=3) for name in names]
    data = dataset(write(folder / "golden", clips), ClipSampling(frames=frames, stream=stream))
    batch = data[list(range(len(names)))]
    assert batch.joints.dtype == torch.float32 and len(names) == 11
    for joints, name in zip(batch.joints, names, strict=True):
        np.testing.assert_allclose(joints, golden[f"{stream}_{frames}/{name}"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "sampling",
    [
        ClipSampling(),
        ClipSampling(frames=64, min_crop_frames=30, rotation=0.0, stream="bone"),
        ClipSampling(origin="first_frame", train_crop=(0.2, 0.3)),
        ClipSampling(face_forward=True, stream="motion"),
        ClipSampling(
            origin="first_frame", face_forward=True, test_crop=0.5, rotation=3.0, stream="bone_motion"
        ),
        ClipSampling(stream="motion", augment=AIMCLR_EXTREME),
        ClipSampling(origin="first_frame", augment=Augmentation(flip=0.5, scale=0.2, joint_dropout=0.2)),
    ],
    ids=["plain", "floor", "origin", "heading", "both", "extreme", "flip"],
)
@pytest.mark.parametrize("bodies", [1, 2, 4])
@pytest.mark.parametrize("training", [False, True])
def test_batches_equal_clip_by_clip(store, sampling, bodies, training):
    clips = np.array([3, 0, 8, 2, 4, 5, 6, 7, 1])
    data = dataset(store, sampling, bodies=bodies, training=training, seed=5, clips=clips)
    batch = data[[(epoch, position) for epoch in (0, 3) for position in range(len(clips))]]
    assert batch.joints.shape == (18, 3, sampling.frames, 25, bodies)
    for row, joints in enumerate(batch.joints):
        epoch, position = (0, 3)[row // 9], row % 9
        slow = slow_sample(
            *(store, clips[position], sampling),
            **{"bodies": bodies, "training": training, "seed": 5, "epoch": epoch, "position": position},
        )
        torch.testing.assert_close(joints, slow, atol=2e-6, rtol=0)


@given(st.data())
def test_a_clip_does_not_depend_on_its_batch(store, data):
    both = SkeletonDataset(
        [ClipSet(store, np.array([2, 5, 0])), ClipSet(store, np.arange(9))],
        ClipSampling(frames=8, origin="first_frame", face_forward=True),
        bodies=2,
        training=data.draw(st.booleans()),
        seed=data.draw(st.integers(0, 2**31)),
    )
    key = st.tuples(st.integers(0, 1000), st.integers(0, len(both) - 1))
    keys = data.draw(st.lists(key, min_size=1, max_size=8))
    batch = both[keys]
    assert batch.clip.tolist() == [position for _, position in keys]
    for row, one in enumerate(keys):
        alone = both[one]
        assert alone.label == batch.label[row] and alone.clip == batch.clip[row]
        torch.testing.assert_close(alone.joints, batch.joints[row], atol=1e-6, rtol=0)


@pytest.mark.parametrize("training", [False, True])
def test_a_share_of_a_batch_may_be_empty(store, training):
    sampling = ClipSampling(origin="first_frame", face_forward=True, stream="bone_motion")
    batch = dataset(store, sampling, training=training)[[]]
    assert [len(column) for column in batch] == [0] * 4 and batch.joints.shape == (0, 3, 20, 25, 2)


def test_epochs_and_seeds_differ_in_training_only(store):
    for training in (True, False):
        one, two = dataset(store, training=training), dataset(store, training=training, seed=1)
        first, later, other = one[(0, 2)].joints, one[(1, 2)].joints, two[(0, 2)].joints
        assert torch.equal(first, later) == torch.equal(first, other) == (not training)


def test_labels_and_positions(store):
    sources = [ClipSet(store, np.array([3, 2])), ClipSet(store, np.array([0, 1, 7]))]
    data = SkeletonDataset(sources, PLAIN, bodies=2, training=False, seed=0)
    assert len(data) == 5 and data.labels.tolist() == [-1, 1, 4, 0, -1]
    batch = data[[4, (9, 1), 0]]
    assert batch.label.tolist() == [-1, 1, -1] and batch.label.dtype == torch.int64
    assert batch.clip.tolist() == [4, 1, 0] and batch.clip.dtype == torch.int64
    assert data.layout == store.layout


def test_zero_clip_stays_zero(store):
    sampling = ClipSampling(origin="first_frame", face_forward=True, rotation=1.0)
    assert not dataset(store, sampling, training=True)[7].joints.any()


def test_bodies_are_views_of_one_piece(store):
    joints = dataset(store)[[0, 1, 2]].joints
    assert rearrange(joints, "n c t v m -> (n m) c t v").data_ptr() == joints.data_ptr()


def test_other_layouts(tmp_path):
    clips = [walk(np.random.default_rng(1), 30, 1, joints=20)]
    data = dataset(
        write(tmp_path / "kinect", clips, "kinect_v1"), ClipSampling(stream="bone", face_forward=True)
    )
    assert data[0].joints.shape == (3, 20, 20, 2)


def test_pickled_dataset_opens_the_store_anew(store):
    data = dataset(store, training=True)
    expected = data[(1, 2)]
    pickled = pickle.dumps(data)
    assert len(pickled) < store.rows.nbytes / 4  # and not the joints
    torch.testing.assert_close(pickle.loads(pickled)[(1, 2)], expected)


def test_wrong_clips(store):
    for clips, message in [
        ([], "row of integers, got shape .* of float64"),
        (np.array([], dtype=np.int64), r"clips is empty: SkeletonStore\(.*walks"),
        ([0, 9], "clips go from 0 to 9, but the store is SkeletonStore"),
        ([-1, 2], "clips go from -1 to 2"),
        ([[0]], r"row of integers, got shape \(1, 1\)"),
        ([0.0], "row of integers, got shape .* of float64"),
    ]:
        with pytest.raises(ValueError, match=message):
            ClipSet(store, clips)


def test_wrong_datasets(store, tmp_path):
    other = write(tmp_path / "other", [np.ones((4, 1, 20, 3))], "kinect_v1")
    sources = [ClipSet(store, np.array([0])), ClipSet(other, np.array([0]))]
    arguments = {"bodies": 2, "training": False, "seed": 0}
    with pytest.raises(ValueError, match=r"one layout, got .*layout='ntu'.* and .*layout='kinect_v1'"):
        SkeletonDataset(sources, PLAIN, **arguments)
    with pytest.raises(ValueError, match="sources must hold at least one"):
        SkeletonDataset([], PLAIN, **arguments)
    with pytest.raises(ValueError, match="bodies must be at least 1, got 0"):
        SkeletonDataset(sources[:1], PLAIN, **arguments | {"bodies": 0})
    for key in (-1, (0, 9), (3, -2)):
        with pytest.raises(IndexError, match="of 9 clips"):
            dataset(store)[key]


def test_damaged_index_is_refused(tmp_path):
    store = write(tmp_path / "damaged", [np.ones((4, 1, 25, 3)), np.ones((5, 1, 25, 3))])
    records = np.load(store.path / "index.npy", mmap_mode="r+")
    records["row"][1] = 5
    records.flush()
    with refusal("damaged: clip 1 lies outside the joints"):
        dataset(SkeletonStore.open(store.path))


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": 0},
        {"train_crop": (0.9, 0.5)},
        {"train_crop": (0.0, 0.5)},
        {"test_crop": 1.1},
        {"rotation": -0.1},
        {"stream": "velocity"},
        {"origin": "centre"},
        {"flip": True},
        {"augment": {"flip": 2}},
    ],
)
def test_wrong_sampling_names_the_field(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ClipSampling(**wrong)


def test_every_field_of_the_sampling_is_described():
    assert all(field.description for field in ClipSampling.model_fields.values())
