"""How sure a tracker was of each joint: kept in the store, on every way into it and out of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refusal
from small_stores import KINECT, some_clips

from skeleton_data import (
    ImportConfig,
    SkeletonStore,
    Split,
    StoreWriter,
    export_huggingface,
    export_npz,
    import_clips,
    layout,
    split,
)
from skeleton_data.errors import DataError
from skeleton_data.importing.resampling import resample, resample_confidence
from skeleton_data.layouts.joint_mapping import joint_map

Sure = list[np.ndarray | None]


def write(path: Path, clips: list[np.ndarray], sure: Sure, **options: Any) -> SkeletonStore:
    with StoreWriter(path, layout=KINECT, fps=30, **options) as writer:
        for number, (joints, confidence) in enumerate(zip(clips, sure, strict=True)):
            writer.add(joints, name=f"clip {number}", label=0, subject=number, confidence=confidence)
    return SkeletonStore.open(path)


def some_confidence(seed: int, clip: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.uniform(size=clip.shape[:3]) * (random.uniform(size=clip.shape[:3]) < 0.8)).astype("f4")


@given(seed=st.integers(0, 10**6), said=st.lists(st.booleans(), min_size=1, max_size=5))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, seed: int, said: list[bool]) -> None:
    clips = some_clips(seed, len(said))
    sure = [some_confidence(seed, clip) if each else None for clip, each in zip(clips, said, strict=True)]
    store = write(tmp_path_factory.mktemp("stores") / "s", clips, sure)
    store.verify()
    assert ("confidence.npy" in store.meta.files) == any(said)
    for number, (clip, confidence) in enumerate(zip(clips, sure, strict=True)):
        np.testing.assert_array_equal(store.read(number), clip)
        found = store.read_confidence(number)
        if not any(said):
            assert found is None
            continue
        expected = np.ones(clip.shape[:3]) if confidence is None else confidence
        assert found is not None and found.shape == clip.shape[:3]
        assert np.abs(found - expected).max() <= 1 / 255
        assert ((found > 0) == (expected > 0)).all()


def test_a_store_without_it_is_as_it_was_before(tmp_path: Path) -> None:
    clips = some_clips(1, 2)
    plain, other = write(tmp_path / "a", clips, [None, None]), write(tmp_path / "b", clips, [None, None])
    assert sorted(file.name for file in plain.path.iterdir()) == [
        "index.npy",
        "joints.npy",
        "names.bin",
        "store.json",
    ]
    assert plain.fingerprint == other.fingerprint
    sure = write(tmp_path / "c", clips, [some_confidence(0, clips[0]), None])
    assert sure.fingerprint != plain.fingerprint


def test_damage_is_found(tmp_path: Path) -> None:
    clips = some_clips(1, 2)
    store = write(tmp_path / "s", clips, [None, some_confidence(0, clips[1])])
    file = store.path / "confidence.npy"
    whole = bytearray(file.read_bytes())
    whole[-1] ^= 1
    file.write_bytes(whole)
    with refusal("confidence.npy.*damaged"):
        SkeletonStore.open(store.path).verify()
    file.write_bytes(whole[:-1])
    with refusal("confidence.npy.*damaged"):
        SkeletonStore.open(store.path)


@pytest.mark.parametrize("wrong", [np.full((3, 1, 20), 1.5), np.full((3, 1, 20), np.nan), np.ones((3, 20))])
def test_what_is_no_confidence_is_refused(tmp_path: Path, wrong: np.ndarray) -> None:
    with refusal("'clip 0'.*confidence"):
        write(tmp_path / "s", [np.ones((3, 1, 20, 3), np.float32)], [wrong])
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("first", [0, 1])
def test_a_writer_goes_on_from_finished_chunks(tmp_path: Path, first: int) -> None:
    """Killed after a chunk with a confidence, or in one, after one without."""
    clips = some_clips(2, 3)
    sure: Sure = [None, None, some_confidence(1, clips[2])]
    sure[first] = some_confidence(0, clips[first])
    whole = write(tmp_path / "whole", clips, sure)

    def add(writer: StoreWriter, numbers: range) -> None:
        for number in numbers:
            name = f"clip {number}"
            writer.add(clips[number], name=name, label=0, subject=number, confidence=sure[number])
            writer.finish_chunk()

    path, options = tmp_path / "s", {"layout": KINECT, "fps": 30, "plan": ["a", "b", "c"]}
    with pytest.raises(RuntimeError), StoreWriter(path, **options) as writer:
        add(writer, range(1))
        writer.add(clips[1], name="half", confidence=some_confidence(5, clips[1]))
        raise RuntimeError
    with StoreWriter(path, **options) as writer:
        assert len(writer.chunks) == 1
        add(writer, range(1, 3))
    again = SkeletonStore.open(path)
    again.verify()
    assert again.fingerprint == whole.fingerprint
    np.testing.assert_array_equal(again.confidence, whole.confidence)


def gaps(path: Path) -> np.ndarray:
    """Own data of two clips of 20 frames; return which joints are missing (40, V)."""
    random = np.random.default_rng(3)
    body = random.uniform(-0.8, 0.8, size=(1, 20, 3))
    joints = (body + np.linspace(0, 0.2, 40)[:, None, None]).astype(np.float32)
    missing = np.zeros((40, 20), bool)
    missing[4:9, 7] = missing[30:33, 2] = missing[:, 19] = True
    joints[missing] = np.nan
    np.savez(path, positions_m=joints, offsets=[0, 20, 40], joint_names=KINECT.joints, fps=30.0, label=[0, 1])
    return missing


def test_import_keeps_which_joints_were_filled(tmp_path: Path) -> None:
    missing = gaps(tmp_path / "own.npz")
    import_clips(tmp_path / "own.npz", tmp_path / "s", ImportConfig(layout="kinect_v1"))
    store = SkeletonStore.open(tmp_path / "s")
    assert store.confidence is not None
    np.testing.assert_array_equal(store.confidence == 0, missing)
    np.testing.assert_array_equal(store.confidence[~missing], 255)
    assert np.isfinite(store.rows).all()
    # in other joints, frames and rates
    config = ImportConfig(layout="kinect_v1", missing="drop-frame")
    import_clips(tmp_path / "own.npz", tmp_path / "dropped", config)
    dropped = SkeletonStore.open(tmp_path / "dropped").read_confidence(0)
    assert dropped is not None and len(dropped) == 15 and (dropped[:, 0, 19] == 0).all()
    slow = ImportConfig(layout="kinect_v1", resample=15)
    import_clips(tmp_path / "own.npz", tmp_path / "slow", slow)
    found = SkeletonStore.open(tmp_path / "slow").read_confidence(0)
    assert found is not None
    np.testing.assert_array_equal(found[:, 0] == 0, missing[:20:2])


def test_a_store_is_made_of_a_store_and_of_its_export(tmp_path: Path) -> None:
    """A gap that one import filled is not filled anew, however long, and stays known."""
    gaps(tmp_path / "own.npz")
    config = ImportConfig(layout="kinect_v1", max_gap="9")
    import_clips(tmp_path / "own.npz", tmp_path / "s", config)
    store = SkeletonStore.open(tmp_path / "s")
    import_clips(tmp_path / "s", tmp_path / "again", ImportConfig(max_gap="0"))
    again = SkeletonStore.open(tmp_path / "again")
    assert again.fingerprint == store.fingerprint
    export_npz(store, tmp_path / "x.npz", Split(np.array([0]), np.array([], int), np.array([1])))
    comes_back(tmp_path / "x.npz", store)
    pytest.importorskip("datasets", reason="the extra 'huggingface' is not installed")
    export_huggingface(store, tmp_path / "hf", split(store.index, "all"))
    comes_back(tmp_path / "hf", store)


def comes_back(export: Path, store: SkeletonStore) -> None:
    """The clips of an export are those of the store, in whatever order, and as sure."""
    import_clips(export, export.with_name("back"), ImportConfig(max_gap="0"), overwrite=True)
    back = SkeletonStore.open(export.with_name("back"))
    order = [int(np.flatnonzero(back.index.label == label)[0]) for label in store.index.label]
    for number, place in enumerate(order):
        np.testing.assert_array_equal(back.read(place), store.read(number))
        np.testing.assert_array_equal(back.read_confidence(place), store.read_confidence(number))


@pytest.mark.parametrize("units", ["m", "px"])
def test_own_data_keeps_its_confidence(tmp_path: Path, units: str) -> None:
    """What the tracker said of each joint stands in the store, in pictures as z; NaN says nothing: 1."""
    joints, sure = some_clips(0, 1)[0][:, 0], np.random.default_rng(0).uniform(0.1, 1, 20).astype("f4")
    joints = joints if units == "m" else joints[..., :2]
    own = {f"positions_{units}": joints, "offsets": [0, len(joints)], "joint_names": KINECT.joints}
    own |= {"fps": 30.0, "picture": [640, 480]}
    known = np.tile(sure, (len(joints), 1))
    known[0, 3] = 0
    np.savez(tmp_path / "own.npz", **own, confidence=np.where(known == known[1, 5], np.nan, known))
    known[known == known[1, 5]] = 1
    import_clips(tmp_path / "own.npz", tmp_path / "s", ImportConfig(insist=True))
    store = SkeletonStore.open(tmp_path / "s")
    found = store.read_confidence(0) if units == "m" else store.read(0)[..., 2]
    assert found is not None
    np.testing.assert_allclose(found[:, 0], known, atol=1 / 255)
    assert found[0, 0, 3] == 0
    for wrong, message in ((100 * known, "median"), (np.where(known < 1, known, np.inf), "infinite")):
        np.savez(tmp_path / "own.npz", **own, confidence=wrong)  # the first are per cent
        with refusal(message):
            import_clips(tmp_path / "own.npz", tmp_path / "wrong", ImportConfig(insist=True))


def test_own_pixels_say_their_confidence_once(tmp_path: Path) -> None:
    depth = np.ones((5, 20, 3))
    own = {"positions_px": depth, "offsets": [0, 5], "joint_names": KINECT.joints, "fps": 30.0}
    np.savez(tmp_path / "own.npz", **own, confidence=depth[..., 0], picture=[640, 480])
    with refusal("twice"):
        import_clips(tmp_path / "own.npz", tmp_path / "s", ImportConfig())


def test_a_joint_made_of_others_is_as_sure_as_the_least_of_them() -> None:
    coco, openpose = layout("coco17").joints, layout("openpose18").joints
    sure = np.ones((2, 1, 17), np.float32)
    sure[1, 0, coco.index("left_shoulder")] = 0.25
    found = joint_map(coco, openpose, derive=True).lowest(sure)
    less = {openpose[joint]: found[1, 0, joint] for joint in np.flatnonzero(found[1, 0] < 1)}
    assert less == {"neck": 0.25, "left_shoulder": 0.25} and (found[0] == 1).all()


@given(st.integers(2, 12), st.sampled_from([10.0, 15.0, 20.0, 25.0, 60.0]), st.integers(0, 10**6))
def test_resampled_joints_that_count_as_measured_come_from_measured_ones(
    frames: int, wanted: float, seed: int
) -> None:
    """Whatever stands at missing joints, those that are left with a confidence are the same."""
    random = np.random.default_rng(seed)
    joints = random.uniform(1, 2, (frames, 1, 4, 3)).astype(np.float32)
    sure = (random.uniform(size=(frames, 1, 4)) < 0.6).astype(np.float32)
    other = np.where(sure[..., None] > 0, joints, 9).astype(np.float32)
    known = resample_confidence(sure, 30, wanted) > 0
    one, two = resample(joints, 30, wanted), resample(other, 30, wanted)
    assert known.shape == one.shape[:3]
    np.testing.assert_array_equal(one[known], two[known])


def test_an_older_store_with_no_such_file_is_read(tmp_path: Path) -> None:
    store = write(tmp_path / "s", some_clips(1, 2), [None, None])
    assert "confidence" not in json.loads((store.path / "store.json").read_text())["files"]
    assert store.confidence is None and store.read_confidence(1) is None
    with pytest.raises((IndexError, DataError)):
        store.read(7)
