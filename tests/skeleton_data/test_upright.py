"""Whatever axis points up in a file, the store has y up, and left stays left."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from refusal import refusal

from skeleton_data import (
    ImportConfig,
    SkeletonStore,
    SyntheticConfig,
    layout,
    read_skeleton,
    write_skeleton,
    write_synthetic,
)
from skeleton_data.cli.main import main
from skeleton_data.clips import Clip, Up, turn_upright
from skeleton_data.importing.picture import in_picture
from skeleton_data.readers.formats import FORMATS, read_clips

KINECT = layout("kinect_v1")


@pytest.mark.parametrize("up", get_args(Up))
def test_a_proper_rotation_takes_the_axis_to_y(up: Up) -> None:
    matrix = turn_upright(np.eye(3, dtype=np.float32), up).T
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3))
    assert np.linalg.det(matrix) == pytest.approx(1)
    axis = np.zeros(3)
    axis["xyz".index(up[-1])] = -1 if up.startswith("-") else 1
    np.testing.assert_array_equal(matrix @ axis, [0, 1, 0])


def some_data(folder: Path, positions: Any) -> Path:
    np.savez(
        folder / "mine.npz",
        positions_m=positions,
        offsets=[0, len(positions)],
        joint_names=KINECT.joints,
        fps=30,
    )
    return folder / "mine.npz"


def test_own_data_with_y_down(tmp_path: Path) -> None:
    positions = 0.3 * np.random.default_rng(0).normal(size=(5, 20, 3)).astype(np.float32)
    source = some_data(tmp_path, positions)
    main(["import", str(source), str(tmp_path / "s"), "--layout", "kinect_v1", "--up", "-y"])
    store = SkeletonStore.open(tmp_path / "s")
    np.testing.assert_array_equal(store.read(0)[:, 0], positions * np.array([1, -1, -1], np.float32))
    assert store.meta.source["up"] == "-y"


def test_the_format_says_what_is_up_unless_told_otherwise(tmp_path: Path) -> None:
    source = some_data(tmp_path, np.ones((2, 20, 3), np.float32))
    assert read_clips(source, ImportConfig()).up == FORMATS["own"].up == "y"
    assert read_clips(source, ImportConfig(up="z")).up == "z"


def test_pixels_become_units_of_the_picture() -> None:
    """The middle of the picture is the origin, its longer side 1, and y points up."""
    joints = np.zeros((1, 2, 4, 3), np.float32)
    joints[0, 0, :, :2] = np.array([[320, 240], [640, 240], [320, 0], [np.nan, np.nan]])
    clip = Clip("a", joints, {}, Path("a.csv"), confidence=np.full((1, 2, 4), 0.5, np.float32))
    got = in_picture(clip, (640, 480))
    np.testing.assert_allclose(got[0, 0, :3], [[0, 0, 0.5], [0.5, 0, 0.5], [0, 0.375, 0.5]])
    assert np.isnan(got[0, 0, 3, :2]).all() and got[0, 0, 3, 2] == 0
    assert not got[0, 1].any(), "an absent body stays zero"
    with refusal("option picture"):
        in_picture(clip, None)


def test_handedness_is_kept() -> None:
    generator = np.random.default_rng(0)
    one, two, three = generator.normal(size=(3, 3)).astype(np.float32)
    before = np.linalg.det([one, two, three])
    for up in get_args(Up):
        after = np.linalg.det(turn_upright(np.stack([one, two, three]), up))
        assert after == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize("up", ["-y", "z"])
def test_raw_recordings_are_turned_before_they_are_cleaned(up: Up, tmp_path: Path) -> None:
    """Cleaning tells people by their height: of turned files the store is the same."""
    raw = tmp_path / "raw"
    write_synthetic(SyntheticConfig(classes=("wave",), subjects=2, repeats=1), raw)
    main(["prepare", str(raw), str(tmp_path / "plain"), "--workers", "1"])
    back = np.linalg.inv(turn_upright(np.eye(3, dtype=np.float32), up)).astype(np.float32)
    for file in raw.glob("*.skeleton"):
        clip = read_skeleton(file)
        write_skeleton(file, replace(clip, joints=clip.joints @ back))
    main(["prepare", str(raw), str(tmp_path / "turned"), "--up", up, "--workers", "1"])
    plain, turned = (SkeletonStore.open(tmp_path / name) for name in ("plain", "turned"))
    np.testing.assert_allclose(turned.rows, plain.rows, atol=1e-6)
    assert turned.meta.source["up"] == up
