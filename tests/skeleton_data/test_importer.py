"""Own data: joints by name, millimetres to metres, columns to facts, and words about what does not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.errors import DataError
from skeleton_data.importing.importer import import_clips, verify_clips
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.store.store import SkeletonStore

KINECT = layout("kinect_v1")
LENGTHS = [4, 1, 5]


def some_data(**changes: Any) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    data = {
        "positions_mm": generator.integers(1, 1500, size=(10, 20, 3)).astype(np.int16),
        "offsets": np.cumsum([0, *LENGTHS]),
        "joint_names": np.array(KINECT.joints),
        "label": np.array([1, 0, 1], dtype=np.int16),
        "subject": np.array([3, 1, 2], dtype=np.int16),
        "class_names": np.array(["wave", "kick"]),
        "clip_names": np.array(["a", "b", "c"]),
        "fps": np.float32(30),
    }
    data.update(changes)
    return {name: value for name, value in data.items() if value is not None}


def bring_in(folder: Path, data: dict[str, Any], **config: Any) -> SkeletonStore:
    np.savez(folder / "mine.npz", **data)
    import_clips(folder / "mine.npz", folder / "s", ImportConfig(**{"layout": "kinect_v1"} | config))
    return SkeletonStore.open(folder / "s")


def test_an_npz_with_everything(tmp_path: Path) -> None:
    data = some_data()
    store = bring_in(tmp_path, data)
    assert [store.name(clip) for clip in range(3)] == ["a", "b", "c"]
    assert store.index.frames.tolist() == LENGTHS
    assert store.index.label.tolist() == [1, 0, 1]
    assert store.index.subject.tolist() == [3, 1, 2]
    assert store.index.camera.tolist() == [-1, -1, -1]
    assert store.class_names == ("wave", "kick")
    assert store.fps == 30
    for clip, (start, end) in enumerate(zip(data["offsets"], data["offsets"][1:], strict=False)):
        metres = data["positions_mm"][start:end].astype(np.float32) / np.float32(1000)
        np.testing.assert_array_equal(store.read(clip)[:, 0], metres)


def test_joints_are_found_by_name(tmp_path: Path) -> None:
    """In another order and spelling, with a joint that the layout does not have."""
    order = np.random.default_rng(1).permutation(20)
    spelled = [
        "".join(word.capitalize() for word in reversed(KINECT.joints[joint].split("_"))) for joint in order
    ]
    data = some_data()
    expected = bring_in(tmp_path, data).read(0)
    shuffled = np.insert(data["positions_mm"][:, order], 7, 9999, axis=1)
    (tmp_path / "other").mkdir()
    changed = some_data(positions_mm=shuffled, joint_names=np.array([*spelled[:7], "Tail", *spelled[7:]]))
    np.savez(tmp_path / "other" / "mine.npz", **changed)
    done = import_clips(
        tmp_path / "other" / "mine.npz", tmp_path / "other" / "s", ImportConfig(layout="kinect_v1")
    )
    assert done.unused_joints == ("Tail",)
    np.testing.assert_array_equal(SkeletonStore.open(tmp_path / "other" / "s").read(0), expected)


def test_metres_and_several_bodies(tmp_path: Path) -> None:
    """The second body is absent in the first clip, which then has one."""
    positions = 0.3 * np.random.default_rng(0).normal(size=(10, 3, 20, 3))
    positions[:4, 1:] = 0
    positions[4:, 2] = 0
    store = bring_in(tmp_path, some_data(positions_mm=None, positions_m=positions))
    assert store.index.bodies.tolist() == [1, 2, 2]
    np.testing.assert_array_equal(store.read(2), positions[5:, :2].astype(np.float32))


def test_an_array_with_a_table(tmp_path: Path) -> None:
    data = some_data()
    np.save(tmp_path / "mine.npy", data["positions_mm"])
    (tmp_path / "clips.csv").write_text(
        "name,frames,action,who,take\nx,4,wave,3,1\ny,1,kick,1,1\nz,5,wave,2,2\n", encoding="utf-8"
    )
    (tmp_path / "joints.txt").write_text("\n".join(KINECT.joints))
    config = ImportConfig(
        layout="kinect_v1",
        units="mm",
        fps=25,
        clips=tmp_path / "clips.csv",
        joints=tmp_path / "joints.txt",
        label="action",
        subject="who",
        replication="take",
    )
    import_clips(tmp_path / "mine.npy", tmp_path / "s", config)
    store = SkeletonStore.open(tmp_path / "s")
    assert [store.name(clip) for clip in range(3)] == ["x", "y", "z"]
    assert store.class_names == ("kick", "wave")
    assert store.index.label.tolist() == [1, 0, 1]
    assert store.index.subject.tolist() == [3, 1, 2]
    assert store.index.replication.tolist() == [1, 1, 2]
    np.testing.assert_array_equal(
        store.read(1)[0, 0], data["positions_mm"][4].astype(np.float32) / np.float32(1000)
    )


def test_little_is_needed(tmp_path: Path) -> None:
    bare = some_data(joint_names=None, label=None, subject=None, class_names=None, clip_names=None, fps=None)
    store = bring_in(tmp_path, bare, fps=12.5)
    assert store.name(2) == "clip000002"
    assert store.index.label.tolist() == [-1, -1, -1]
    assert store.class_names == ()
    assert store.fps == 12.5


def test_columns_that_are_not_used_are_told(tmp_path: Path) -> None:
    data = some_data(label=None, action=["kick", "wave", "kick"], weights=[0.5, 1.0])
    np.savez(tmp_path / "mine.npz", **data)
    for options, told in (({}, True), ({"label": "action"}, False)):
        config = ImportConfig.model_validate({"layout": "kinect_v1", "insist": True} | options)
        report = verify_clips(tmp_path / "mine.npz", config).report
        assert any("action" in line for line in report) == told, report
        assert not any("weights" in line for line in report)


def test_class_names_belong_to_their_column(tmp_path: Path) -> None:
    data = some_data(
        style=np.array([0, 1, 0]), style_names=np.array(["calm", "wild"]), mood=np.array([0, 0, 2])
    )
    assert bring_in(tmp_path, data, label="style").class_names == ("calm", "wild")
    (tmp_path / "2").mkdir()
    assert bring_in(tmp_path / "2", data, label="mood").class_names == ()


@pytest.mark.parametrize(
    ("changes", "config", "message"),
    [
        (
            {"joint_names": np.array([*KINECT.joints[:-1], "Toe"])},
            {},
            "no joint named right_foot; it has hip_center",
        ),
        ({"joint_names": np.array(KINECT.joints[:5])}, {}, "have 20 joints, but there are 5 joint names"),
        ({}, {"layout": "ntu"}, "no joint named spine_base, spine_mid, neck.*; .*option derive"),
        ({}, {"layout": "coco17", "derive": True}, "no joint named nose, .*, nor joints to derive it from"),
        ({"joint_names": None}, {"layout": None}, "joints.*layout"),
        (
            {"joint_names": np.array([*KINECT.joints[:19], "tail"])},
            {"layout": None},
            "hip_center.* .*layout.*with derive h36m17, .*kinect_v1",
        ),
        ({}, {"part": "train"}, "the format own does not know the option part"),
        ({"joint_names": None}, {"layout": "ntu"}, "have 20 joints, but there are 25 joint names"),
        ({"fps": None}, {}, "give the option fps"),
        ({"fps": np.float32(0)}, {}, "fps must be above 0"),
        ({"fps": np.float32(60)}, {"fps": 30}, "60 frames per second.* option fps is 30"),
        ({"positions_mm": None, "positions": np.zeros((10, 20, 3))}, {}, "units: m, cm, mm or px"),
        ({}, {"units": "m"}, "a body measures .* option units"),
        ({"positions_m": np.zeros((10, 20, 3))}, {}, "expected one of positions_m, positions_mm, positions"),
        ({"positions_mm": np.zeros((10, 60))}, {}, r"float64\(10, 60\), expected numbers of the shape"),
        ({"positions_mm": np.full((10, 20, 3), "x")}, {}, "expected numbers of the shape"),
        ({"offsets": None}, {}, r"no 'offsets' in it.*option clips"),
        ({"offsets": np.array([0, 4, 5, 11])}, {}, "the clips are frames 0 to 11, the positions 0 to 10"),
        ({"offsets": np.array([0, 4, 4, 10])}, {}, "clip 1 has 0 frames"),
        ({"offsets": np.array([0.0, 4, 5, 10])}, {}, "'offsets' is float64"),
        (
            {},
            {"label": "action"},
            "no column 'action'; there are class_names, clip_names, fps, joint_names, label",
        ),
        ({}, {"class_names": "names"}, "no entry 'names'"),
        ({"subject": np.array([1, 2])}, {}, r"column 'subject' has the shape \(2,\), expected \(3,\)"),
        ({"subject": np.array(["1", "p2", "3"])}, {}, "column 'subject' holds 'p2' among whole numbers"),
        ({"subject": np.array([0.5, 1, 2])}, {}, "column 'subject' holds fractions"),
        ({"label": np.array([0, 1, 2])}, {}, "clip 'c' has the label 2, but there are 2 class names"),
        ({"label": np.array([0, 1, -5])}, {}, "expected numbers from 0 to 2147483647 or -1, unknown"),
        ({"subject": np.array(["1", "--2", "3"])}, {}, "column 'subject' holds '--2' among whole numbers"),
        ({"subject": np.array(["1", "9" * 30, "3"])}, {}, "column 'subject' holds '9999"),
        ({"subject": np.array([1, 2, 2**40])}, {}, "clip 'c' has the facts .* to 2147483647"),
        ({"fps": np.array("fast")}, {}, "the option fps"),
        ({"fps": np.float32(np.inf)}, {}, "fps must be above 0"),
        ({"clip_names": np.array(["a", "b"])}, {}, r"'clip_names' has the shape \(2,\), expected \(3,\)"),
        ({"clip_names": np.array(["a", "", "c"])}, {}, "a clip has an empty name"),
        (
            {"clip_names": np.array([97, 0xD800, 99], "<u4").view("<U1")},
            {},
            "clip_names.npy: text that is not Unicode",
        ),
        ({"clip_names": np.array([{}, {}, {}])}, {}, "cannot be read: clip_names.* pickled"),
        ({"positions_mm": np.zeros((10, 20, 3), np.int16)}, {}, "clip 'a': all zero, there is no body"),
        ({}, {"layout": "kinect"}, "no layout 'kinect': choose from"),
        ({}, {"clips": Path("none.csv")}, r"none\.csv: no such file"),
        ({}, {"joints": Path("none.txt")}, r"none\.txt: no such file"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, Any], config: dict[str, Any], message: str
) -> None:
    with refusal(message):
        bring_in(tmp_path, some_data(**changes), **config)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "the file is empty"),
        ("name\nx\n", "expected a CSV table with a column 'frames'"),
        ("frames,who\n4,1\n1\n5,1\n", "line 3: expected 2 fields"),
        ("frames;who\n\n4;1\n\n1\n5;1\n", "line 5: expected 2 fields"),
        ("frames,who\n4,1\n1,2,3\n5,1\n", "line 3: expected 2 fields"),
        ("frames\n4\nfive\n5\n", "line 3: column 'frames' holds 'five' among whole numbers"),
        ("frames\na\nb\nc\n", "line 2: column 'frames' holds 'a', expected whole numbers"),
        ("frames\n4\n5\n", "the clips are frames 0 to 9, the positions 0 to 10"),
    ],
)
def test_a_table_that_does_not_fit(tmp_path: Path, table: str, message: str) -> None:
    np.save(tmp_path / "mine.npy", np.zeros((10, 20, 3)))
    (tmp_path / "clips.csv").write_text(table)
    config = ImportConfig(layout="kinect_v1", units="m", fps=30, clips=tmp_path / "clips.csv")
    with refusal(message):
        import_clips(tmp_path / "mine.npy", tmp_path / "s", config)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"\x80\x04]."])
@pytest.mark.parametrize("suffix", [".npz", ".npy", ".dat"])
def test_a_file_of_another_kind(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(content)
    with refusal(r"cannot be read|its format is not known"):
        import_clips(path, tmp_path / "s", ImportConfig(layout="kinect_v1"))
    np.save(path.with_suffix(".npy"), np.zeros((10, 20, 3)))
    if suffix == ".npz":
        path.with_suffix(".npy").rename(path)
        with refusal("cannot be read"):
            import_clips(path, tmp_path / "s", ImportConfig(layout="kinect_v1"))
    with refusal(r"no such file"):
        import_clips(tmp_path / f"none{suffix}", tmp_path / "s", ImportConfig(layout="kinect_v1"))


def test_clips_with_infinity_are_skipped_on_request(tmp_path: Path) -> None:
    positions = 0.3 * np.random.default_rng(0).normal(size=(10, 20, 3)).astype(np.float32)
    positions[4, 3, 1] = np.inf
    np.savez(tmp_path / "mine.npz", **some_data(positions_mm=None, positions_m=positions))
    with pytest.raises(
        DataError, match=r"mine\.npz: clip 'b'\[0\]\[3\]\[1\]: expected a finite number, found inf"
    ):
        import_clips(tmp_path / "mine.npz", tmp_path / "s", ImportConfig(layout="kinect_v1"))
    done = import_clips(
        tmp_path / "mine.npz", tmp_path / "s", ImportConfig(layout="kinect_v1"), on_error="skip"
    )
    assert done.clips == 2
    assert (tmp_path / "s.skipped.txt").read_text().splitlines() == list(done.problems)


@pytest.mark.parametrize(
    ("name", "clips", "classes", "subjects"), [("utd_mhad", 861, 27, 8), ("msrc12", 6233, 12, 30)]
)
def test_real_recordings(
    shared: Path, tmp_path: Path, name: str, clips: int, classes: int, subjects: int
) -> None:
    source = shared / "data" / f"{name}.npz"
    import_clips(source, tmp_path / "s", ImportConfig(layout="kinect_v1"))
    store = SkeletonStore.open(tmp_path / "s")
    assert len(store) == clips
    assert len(store.class_names) == len(np.unique(store.index.label)) == classes
    assert np.unique(store.index.subject).tolist() == list(range(1, subjects + 1))
    assert store.fps == 30
    with np.load(source, allow_pickle=False) as data:
        positions, names, offsets = data["positions_mm"], data["joint_names"].tolist(), data["offsets"]
    head = names.index("head" if name == "utd_mhad" else "Head")
    left_foot = names.index("left_foot" if name == "utd_mhad" else "FootLeft")
    for clip in (0, clips // 2, clips - 1):
        joints = store.read(clip)
        rows = slice(offsets[clip], offsets[clip + 1])
        for joint, column in (("head", head), ("left_foot", left_foot)):
            expected = positions[rows, column].astype(np.float32) / np.float32(1000)
            np.testing.assert_array_equal(joints[:, 0, KINECT.joints.index(joint)], expected)
    # Two sets that list their joints in different orders now agree on which end is up.
    up = {joint: store.rows[::50, number, 1].mean() for number, joint in enumerate(KINECT.joints)}
    assert up["head"] > up["shoulder_center"] > up["hip_center"] > up["left_knee"] > up["left_foot"]
