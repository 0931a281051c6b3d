"""The page's own scripts prepare clips as Python does; run by Node, where there is one."""

import json
import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from page_scripts import NODE, prepared

from skeleton_data import (
    ImportConfig,
    RawClip,
    in_view,
    layout,
    player_data,
    sample_clips,
    sliding_windows,
    those_in_view,
    write_skeleton,
)
from skeleton_runtime import Windows, read_recordings
from skeleton_runtime.windows import people_in

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")
SHARED = Path(os.environ.get("SKELETON_SHARED", Path(__file__).parents[3] / "shared"))
NTU = layout("ntu")


def expected(file, preprocessing, options):
    """The same by Python: (first frame, frame after the last, bodies, tensor) of each window."""
    how = {name: value for name, value in options.items() if name in ("fps", "units", "up")}
    refused = []
    (recording,) = read_recordings([file], preprocessing, ImportConfig(**how), refused=refused)
    assert refused == []
    windows = Windows(options.get("window"), options.get("stride"))
    frames = len(recording.joints)
    for start, end in sliding_windows(frames, *windows.in_frames(recording.fps, frames)):
        clip = (people_in if windows.length else those_in_view)(recording.clip(start, end))
        tensor = None if clip is None else sample_clips([clip], preprocessing)[0]
        bodies = int(in_view(recording.joints[start:end]).any(axis=0).sum())
        yield start, end, bodies, tensor, recording


def assert_prepared_alike(cases):
    for case, windows in zip(cases, prepared(cases), strict=True):
        assert isinstance(windows, list), (case[0].name, windows)
        wanted = list(expected(*case))
        assert [(each["start"], each["end"], each["bodies"]) for each in windows] == [w[:3] for w in wanted]
        recording = wanted[0][-1]
        for each, (*_, tensor, _) in zip(windows, wanted, strict=True):
            assert (each["tensor"] is None) == (tensor is None)
            if tensor is not None:
                found = np.array(each["tensor"], np.float32).reshape(tensor.shape)
                np.testing.assert_allclose(found, tensor, atol=2e-5, err_msg=f"{case}")
        whole = recording.clip(0, len(recording.joints)).astype(float)
        yaw = player_data({"": whole}, case[1].layout, fps=30)["yaw"]
        assert windows[0]["yaw"] == pytest.approx(yaw, abs=1e-3)


def models(recogniser):
    """Models that differ in all that clips go through."""
    base = recogniser.preprocessing
    kinds = (
        {"bodies": 2, "fps": None, "cleaning": "reference"},
        {"bodies": 1, "fps": 20, "cleaning": "true_frames"},
        {"bodies": 2, "fps": 30, "cleaning": None},
        {"bodies": 2, "fps": 45.0, "cleaning": "reference"},
    )
    ways = (
        {"origin": "none", "face_forward": False, "stream": "joint", "test_crop": 0.95, "frames": 20},
        {"origin": "first_frame", "face_forward": True, "stream": "bone", "test_crop": 1.0, "frames": 7},
        {
            "origin": "first_frame",
            "face_forward": False,
            "stream": "bone_motion",
            "test_crop": 0.9,
            "frames": 33,
        },
    )
    for kind, way in product(kinds, ways):
        sampling = base.sampling.model_copy(update=way)
        yield base.model_copy(update=kind | {"sampling": sampling})


@pytest.fixture(scope="module")
def two_people(tmp_path_factory, clips):
    """Two people, a gap, a third who comes for a moment, and a ghost that lies on the floor."""
    generator = np.random.default_rng(2)
    first, second = clips[0][:, 0] + [0, 1, 3], clips[1][:40, 0] * 1.1 + [1, 1, 3]
    ghost = generator.normal(size=(25, 25, 3)) * [1, 0.05, 1] + [0, 0, 2]
    rows = [(frame, 11, joints) for frame, joints in enumerate(first[:45])]
    rows += [(frame + 5, 22, joints) for frame, joints in enumerate(second) if not 10 <= frame < 14]
    rows += [(frame + 60, 33, joints) for frame, joints in enumerate(first[45:57])]
    rows += [(frame + 2, 44, joints) for frame, joints in enumerate(ghost)]
    rows += [(frame + 20, 55, joints) for frame, joints in enumerate(second[:8])]
    rows.sort(key=lambda row: row[0])
    frame, body, joints = zip(*rows, strict=True)
    path = tmp_path_factory.mktemp("two") / "S001C001P001R001A001.skeleton"
    clip = RawClip(75, np.array(frame), np.array(body), np.array(joints, np.float32))
    write_skeleton(path, clip)
    return path


@pytest.fixture(scope="module")
def lost(tmp_path_factory, clips):
    """Somebody whom the tracker loses: all joints lie in one point for a while."""
    joints = np.concatenate([clips[0][:, 0] + [0, 1, 3], clips[1][:, 0] + [0, 1, 3]]).astype(np.float32)
    joints[30:60] = joints[30:60, :1]
    path = tmp_path_factory.mktemp("lost") / "S001C001P002R001A001.skeleton"
    write_skeleton(path, RawClip(len(joints), np.arange(len(joints)), np.full(len(joints), 7), joints))
    return path


def test_raw_recordings(recogniser, raw, two_people, lost):
    options = ({}, {"window": "1s", "stride": "0.5s"}, {"window": "25"}, {"window": "35", "stride": "3"})
    recordings = [*sorted(raw.glob("*.skeleton"))[:2], two_people, lost]
    assert_prepared_alike(list(product(recordings, models(recogniser), options)))


def test_real_raw_recordings(recogniser):
    recordings = sorted((SHARED / "golden" / "raw_ntu").glob("*.skeleton"))
    if not recordings:
        pytest.skip(f"there are no recordings in {SHARED}")
    assert_prepared_alike(list(product(recordings, list(models(recogniser))[:6], [{"window": "2s"}])))


@pytest.fixture(scope="module")
def tables(tmp_path_factory, clips):
    """One clip as tables: in metres, and lying in millimetres, in another order, with other names."""
    folder = tmp_path_factory.mktemp("tables")
    clip = clips[1][:, 0] + np.float32([0.5, 1, 3])
    order = np.random.default_rng(0).permutation(25)
    names = ["".join(word.title() for word in NTU.joints[joint].split("_")) for joint in order]
    rows = clip[:, order]
    lying = np.stack([rows[..., 0], -rows[..., 2], rows[..., 1]], axis=-1)
    for name, joints in (("metres.csv", rows), ("lying.csv", lying)):
        head = ",".join(["frame", *(f"{joint}_{axis}" for joint in names for axis in "xyz")])
        lines = [f"{at},{','.join(f'{v:.6g}' for v in row.ravel())}" for at, row in enumerate(joints)]
        (folder / name).write_text("\n".join([head, *lines]) + "\n")
    return folder


def test_tables(recogniser, tables):
    cases = []
    for preprocessing in models(recogniser):
        options = {"fps": 30, "window": "1s"}
        cases.append((tables / "metres.csv", preprocessing, options))
        cases.append((tables / "lying.csv", preprocessing, options | {"up": "z", "fps": 25}))
    assert_prepared_alike(cases)


def test_clips_in_json(recogniser, clips, tmp_path):
    two = np.concatenate([clips[0][:50], clips[1][:50]], axis=2 - 1)
    two[:7, 1], two[30:33, 0] = 0, 0
    models_, cases = list(models(recogniser)), []
    for name, clip in (("one", clips[2][:, 0]), ("two", two)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"clips": [clip.tolist()]}))
        cases += [(tmp_path / f"{name}.json", preprocessing, {"fps": 30}) for preprocessing in models_]
    for (file, preprocessing, _), (windows,) in zip(cases, prepared(cases), strict=True):
        clip = {"one": clips[2], "two": two}[file.stem]
        shown = [*recordings_of(clip, preprocessing)]
        found = np.array(windows["tensor"], np.float32).reshape(shown[0].shape)
        np.testing.assert_allclose(found, shown[0], atol=2e-5)


def recordings_of(clip, preprocessing):
    from skeleton_runtime.arrays import array_recordings

    for recording in array_recordings([(0, clip)], preprocessing, ImportConfig(fps=30)):
        yield sample_clips([recording.clip(0, len(recording.joints))], preprocessing)[0]


BAD = {
    "a.bvh": ("", "serve"),
    "a.skeleton": ("2\n1\n", "line"),
    "empty.skeleton": ("0\n", "no frame"),
    "a.csv": ("a,b\n1,2\n", "HEAD_x"),
    "nan.json": (
        '{"clips": [' + json.dumps(np.ones((1, 25, 3)).tolist()).replace("1.0", "null", 1) + "]}",
        "joint 0",
    ),
    "other.json": ('{"clips": [' + json.dumps(np.ones((4, 20, 3)).tolist()) + "]}", "25 joints"),
    "giant.json": ('{"clips": [' + json.dumps((99 * np.eye(25)[None, :, :3]).tolist()) + "]}", "at zero"),
    "text.json": ("{", "JSON"),
    "no.json": ("{}", "0 frames"),
}


def test_what_cannot_be_used_is_told(recogniser, tables, tmp_path):
    cases, wanted = [], []
    for name, (text, complaint) in BAD.items():
        (tmp_path / name).write_text(text)
        cases.append((tmp_path / name, recogniser.preprocessing, {}))
        wanted.append(complaint)
    for options, complaint in (
        ({}, "fps"),
        ({"fps": 30, "units": "mm"}, "units"),
        ({"fps": 30, "window": "x"}, "window"),
    ):
        cases.append((tables / "metres.csv", recogniser.preprocessing, options))
        wanted.append(complaint)
    for (file, *_), windows, complaint in zip(cases, prepared(cases), wanted, strict=True):
        assert isinstance(windows, str) and complaint in windows, (file.name, windows)
