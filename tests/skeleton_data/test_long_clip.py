"""A long clip is read part by part, and is what it would be as a whole."""

import zipfile

import numpy as np
import pytest

from skeleton_data import DataError, ImportConfig, import_clips, layout, long_clip, open_clips
from skeleton_data.importing import long_clip as module
from skeleton_data.readers import array_file

NTU, PART, FRAMES = layout("ntu"), 16, 90


@pytest.fixture
def short_parts(monkeypatch):
    monkeypatch.setattr(module, "PART", PART)


def joints_of_two():
    """Two people who come and go, and a frame without anybody."""
    generator = np.random.default_rng(0)
    pose = generator.normal(0, 0.2, (2, 25, 3)) + np.linspace(0, 1.7, 25)[:, None] * [0, 1, 0]
    joints = pose + generator.normal(0, 0.02, (FRAMES, 2, 25, 3)) + [0, 0, 2]
    joints[:20, 1] = joints[40:50, 0] = joints[45:47] = 0
    return joints.astype(np.float32)


def opened(path, joints, **entries):
    given = {"positions_m": joints, "offsets": [0, len(joints)], "fps": 30.0, "joint_names": NTU.joints}
    np.savez_compressed(path, **given | entries)
    return open_clips(path, ImportConfig(up="z", insist=True), wanted=NTU)


def test_frames_are_those_of_the_whole(tmp_path, short_parts):
    path, joints = tmp_path / "a.npz", joints_of_two()
    data = opened(path, joints)
    (whole,) = data
    long = long_clip(data, path)
    assert (long.name, len(long), long.shape) == (whole.name, FRAMES, whole.joints.shape)
    windows = [(start, start + 20) for start in range(0, 71, 5)]
    for start, end in [*windows, (0, 1), (80, 90), (3, 70), (85, FRAMES)]:
        np.testing.assert_array_equal(long[start:end], whole.joints[start:end])


@pytest.mark.parametrize("kind", ["array", "one body", "store"])
def test_arrays_and_stores_are_read_part_by_part(tmp_path, short_parts, monkeypatch, kind):
    monkeypatch.setattr(array_file, "LONG", PART)
    joints, path, config = (
        joints_of_two(),
        tmp_path / "a.npy",
        ImportConfig(units="mm", fps=30, insist=True, source_layout="ntu"),
    )
    if kind == "store":
        path, config = tmp_path / "a.store", ImportConfig()
        opened(tmp_path / "a.npz", joints)
        import_clips(tmp_path / "a.npz", path, ImportConfig(insist=True))
    else:
        np.save(path, 1000 * (joints[:, 0] if kind == "one body" else joints))
    (whole,) = open_clips(path, config, wanted=NTU)
    long = long_clip(open_clips(path, config, wanted=NTU), path)
    assert (long.name, long.shape) == (whole.name, whole.joints.shape)
    for start, end in [(0, 20), (10, 30), (3, 70), (85, FRAMES)]:
        np.testing.assert_array_equal(long[start:end], whole.joints[start:end])


@pytest.mark.parametrize("change", ["gap", "lost joint", "short", "two clips", "confidence", "nobody"])
def test_what_parts_cannot_tell_is_read_as_a_whole(tmp_path, short_parts, change):
    joints, entries = joints_of_two(), {}
    match change:
        case "gap":
            joints[70, 0, 3, 1] = np.nan
        case "lost joint":
            joints[70, 0, 3] = 0
        case "short":
            joints = joints[:PART]
        case "two clips":
            entries = {"offsets": [0, 40, FRAMES]}
        case "confidence":
            entries = {"confidence": np.ones((FRAMES, 2, 25))}
        case "nobody":
            joints[:] = 0
    path = tmp_path / "a.npz"
    data = opened(path, joints, **entries)
    assert long_clip(data, path) is None
    clips = list(data)
    assert len(clips) == len(entries.get("offsets", [0, 1])) - 1
    assert isinstance(clips[0], DataError) == (change == "nobody")


def test_what_is_wrong_is_told_as_of_the_whole(tmp_path, short_parts):
    path = tmp_path / "a.npz"
    opened(path, 10 * joints_of_two())
    data = open_clips(path, ImportConfig(), wanted=NTU)
    assert long_clip(data, path) is None
    with pytest.raises(DataError, match="option units"):
        [data.report.check(path) for _ in data]


def test_a_damaged_clip_is_refused(tmp_path, short_parts):
    path, joints = tmp_path / "a.npz", joints_of_two()
    opened(path, joints)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "b.npz", "w") as stored:
        for name in archive.namelist():
            stored.writestr(name, archive.read(name))
    data = (tmp_path / "b.npz").read_bytes()
    at = data.index(joints[30, 0].tobytes())
    (tmp_path / "b.npz").write_bytes(data[:at] + b"\0" + data[at + 1 :])
    damaged = open_clips(tmp_path / "b.npz", ImportConfig(up="z", insist=True), wanted=NTU)
    assert long_clip(damaged, path) is None
    (error,) = damaged
    assert isinstance(error, DataError) and "b.npz" in str(error)
