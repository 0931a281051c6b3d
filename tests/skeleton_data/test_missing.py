"""Joints that were not measured: found, filled each on its own, or told; measured ones are never touched."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import write_mediapipe
from refusal import refusal
from sample_sets import write_bvh

from skeleton_data import ImportConfig, SkeletonStore, import_clips, layout
from skeleton_data.importing.confidence import complete_frames
from skeleton_data.importing.missing import fill_missing, mark_missing, require_complete
from skeleton_data.importing.resampling import resample
from skeleton_data.importing.unmeasured import never_seen, without_never_seen
from skeleton_data.readers.config import Missing

NTU = layout("ntu")


def moving(frames: int = 8, joints: int = 4, bodies: int = 1) -> np.ndarray:
    """Joints (T, M, V, 3) that move along a line, far from the origin."""
    places = np.random.default_rng(0).normal(size=(1, bodies, joints, 3)) + 5
    return (places + np.arange(frames)[:, None, None, None] * 0.1).astype(np.float32)


def test_nan_low_confidence_and_zero_are_missing() -> None:
    joints = moving()
    joints[1, 0, 2, 1] = np.nan
    joints[3, 0, 1] = 0
    sure = np.ones(joints.shape[:3], np.float32)
    sure[5, 0, 3] = 0.4
    sure[6, 0, 0] = 0
    missing = np.isnan(mark_missing(joints, sure, 0.5)).all(axis=-1)
    assert sorted(map(tuple, np.argwhere(missing).tolist())) == [(1, 0, 2), (3, 0, 1), (5, 0, 3), (6, 0, 0)]


def test_the_origin_of_the_coordinates_is_no_missing_joint() -> None:
    """Data about a joint of the body have it at zero, and an absent body is all zero."""
    joints = moving() - moving()[:1, :, :1]
    joints[4] = 0
    np.testing.assert_array_equal(mark_missing(joints, None, 0), joints)


HOLES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), max_size=8)


@given(HOLES, st.sampled_from(["interpolate", "hold"]))
def test_measured_joints_stay_and_a_line_is_interpolated(holes: list[tuple[int, int]], rule: Missing) -> None:
    joints = moving()
    with_holes = joints.copy()
    for frame, joint in holes:
        with_holes[frame, 0, joint] = np.nan
    there = ~np.isnan(with_holes)
    filled = fill_missing(with_holes, rule, 8)
    np.testing.assert_array_equal(filled[there], with_holes[there])
    inside = ~np.isnan(with_holes).any(axis=(1, 2, 3))
    known = there.all(axis=-1)[:, 0]
    for frame, joint in np.argwhere(~known).tolist():
        around = np.flatnonzero(known[:, joint])
        whole = np.isnan(with_holes[frame, 0]).all()
        if rule == "interpolate" and not whole and len(around) and around[0] < frame < around[-1]:
            np.testing.assert_allclose(filled[frame, 0, joint], joints[frame, 0, joint], rtol=1e-5)
    assert inside.any() or np.isnan(with_holes).any()


def test_hold_keeps_the_last_place_and_at_the_beginning_the_first() -> None:
    joints = moving()
    joints[[0, 3, 4], 0, 1] = np.nan
    filled = fill_missing(joints, "hold", 2)
    np.testing.assert_array_equal(filled[[0, 3, 4], 0, 1], joints[[1, 2, 2], 0, 1])


def test_a_gap_beyond_the_largest_is_told_with_joint_and_frames() -> None:
    joints = moving()
    joints[2:6, 0, 1] = np.nan
    filled = fill_missing(joints, "interpolate", 3)
    with refusal(r"joint b is missing in 4 of 8 .* frames 2 to 5.*max_gap"):
        require_complete(filled, "abcd", "interpolate")
    assert len(fill_missing(joints, "drop-frame", 0)) == 4
    with refusal(r"joint b .* option missing"):
        require_complete(fill_missing(joints, "refuse", 0), "abcd", "refuse")


def test_a_body_of_which_nothing_was_measured_is_filled_or_absent() -> None:
    joints = moving(bodies=2)
    joints[3, 0] = np.nan
    joints[5:, 1] = np.nan
    filled = fill_missing(joints, "interpolate", 2)
    np.testing.assert_allclose(filled[3, 0], moving()[3, 0][: len(filled[3, 0])], rtol=1e-5)
    assert not filled[5:, 1].any()


def test_resampling_is_linear_and_blends_no_absent_body() -> None:
    joints = moving(9)
    joints[4] = 0
    slow = resample(joints, 30, 20)
    assert len(slow) == 6
    np.testing.assert_allclose(slow[1], (joints[1] + joints[2]) / 2, rtol=1e-6)
    np.testing.assert_allclose(slow[4], joints[6], rtol=1e-6)
    assert not resample(joints, 30, 60)[8].any()
    np.testing.assert_array_equal(resample(joints, 30, 60)[::2], joints)


def own(folder: Path, positions: np.ndarray, **more: Any) -> Path:
    given: dict[str, Any] = {"offsets": [0, len(positions)], "joint_names": NTU.joints, "fps": 30.0} | more
    np.savez(folder / "mine.npz", positions_m=positions, **given)
    return folder / "mine.npz"


def test_one_missing_joint_is_imported_and_told(tmp_path: Path) -> None:
    positions = 0.3 * np.random.default_rng(0).normal(size=(9, 25, 3)).astype(np.float32)
    positions[4, 3] = np.nan
    done = import_clips(own(tmp_path, positions), tmp_path / "s", ImportConfig(layout="ntu"))
    assert any("1 of 225 points" in line for line in done.report)
    got = SkeletonStore.open(tmp_path / "s").read(0)[:, 0]
    np.testing.assert_allclose(got[4, 3], (positions[3, 3] + positions[5, 3]) / 2, rtol=1e-5)
    with refusal("joint head is missing in 1 of 9 frames"):
        import_clips(own(tmp_path, positions), tmp_path / "t", ImportConfig(layout="ntu", missing="refuse"))


def test_a_rate_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = own(tmp_path, np.random.default_rng(0).uniform(0.1, 1.7, (4, 25, 3)).astype(np.float32))
    with refusal("resample.*1,000,000"):
        import_clips(path, tmp_path / "s", ImportConfig(layout="ntu", resample=1e7, insist=True))


def test_resampled_on_import(tmp_path: Path) -> None:
    positions = 0.3 * np.random.default_rng(0).normal(size=(9, 25, 3)).astype(np.float32)
    import_clips(own(tmp_path, positions), tmp_path / "s", ImportConfig(layout="ntu", resample=15))
    store = SkeletonStore.open(tmp_path / "s")
    assert store.fps == 15
    np.testing.assert_array_equal(store.read(0)[:, 0], positions[::2])


def test_files_of_several_rates_become_one(tmp_path: Path) -> None:
    folder = write_bvh(tmp_path)
    text = (folder / "wave.bvh").read_text().replace("0.0333333", "0.0166667")
    (folder / "wave.bvh").write_text(text)
    given = {"units": "cm", "layout": str(tmp_path / "stick.toml"), "insist": True}
    with refusal(r"wave\.bvh: .* frames per second.* 30; .*resample"):
        import_clips(folder, tmp_path / "s", ImportConfig.model_validate(given))
    import_clips(folder, tmp_path / "s", ImportConfig.model_validate(given | {"resample": 60}))
    store = SkeletonStore.open(tmp_path / "s")
    assert store.fps == 60 and store.index.frames.tolist() == [3, 2]


def test_the_case_file_with_one_nan_a_clip(shared: Path, tmp_path: Path) -> None:
    source = shared / "cases" / "05_one_nan_a_clip.npz"
    import_clips(source, tmp_path / "s", ImportConfig(layout="ntu"))
    store, given = SkeletonStore.open(tmp_path / "s"), np.load(source)["positions_m"]
    there = ~np.isnan(given)
    assert (~there).sum() > 0 and len(store) == 8
    np.testing.assert_array_equal(store.rows[there], given[there])
    assert np.isfinite(store.rows).all()


@pytest.mark.parametrize(("rule", "frames"), [("interpolate", 8), ("hold", 8), ("drop-frame", 7)])
def test_a_frame_in_which_a_tracker_lost_everybody_is_a_gap(
    rule: Missing, frames: int, tmp_path: Path
) -> None:
    """Between frames with somebody; at the end nobody is there."""
    path = write_mediapipe(tmp_path)
    shown = [dict(frame) for frame in 2 * json.loads(path.read_text())]
    for number, frame in enumerate(shown):
        frame["timestamp_ms"] = round(1000 * number / 30)
    shown[2]["pose_world_landmarks"] = shown[7]["pose_world_landmarks"] = []
    path.write_text(json.dumps(shown))
    done = import_clips(path, tmp_path / "s", ImportConfig(missing=rule))
    store = SkeletonStore.open(tmp_path / "s")
    joints = store.read(0)
    assert len(joints) == frames and joints[:-1].any(axis=(1, 2, 3)).all() and not joints[-1].any()
    assert any(line.startswith("missing: 33 of") for line in done.report)
    assert not any("nobody" in warning for warning in done.warnings)
    assert any("option name" in warning for warning in done.warnings)
    if rule == "interpolate":
        np.testing.assert_allclose(joints[2], (joints[1] + joints[3]) / 2, atol=1e-6)
        left = import_clips(path, tmp_path / "left", ImportConfig(max_gap="0.01s", name="{label}"))
        assert not SkeletonStore.open(tmp_path / "left").read(0)[2].any()
        (warning,) = (warning for warning in left.warnings if "nobody" in warning)
        assert "0.03 s within 1 of 1 clips" in warning and path.stem in warning and "max_gap" in warning
        assert not any("option name" in warning for warning in left.warnings)
    if frames == 8:
        assert not np.asarray(store.read_confidence(0))[2].any()


@given(st.integers(0, 10**6))
def test_frames_are_dropped_alike_from_joints_and_confidence(seed: int) -> None:
    """A body that is away while another is there drops no frame; never seen joints drop none either."""
    random = np.random.default_rng(seed)
    joints = random.uniform(1, 2, (12, 2, 20, 3)).astype(np.float32)
    joints[random.uniform(size=(12, 2, 20)) < 0.01] = np.nan
    joints[random.uniform(size=(12, 2)) < 0.3] = np.nan
    joints[random.uniform(size=(12, 2)) < 0.2] = 0
    joints[:, 0, 5] = np.where(joints[:, 0, :1].any(axis=1), np.nan, 0)
    never, kinect = never_seen(joints), layout("kinect_v1")
    dropped = without_never_seen(joints, never, kinect, partial(fill_missing, rule="drop-frame", max_gap=15))
    kept = complete_frames(joints, never)
    assert len(dropped) == kept.sum() and np.isfinite(dropped).all()
    for frame, keeps in zip(joints, kept, strict=True):
        whole = [bool(np.isnan(body).any(axis=-1).all()) for body in frame]
        there = [bool(body.any()) and not lost for body, lost in zip(frame, whole, strict=True)]
        gaps = [np.isnan(body[~known]).any() for body, known in zip(frame, never, strict=True)]
        assert keeps == ((any(there) or not any(whole)) and not np.logical_and(there, gaps).any())
