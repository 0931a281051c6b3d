"""Joints in pictures: nothing turns, shifts or mirrors the confidence, and nothing leaves the plane."""

from pathlib import Path

import numpy as np
import pytest
import torch
from refusal import refusal

from skeleton_data import (
    Augmentation,
    ClipSampling,
    ClipSet,
    ImportConfig,
    SkeletonDataset,
    SkeletonStore,
    StoreWriter,
    import_clips,
    layout,
)

COCO = layout("coco17")


def store(folder: Path, units: str = "picture") -> SkeletonStore:
    generator = np.random.default_rng(0)
    with StoreWriter(folder, layout=COCO, fps=30, units=units) as writer:  # type: ignore[arg-type]
        for clip in range(4):
            joints = generator.uniform(-0.5, 0.5, size=(12, 1, 17, 3))
            joints[..., 2] = 0.1 + 0.05 * np.arange(17)  # each joint has a confidence of its own
            writer.add(joints, name=str(clip), label=0)
    return SkeletonStore.open(folder)


def sampled(opened: SkeletonStore, **sampling: object) -> torch.Tensor:
    given = ClipSampling(**({"frames": 6, "train_crop": (1.0, 1.0), "rotation": 0.0} | sampling))
    dataset = SkeletonDataset([ClipSet(opened, np.arange(4))], given, bodies=1, training=True, seed=0)
    return dataset[[(0, 0), (0, 1), (0, 2), (0, 3)]].joints


CONFIDENCE = torch.tensor(0.1 + 0.05 * np.arange(17), dtype=torch.float32)


@pytest.mark.parametrize(
    "sampling",
    [
        {"rotation": 1.0, "origin": "first_frame", "face_forward": True},
        {"stream": "bone"},
        {"stream": "motion", "origin": "first_frame"},
        {"stream": "bone_motion"},
        {"augment": Augmentation(scale=0.5, shear=0.5, noise=0.1, axis_rotation=1.0)},
    ],
)
def test_the_confidence_stays(tmp_path: Path, sampling: dict[str, object]) -> None:
    joints = sampled(store(tmp_path / "s"), **sampling)
    expected = CONFIDENCE[None, None, :, None].expand(4, 6, 17, 1)
    torch.testing.assert_close(joints[:, 2], expected, rtol=0, atol=1e-6)


def test_a_turn_keeps_lengths_in_the_plane(tmp_path: Path) -> None:
    opened = store(tmp_path / "s")
    plain, turned = sampled(opened), sampled(opened, rotation=1.0)
    torch.testing.assert_close(turned[:, :2].norm(dim=1), plain[:, :2].norm(dim=1), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(turned, plain, atol=0.05)


def test_a_flip_takes_the_confidence_along_with_its_joint(tmp_path: Path) -> None:
    joints = sampled(store(tmp_path / "s"), augment=Augmentation(flip=1.0))
    torch.testing.assert_close(joints[0, 2, 0, :, 0], CONFIDENCE[list(COCO.mirror)], rtol=0, atol=1e-6)


def test_two_and_three_dimensions_never_mix(tmp_path: Path) -> None:
    stores = [store(tmp_path / "a"), store(tmp_path / "b", "m")]
    with pytest.raises(ValueError, match="2D and 3D"):
        SkeletonDataset(
            [ClipSet(each, np.arange(4)) for each in stores], ClipSampling(), bodies=1, training=False
        )


def test_no_flip_without_sides_and_no_heading_of_a_hand(tmp_path: Path) -> None:
    hand = layout("hand21")
    with StoreWriter(tmp_path / "s", layout=hand, fps=30) as writer:
        writer.add(np.ones((4, 1, 21, 3)), name="a")
    clips = [ClipSet(SkeletonStore.open(tmp_path / "s"), np.array([0]))]
    for wrong in (ClipSampling(face_forward=True), ClipSampling(augment=Augmentation(flip=0.5))):
        with refusal("'hand21' has no"):
            SkeletonDataset(clips, wrong, bodies=1, training=True)


def test_the_case_of_an_undetected_joint(shared: Path, tmp_path: Path) -> None:
    """A joint of score 0 keeps its confidence of 0, and the others theirs, wherever the origin is."""
    import_clips(shared / "cases" / "03_undetected_joint", tmp_path / "s", ImportConfig())
    opened = SkeletonStore.open(tmp_path / "s")
    for origin in ("none", "first_frame"):
        sampling = ClipSampling(frames=4, origin=origin, test_crop=1.0)
        dataset = SkeletonDataset([ClipSet(opened, np.array([0]))], sampling, bodies=1, training=False)
        shown = dataset[[0]].joints[0, 2, :, :, 0]
        assert (shown[:, 4] == 0).all() and (shown[:, :4] > 0).all()
