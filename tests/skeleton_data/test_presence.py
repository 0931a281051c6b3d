"""Which joints of a batch were measured, through cropping, resizing, augmentation and streams."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from skeleton_data import Augmentation, ClipSampling, ClipSet, SkeletonDataset, SkeletonStore, StoreWriter
from skeleton_data.layouts.layout import layout

LAYOUTS = {"ntu": "m", "coco17": "picture"}


def write(path: Path, name: str, clips: list[np.ndarray], sure: list[np.ndarray | None]) -> SkeletonStore:
    with StoreWriter(path, layout=layout(name), fps=30, units=LAYOUTS[name]) as writer:
        for number, (clip, confidence) in enumerate(zip(clips, sure, strict=True)):
            writer.add(clip, name=f"clip {number}", label=0, confidence=confidence)
    return SkeletonStore.open(path)


def holes(name: str, *, seed: int = 0, elsewhere: float = 0.0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Clips of one and two bodies with missing joints, which stand `elsewhere`."""
    random = np.random.default_rng(seed)
    clips, sure = [], []
    for frames, bodies in ((40, 1), (9, 2), (1, 1), (25, 2)):
        clip = random.uniform(0.1, 1, (frames, bodies, len(layout(name).joints), 3)).astype(np.float32)
        known = random.uniform(size=clip.shape[:3]) < 0.8
        if bodies == 2:
            clip[frames // 2 :, 1], known[frames // 2 :, 1] = 0, False
        lost = ~known & clip.any(axis=(2, 3))[..., None]
        clip[lost] += elsewhere
        clips.append(clip)
        sure.append(known.astype(np.float32))
    return clips, sure


def batch_of(store: SkeletonStore, sampling: ClipSampling, *, epoch: int = 3):
    dataset = SkeletonDataset([ClipSet(store, np.arange(4))], sampling, bodies=2, training=True)
    return dataset[[(epoch, position) for position in range(4)]]


SAMPLINGS = {
    "plain": ClipSampling(frames=12),
    "long": ClipSampling(frames=50, face_forward=False, rotation=0),
    "bone": ClipSampling(frames=12, stream="bone"),
    "motion": ClipSampling(frames=12, stream="motion", rotation=0),
    "bone_motion": ClipSampling(frames=12, stream="bone_motion"),
    "flip": ClipSampling(frames=12, augment=Augmentation(flip=0.5, swap=0.5, scale=0.2, noise=0.1)),
    "padded": ClipSampling(frames=12, augment=Augmentation(temporal_padding=0.5, shear=0.3, probability=0.6)),
    "dropped": ClipSampling(frames=12, augment=Augmentation(joint_dropout=0.3, frame_dropout=0.3)),
}


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_what_counts_as_measured_does_not_depend_on_what_was_not(
    tmp_path: Path, name: str, sampling: str
) -> None:
    one = write(tmp_path / "a", name, *holes(name))
    two = write(tmp_path / "b", name, *holes(name, elsewhere=40.0))
    batch, other = (batch_of(store, SAMPLINGS[sampling]) for store in (one, two))
    assert torch.equal(batch.present, other.present)
    assert batch.present.any() and not batch.present.all()
    for channel in range(3):
        torch.testing.assert_close(
            batch.joints[:, channel][batch.present], other.joints[:, channel][batch.present]
        )
    changed = (batch.joints - other.joints).abs().amax(1) > 1
    assert changed.any()


@pytest.mark.parametrize("sampling", ["plain", "long", "flip", "padded"])
def test_every_joint_that_was_measured_counts(tmp_path: Path, sampling: str) -> None:
    """With whole clips of one body, all count; with one missing joint, all others do."""
    clips = [np.random.default_rng(0).uniform(0.1, 1, (30, 1, 25, 3)).astype(np.float32) for _ in range(4)]
    whole = batch_of(write(tmp_path / "a", "ntu", clips, [None] * 4), SAMPLINGS[sampling])
    assert whole.present[..., 0].all() and not whole.present[..., 1].any()
    lost = np.ones((30, 1, 25), np.float32)
    lost[:, 0, 4] = 0
    holed = batch_of(write(tmp_path / "b", "ntu", clips, [lost] * 4), SAMPLINGS[sampling])
    missing = (~holed.present[..., 0]).all(1)
    assert missing.sum(1).tolist() == [1] * 4 and (~holed.present[..., 0]).sum() == 4 * holed.present.shape[1]
    side = layout("ntu").mirror[4]
    assert set(missing.nonzero()[:, 1].tolist()) <= {4, side}


@given(seed=st.integers(0, 2**20), frames=st.integers(1, 30))
def test_frames_by_loops(tmp_path_factory: pytest.TempPathFactory, seed: int, frames: int) -> None:
    clips, sure = holes("coco17", seed=seed)
    store = write(tmp_path_factory.mktemp("s") / "s", "coco17", clips, sure)
    sampling = ClipSampling(frames=frames, test_crop=1.0)
    dataset = SkeletonDataset([ClipSet(store, np.arange(4))], sampling, bodies=2, training=False)
    present = dataset[list(range(4))].present
    for number, known in enumerate(sure):
        length = len(known)
        for frame in range(frames):
            position = (frame + 0.5) * length / frames - 0.5
            if abs(position - round(position)) < 1e-4:
                continue  # rounding decides whether the frame beside it has a share
            low = int(max(position, 0))
            high = min(low + 1, length - 1) if position > 0 else low
            expected = known[[low, high]].all(axis=0)  # (M, V)
            found = present[number, frame].numpy().T
            np.testing.assert_array_equal(found[: len(expected)], expected)
            assert not found[len(expected) :].any()


def test_loaders_and_several_stores_hand_it_on(tmp_path: Path) -> None:
    clips, sure = holes("ntu")
    known = write(tmp_path / "a", "ntu", clips, sure)
    plain = write(tmp_path / "b", "ntu", clips, [None] * 4)
    sources = [ClipSet(known, np.arange(4)), ClipSet(plain, np.arange(4))]
    dataset = SkeletonDataset(sources, ClipSampling(frames=10), bodies=2, training=False)
    whole = dataset[list(range(8))]
    assert not whole.present[0, ..., 0].all() and whole.present[4, ..., 0].all()
    loaded = torch.cat([batch.present for batch in DataLoader(dataset, batch_size=3)])
    assert torch.equal(loaded, whole.present)
    assert torch.equal(dataset[5].present, whole.present[5])
