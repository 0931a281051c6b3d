"""All forms of a pyskl pickle."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recording_samples import (
    NTU,
    pixels,
)
from refusal import refusal

from skeleton_data.clips import Clip
from skeleton_data.errors import DataError
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import read_clips


def pyskl_item(**changes: Any) -> dict[str, Any]:
    body = pixels(4, "coco17").astype(np.float32)[None]
    item = {"frame_dir": "a", "label": 1, "keypoint": body[..., :2], "keypoint_score": body[..., 2]}
    return {
        key: value for key, value in (item | {"img_shape": (480, 640)} | changes).items() if value is not None
    }


def read_pickled(folder: Path, items: list[dict[str, Any]], **options: Any) -> list[Clip | DataError]:
    (folder / "own.pkl").write_bytes(pickle.dumps(items))
    return list(read_clips(folder / "own.pkl", ImportConfig(**options)).clips)


def test_pyskl_score_in_keypoint_is_the_same(tmp_path: Path) -> None:
    plain = read_pickled(tmp_path, [pyskl_item()])
    joined = read_pickled(tmp_path, [pyskl_item(keypoint=pixels(4, "coco17")[None], keypoint_score=None)])
    assert isinstance(plain[0], Clip) and isinstance(joined[0], Clip)
    np.testing.assert_allclose(plain[0].joints, joined[0].joints)
    np.testing.assert_allclose(plain[0].confidence, joined[0].confidence)
    assert plain[0].picture == (640, 480)


def test_pyskl_compressed_and_unlabelled(tmp_path: Path) -> None:
    near = pixels(4, "coco17").astype(np.float32)
    far = near + np.array([300, 0, 0], np.float32)
    item = pyskl_item(
        keypoint=np.stack([near[0], far[0], far[2], near[2]]),
        keypoint_score=None,
        frame_inds=np.array([0, 0, 2, 2]),
        total_frames=5,
        label=None,
    )
    (clip,) = read_pickled(tmp_path, [item])
    assert isinstance(clip, Clip) and clip.facts == {}
    assert clip.joints.shape == (5, 2, 17, 3) and not np.nan_to_num(clip.joints[[1, 3, 4]]).any()
    np.testing.assert_allclose(clip.joints[2, :, :, :2], np.stack([near[2], far[2]])[..., :2])


@pytest.mark.parametrize("part", [None, "xsub_train"])
def test_pyskl_a_name_that_is_a_list_is_told_and_the_others_are_read(tmp_path: Path, part: str) -> None:
    table: dict[str, Any] = {"annotations": [pyskl_item(), pyskl_item(frame_dir=["b"])]}
    table["split"] = {"xsub_train": ["a"], "xsub_val": [["b"]]}
    (tmp_path / "own.pkl").write_bytes(pickle.dumps(table))
    first, second = read_clips(tmp_path / "own.pkl", ImportConfig(part=part)).clips
    assert isinstance(first, Clip) and first.name == "a"
    assert isinstance(second, DataError) and "annotations[1].frame_dir" in str(second)
    with refusal(r"own\.pkl: split\.xsub_val: .*names"):
        read_clips(tmp_path / "own.pkl", ImportConfig(part="xsub_val"))


def test_joints_without_names_are_not_guessed(tmp_path: Path) -> None:
    item = pyskl_item(keypoint=NTU[None], keypoint_score=None, img_shape=None)
    with refusal(r"own\.pkl: its 25 joints .*body25 and ntu.*option source_layout"):
        read_pickled(tmp_path, [item])
    (clip,) = read_pickled(tmp_path, [item], layout="ntu")
    assert isinstance(clip, Clip)
    np.testing.assert_array_equal(clip.joints[:, 0], NTU)
