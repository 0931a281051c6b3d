"""Stores of different layouts in one batch: each joint at the place of its name."""

import numpy as np
import pytest
import torch

from skeleton_data import (
    Augmentation,
    ClipSampling,
    ClipSet,
    DataError,
    SkeletonDataset,
    SkeletonLayout,
    SkeletonStore,
    StoreWriter,
    joint_indices,
    joint_map,
    layout,
    layout_names,
)

SAMPLING = ClipSampling(
    frames=8, origin="first_frame", face_forward=True, augment=Augmentation(scale=0.2, shear=0.2)
)
KINECT, NTU = layout("kinect_v1"), layout("ntu")
COMMON = SkeletonLayout.of_hierarchy("common", [*reversed(NTU.joints), "nose"], [-1, *[0] * len(NTU.joints)])


def in_other_order(skeleton, order):
    names = [skeleton.joints[joint] for joint in order]
    parents = [-1 if (up := skeleton.parents[joint]) < 0 else order.index(up) for joint in order]
    other = SkeletonLayout.of_hierarchy(skeleton.name, names, parents)
    return other.model_copy(update={"centre": order.index(skeleton.centre)})


def clips_of(skeleton, seed=0):
    """Clips of one and two bodies; the second body of one comes late."""
    random = np.random.default_rng(seed)
    clips = [
        random.normal(size=(frames, bodies, len(skeleton.joints), 3)) for frames, bodies in ((20, 1), (9, 2))
    ]
    clips[1][:4, 1] = 0
    return clips


def write(path, skeleton, clips, unsure=None):
    with StoreWriter(path, layout=skeleton, fps=30) as writer:
        for number, clip in enumerate(clips):
            confidence = None if unsure is None else np.ones(clip.shape[:3], np.float32)
            if confidence is not None:
                confidence[:, :, unsure] = 0
            writer.add(clip, name=f"{number}", label=number, confidence=confidence)
    return SkeletonStore.open(path)


def batch(stores, keys, common=COMMON):
    sources = [ClipSet(store, np.arange(len(store))) for store in stores]
    dataset = SkeletonDataset(sources, SAMPLING, bodies=2, training=True, layout=common)
    return dataset[[(0, key) for key in keys]]


def places_of(skeleton):
    return list(joint_indices(skeleton.joints, COMMON.joints, source="it", target="the common one"))


@pytest.mark.parametrize("name", layout_names())
def test_every_layout_has_its_own_places(name):
    joints = layout(name).joints
    assert joint_indices(joints, joints, source="it", target="itself") == tuple(range(len(joints)))
    shuffled = list(np.random.default_rng(0).permutation(joints))
    back = joint_indices(shuffled, joints, source="it", target="itself")
    assert [joints[place] for place in back] == shuffled


def test_joint_subset_are_where_joint_map_would_take_the_joints_from():
    taken = joint_map(NTU.joints, KINECT.joints, derive=True).weights
    places = joint_indices(KINECT.joints, NTU.joints, source="it", target="NTU")
    assert [list(each) for each in taken] == [[place] for place in places]


def test_clips_are_those_of_their_own_store_at_the_places_of_their_names(tmp_path):
    stores = [
        write(tmp_path / skeleton.name, skeleton, clips_of(skeleton), unsure=3) for skeleton in (KINECT, NTU)
    ]
    both = batch(stores, range(4))
    assert both.joints.shape == (4, 3, 8, len(COMMON.joints), 2) and both.label.tolist() == [0, 1, 0, 1]
    for number, store in enumerate(stores):
        alone = SkeletonDataset(
            [ClipSet(other, np.arange(2)) for other in [store] * 2], SAMPLING, bodies=2, training=True
        )[[(0, 2 * number), (0, 2 * number + 1)]]
        places, clips = places_of(store.layout), slice(2 * number, 2 * number + 2)
        assert torch.equal(both.joints[clips][:, :, :, places], alone.joints)
        assert torch.equal(both.present[clips][:, :, places], alone.present)
        assert not both.present[clips][:, :, places[3]].any()
        others = [place for place in range(len(COMMON.joints)) if place not in places]
        rest, known = both.joints[clips][:, :, :, others], both.present[clips][:, :, others]
        assert not known.any()
        assert rest[0, ..., 0].isnan().all() and (rest[0, ..., 1] == 0).all(), "an absent body is zero"
        assert rest[1].isnan().all()


def test_the_order_of_a_layout_is_no_matter(tmp_path):
    order = np.random.default_rng(1).permutation(20).tolist()
    clips = clips_of(KINECT)
    one = write(tmp_path / "one", KINECT, clips)
    other = write(tmp_path / "other", in_other_order(KINECT, order), [clip[:, :, order] for clip in clips])
    first, second = (batch([store], range(2)) for store in (one, other))
    torch.testing.assert_close(first.joints, second.joints, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(first.present, second.present)


def test_joints_without_a_place_are_named():
    with pytest.raises(DataError, match="nose, left_eye") as caught:
        joint_indices(layout("coco17").joints, NTU.joints, source="data/coco", target="layout ntu")
    assert "data/coco" in str(caught.value)
    with pytest.raises(DataError, match="hips and pelvis"):
        joint_indices(["hips", "pelvis"], NTU.joints, source="it", target="NTU")


def test_a_dataset_refuses_them_too(tmp_path):
    hand = layout("hand21")
    store = write(tmp_path / "hand", hand, clips_of(hand))
    plain = ClipSampling(frames=8)
    with pytest.raises(DataError, match="no joint"):
        SkeletonDataset([ClipSet(store, np.arange(2))], plain, bodies=2, training=True, layout=NTU)
