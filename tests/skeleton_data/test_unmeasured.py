"""Joints that no frame of a clip shows: put between the nearest that were measured, and named."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from refusal import refusal

from skeleton_data import ImportConfig, SkeletonStore, import_clips, layout
from skeleton_data.importing.importer import Imported
from skeleton_data.importing.missing import fill_missing, mark_missing
from skeleton_data.importing.unmeasured import never_seen, without_never_seen

KINECT = layout("kinect_v1")


def at(*names: str) -> list[int]:
    return [KINECT.joints.index(name) for name in names]


def people(frames: int = 6, bodies: int = 1) -> np.ndarray:
    """Joints (T, M, V, 3) of people far from the origin."""
    places = np.random.default_rng(0).uniform(3, 4, size=(1, bodies, 20, 3))
    return (places + np.arange(frames)[:, None, None, None] * 0.1).astype(np.float32)


def filled(clip: np.ndarray, rule: str = "interpolate") -> np.ndarray:
    fill = partial(fill_missing, rule=rule, max_gap=3)
    return without_never_seen(clip, never_seen(clip), KINECT, fill)


def test_in_the_middle_of_the_nearest_joints_along_the_bones() -> None:
    clip = people()
    expected = clip.copy()
    lost = at("hip_center", "left_hand", "left_wrist", "head")
    clip[:, 0, lost] = np.nan
    spine, hips = at("spine")[0], at("left_hip", "right_hip")
    expected[:, 0, lost[0]] = clip[:, 0, [spine, *hips]].mean(axis=1)
    expected[:, 0, lost[1:3]] = clip[:, 0, at("left_elbow")]
    expected[:, 0, lost[3]] = clip[:, 0, at("shoulder_center")[0]]
    np.testing.assert_allclose(filled(clip), expected, rtol=1e-6)


def test_gaps_of_others_are_filled_as_ever_and_absent_bodies_stay_absent() -> None:
    clip = people(bodies=2)
    hand, wrist = at("left_hand", "left_wrist")
    clip[:, 1, hand] = np.nan
    clip[2, 1, wrist] = np.nan
    clip[3, 1] = np.nan
    clip[4:, 1] = 0
    found = filled(clip)
    np.testing.assert_array_equal(found[:, 0], clip[:, 0])
    np.testing.assert_allclose(found[:4, 1, hand], found[:4, 1, wrist])
    np.testing.assert_array_equal(found[2, 1, wrist], clip[1, 1, wrist])
    assert not found[4:, 1].any() and np.isfinite(found).all()


def test_frames_are_not_dropped_for_a_joint_that_is_never_there() -> None:
    clip = people()
    clip[:, 0, at("left_hand")] = np.nan
    clip[2, 0, at("head")] = np.nan
    assert len(filled(clip, "drop-frame")) == 5


def test_always_at_zero_far_from_the_body_is_not_measured_and_near_it_is() -> None:
    clip = people()
    clip[:, 0, at("left_hand")] = 0
    assert np.isnan(mark_missing(clip, None, 0)[:, 0, at("left_hand")]).all()
    near = clip - clip[:, :, :1]
    np.testing.assert_array_equal(mark_missing(near, None, 0), near)


def bring_in(folder: Path, **options: Any) -> Imported:
    positions = people(9)[:, 0]
    positions[:, at("left_foot", "right_foot")] = np.nan
    names: dict[str, Any] = {"offsets": [0, 9], "joint_names": KINECT.joints, "fps": 30.0}
    np.savez(folder / "mine.npz", positions_m=positions, **names)
    return import_clips(folder / "mine.npz", folder / "s", ImportConfig(insist=True, **options))


def test_a_clip_without_feet_is_imported_and_the_joints_are_named(tmp_path: Path) -> None:
    warnings = " ".join(bring_in(tmp_path).warnings)
    assert "left_foot, right_foot" in warnings and "1 of 1 clips" in warnings
    clip = SkeletonStore.open(tmp_path / "s").read(0)[:, 0]
    np.testing.assert_array_equal(clip[:, at("left_foot")], clip[:, at("left_ankle")])


def test_refused_if_so_said(tmp_path: Path) -> None:
    with refusal("joint left_foot is missing in 9 of 9 frames"):
        bring_in(tmp_path, missing="refuse")
