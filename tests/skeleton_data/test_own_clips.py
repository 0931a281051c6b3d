"""A data set of one's own is used like a store that holds the same clips; what it lacks is named."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from refusal import refusal

from skeleton_data import (
    Augmentation,
    ClipDataset,
    ClipSampling,
    ClipSet,
    OwnClips,
    SkeletonDataset,
    SkeletonStore,
    StoreWriter,
    layout,
    split,
)

KINECT = layout("kinect_v1")


class Waves:
    """Eight clips of one or two bodies; of each, the facts that are known."""

    layout = KINECT
    class_names = ("slow", "fast")

    def __len__(self):
        return 8

    def __getitem__(self, clip):
        rng = np.random.default_rng(clip)
        joints = rng.normal(size=(12 + clip, 1 + clip % 2, 20, 3))
        return {"joints": joints, "label": clip % 2, "subject": 1 + clip // 2}


class Padded(Waves):
    """The same as published arrays are: torch, coordinates first, zeros to a fixed length and two bodies."""

    axes = "CTVM"

    def __getitem__(self, clip):
        item = super().__getitem__(clip)
        padded = np.zeros((3, 40, 20, 2))
        frames, bodies = item["joints"].shape[:2]
        padded[:, :frames, :, :bodies] = item["joints"].transpose(3, 0, 2, 1)
        return item | {"joints": torch.from_numpy(padded)}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "waves.store"
    waves = Waves()
    with StoreWriter(path, layout=KINECT, class_names=waves.class_names, fps=30) as writer:
        for clip in range(len(waves)):
            item = waves[clip]
            writer.add(item["joints"], name=str(clip), label=item["label"], subject=item["subject"])
    return SkeletonStore.open(path)


@pytest.mark.parametrize("data", [Waves(), Padded()], ids=["as-they-are", "padded"])
@pytest.mark.parametrize("training", [True, False])
def test_batches_are_those_of_a_store(store, data, training):
    assert isinstance(data, ClipDataset)
    own = OwnClips(data)
    sampling = ClipSampling(frames=10, rotation=0.3, augment=Augmentation(flip=0.5))
    chosen, keys = np.array([5, 0, 3, 6]), [(4, 2), (0, 0), (1, 3), (2, 1)]
    for sources in (
        lambda one: [ClipSet(one, chosen)],
        lambda one: [ClipSet(store, chosen[1:]), ClipSet(one, chosen)],
    ):
        theirs, ours = (
            SkeletonDataset(sources(one), sampling, bodies=2, training=training, seed=3)[keys]
            for one in (store, pickle.loads(pickle.dumps(own)))
        )
        for there, here in zip(theirs, ours, strict=True):
            assert_array_equal(there, here)


def test_facts_and_clips_are_those_of_a_store(store):
    own = OwnClips(Padded())
    for column in ("label", "subject", "camera", "setup", "replication", "frames", "bodies"):
        assert_array_equal(getattr(own.index, column), getattr(store.index, column))
    for clip in range(len(store)):
        assert_array_equal(own.read(clip), store.read(clip))
        assert own.name(clip) == store.name(clip)
    assert (own.layout, own.class_names, own.fps) == (store.layout, store.class_names, store.fps)
    assert_array_equal(split(own.index, "odd-subjects").train, split(store.index, "odd-subjects").train)


def test_clips_are_read_when_they_are_asked_for():
    asked = []

    class Counted(Waves):
        def __getitem__(self, clip):
            asked.append(clip)
            return super().__getitem__(clip)

    dataset = SkeletonDataset(
        [ClipSet(OwnClips(Counted()), np.arange(8))], ClipSampling(frames=4), bodies=1, training=True, seed=0
    )
    assert asked == list(range(8))
    dataset[[(0, 6), (0, 2)]]
    assert asked[8:] == [6, 2]


def other(**changes):
    return type("Other", (Waves,), changes)()


def item(**changes):
    return other(__getitem__=lambda self, clip: Waves.__getitem__(self, clip) | changes)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([1, 2], "list: .*lacks layout"),
        (other(layout="kinect_v1"), "Other: layout must be a SkeletonLayout, got 'kinect_v1'"),
        (other(__len__=lambda self: 0), "Other: .*no clips"),
        (
            other(__getitem__=lambda self, clip: np.ones(3)),
            "clip 0 must be a mapping with joints, got ndarray",
        ),
        (item(joints=np.ones((5, 1, 25, 3))), r"clip 0: joints must be \(T, M, 20, 3\), got \(5, 1, 25, 3\)"),
        (item(joints=np.full((5, 1, 20, 3), np.nan)), "clip 0: joints must be finite"),
        (item(label="wave"), "clip 0: label must be a whole number from 0, got 'wave'"),
        (item(subject=1.5), "clip 0: subject must be a whole number from 0, got 1.5"),
        (item(label=2), "has 2 class_names, but a clip of label 2"),
    ],
)
def test_what_it_lacks_is_named(data, named):
    with refusal(named):
        OwnClips(data)


def test_a_clip_must_stay_the_same():
    data = item(joints=np.ones((5, 1, 20, 3)))
    own = OwnClips(data)
    own.data = item(joints=np.ones((6, 1, 20, 3)))
    with refusal(r"clip 2 had \(5, 1\) frames and bodies .* now \(6, 1\)"):
        own.read(2)


def test_the_fingerprint_follows_the_clips_and_not_where_they_came_from(store, tmp_path):
    class Longer(Waves):
        def __getitem__(self, clip):
            return Waves.__getitem__(self, clip + (clip == 7))

    class Moved(Waves):
        def __getitem__(self, clip):
            item = Waves.__getitem__(self, clip)
            return item | {"joints": item["joints"] + (0.01 if clip == 7 else 0)}

    assert OwnClips(Waves()).fingerprint == OwnClips(Padded()).fingerprint
    for other_clips in (Longer(), Moved()):
        assert OwnClips(other_clips).fingerprint != OwnClips(Waves()).fingerprint
    copies = {}
    for source, moved in (("a", 0.0), ("b", 0.0), ("b", 1.0)):
        path = tmp_path / f"{source}{moved}.store"
        with StoreWriter(path, layout=KINECT, fps=30, source={"from": source}) as writer:
            writer.add(store.read(0) + moved, name="first")
        copies[source, moved] = SkeletonStore.open(path).fingerprint
    assert copies["a", 0.0] == copies["b", 0.0] != copies["b", 1.0]
