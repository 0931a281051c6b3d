"""Formats in which skeleton data sets are handed on: what is read, what is said about each fault in each."""

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from skeleton_data.errors import DataError
from skeleton_data.import_config import ImportConfig
from skeleton_data.importer import import_clips
from skeleton_data.layout import layout
from skeleton_data.ntu_facts import ntu_class_names
from skeleton_data.readers.formats import find_format, open_clips
from skeleton_data.store import SkeletonStore

RANDOM = np.random.default_rng(0)


def walk(frames: int, joints: int) -> np.ndarray:
    """(frames, joints, 3) float32 metres."""
    return RANDOM.normal(size=(frames, joints, 3)).astype(np.float32)


# ----------------------------------------------------------------------------------------------------------
# A small data set in each format
# ----------------------------------------------------------------------------------------------------------

WALKS = [walk(4, 25), walk(6, 25)]
SECOND = walk(6, 25)
UCLA = [walk(3, 20), walk(2, 20)]


def ctr_gcn(**changes: Any) -> dict[str, np.ndarray]:
    x = np.zeros((2, 300, 150), dtype=np.float32)
    for clip, joints in enumerate(WALKS):
        x[clip, : len(joints), :75] = joints.reshape(len(joints), 75)
    x[1, :6, 75:] = SECOND.reshape(6, 75)
    y = np.eye(60)[[3, 5]]
    arrays = {"x_train": x, "y_train": y, "x_test": x[:1], "y_test": y[:1]} | changes
    return {name: array for name, array in arrays.items() if array is not None}


def write_ctr_gcn(folder: Path, **changes: Any) -> Path:
    np.savez_compressed(folder / "NTU60_CS.npz", **ctr_gcn(**changes))
    return folder / "NTU60_CS.npz"


def annotation(number: int, **changes: Any) -> dict[str, Any]:
    bodies = [WALKS[0]] if number == 0 else [WALKS[1], SECOND]
    item = {
        "frame_dir": f"S001C002P003R00{number + 1}A00{number + 4}",
        "label": number + 3,
        "keypoint": np.stack(bodies),
        "total_frames": len(bodies[0]),
    }
    return {key: value for key, value in (item | changes).items() if value is not None}


def write_pyskl(folder: Path, table: Any = None, protocol: int = 4) -> Path:
    names = [annotation(number)["frame_dir"] for number in range(2)]
    good = {
        "split": {"xsub_train": names[:1], "xsub_val": names[1:]},
        "annotations": [annotation(0), annotation(1)],
    }
    path = folder / "ntu60_3danno.pkl"
    path.write_bytes(pickle.dumps(good if table is None else table, protocol=protocol))
    return path


def ucla_file(number: int, **changes: Any) -> str:
    table = {"file_name": "x", "skeletons": UCLA[number].astype(float).tolist(), "label": number + 7}
    return json.dumps(table | changes)


def write_ucla(folder: Path) -> Path:
    path = folder / "all_sqe"
    path.mkdir()
    for number in range(2):
        (path / f"a0{number + 8}_s02_e0{number}_v03.json").write_text(ucla_file(number))
    return path


def write_pku(folder: Path) -> Path:
    path, labels = folder / "skeleton", folder / "labels"
    for made in (path, labels):
        made.mkdir()
    for name in ("0002-L", "A01N13-R"):
        rows = np.concatenate([np.concatenate(WALKS), np.zeros((10, 25, 3))], axis=1).reshape(10, 150)
        rows[4:, 75:] = SECOND.reshape(6, 75)
        text = "\n".join(" ".join(f"{number:.9g}" for number in row) for row in rows)
        (path / f"{name}.txt").write_text(text + "\n")
        (labels / f"{name}.txt").write_text("8,1,4,2\n51,5,10,1\n")
    return path


def kinetics_file(**changes: Any) -> str:
    def body(shift: float, score: float) -> dict[str, Any]:
        pose = (np.linspace(0.2, 0.7, 36) + shift).tolist()
        return {"pose": pose, "score": [score] * 17 + [0.0]}

    frames = [
        {"frame_index": 3, "skeleton": [body(0, 0.5), body(0.1, 0.9), body(0.2, 0.1)]},
        {"frame_index": 4, "skeleton": []},
        {"frame_index": 6, "skeleton": [body(0, 0.5)]},
    ]
    return json.dumps({"data": frames, "label": "abseiling", "label_index": 1} | changes)


def write_kinetics(folder: Path) -> Path:
    path = folder / "kinetics_val"
    path.mkdir()
    for name in ("0aBc-_x", "1yyyyyy", "2nobody"):
        (path / f"{name}.json").write_text(kinetics_file())
    facts: dict[str, Any] = {
        name: {"has_skeleton": True, "label": "abseiling", "label_index": 1}
        for name in ("0aBc-_x", "1yyyyyy")
    }
    facts["2nobody"] = {"has_skeleton": False, "label": "archery", "label_index": 0}
    (folder / "kinetics_val_label.json").write_text(json.dumps(facts))
    return path


BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 90 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {
    OFFSET 0 20 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 30 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0333333
0 100 0 0 0 0 0 0 0
10 100 0 0 0 90 90 0 0
"""

BVH_LAYOUT = """
name = "stick"
centre = "hips"
shoulders = ["hips", "spine"]
hips = ["hips", "spine"]
joints = [["hips", ""], ["spine", "hips"], ["spine_end", "spine"]]
"""


def write_bvh(folder: Path) -> Path:
    path = folder / "mocap"
    path.mkdir()
    for name in ("walk", "wave"):
        (path / f"{name}.bvh").write_text(BVH)
    (folder / "stick.toml").write_text(BVH_LAYOUT)
    return path


def write_own(folder: Path) -> Path:
    rows = np.concatenate(WALKS)
    np.savez(folder / "mine.npz", positions_m=rows, offsets=[0, 4, 10], fps=30.0)
    return folder / "mine.npz"


@dataclass(frozen=True)
class Kind:
    """A format, how to write a good data set in it, and what to say about it."""

    name: str
    write: Callable[[Path], Path]
    config: Callable[[Path], dict[str, Any]]


KINDS = {
    kind.name: kind
    for kind in (
        Kind("own", write_own, lambda folder: {"layout": "ntu"}),
        Kind("ctr-gcn", write_ctr_gcn, lambda folder: {}),
        Kind("pyskl", write_pyskl, lambda folder: {}),
        Kind("nw-ucla", write_ucla, lambda folder: {}),
        Kind("pku-mmd", write_pku, lambda folder: {"labels": folder / "labels"}),
        Kind("kinetics", write_kinetics, lambda folder: {}),
        Kind("bvh", write_bvh, lambda folder: {"units": "cm", "layout": str(folder / "stick.toml")}),
    )
}


def bring_in(name: str, folder: Path, source: Path | None = None, **options: Any) -> SkeletonStore:
    kind = KINDS[name]
    source = kind.write(folder) if source is None else source
    import_clips(source, folder / "s", ImportConfig(**(kind.config(folder) | options)))
    store = SkeletonStore.open(folder / "s")
    store.verify()
    return store


# ----------------------------------------------------------------------------------------------------------
# What is read
# ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_the_format_is_found(name: str, tmp_path: Path) -> None:
    assert find_format(KINDS[name].write(tmp_path)) == name


def names(store: SkeletonStore) -> list[str]:
    return [store.name(clip) for clip in range(len(store))]


def test_ctr_gcn(tmp_path: Path) -> None:
    store = bring_in("ctr-gcn", tmp_path)
    assert names(store) == ["train000000", "train000001", "test000000"]
    assert store.index.label.tolist() == [3, 5, 3]
    assert store.index.frames.tolist() == [4, 6, 4]
    assert store.index.bodies.tolist() == [1, 2, 1]
    assert store.class_names == ntu_class_names()[:60]
    np.testing.assert_array_equal(store.read(0)[:, 0], WALKS[0])
    np.testing.assert_array_equal(store.read(1), np.stack([WALKS[1], SECOND], axis=1))
    (tmp_path / "2").mkdir()
    assert names(bring_in("ctr-gcn", tmp_path / "2", part="test")) == ["test000000"]


def test_ctr_gcn_of_120_repeats_the_body(tmp_path: Path) -> None:
    x = np.concatenate([WALKS[0].reshape(1, 4, 75)] * 2, axis=2)
    y = np.eye(120)[[119]]
    path = write_ctr_gcn(tmp_path, x_train=x, y_train=y, x_test=None, y_test=None)
    store = bring_in("ctr-gcn", tmp_path, path)
    assert store.index.bodies.tolist() == [1]
    assert store.class_names == ntu_class_names()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pyskl(tmp_path: Path, protocol: int) -> None:
    store = bring_in("pyskl", tmp_path, write_pyskl(tmp_path, protocol=protocol))
    assert names(store) == ["S001C002P003R001A004", "S001C002P003R002A005"]
    assert store.index.label.tolist() == [3, 4]
    assert store.index.subject.tolist() == [3, 3]
    assert store.index.replication.tolist() == [1, 2]
    assert store.meta.units == "m"
    np.testing.assert_array_equal(store.read(1), np.stack([WALKS[1], SECOND], axis=1))


def test_pyskl_part(tmp_path: Path) -> None:
    assert names(bring_in("pyskl", tmp_path, part="xsub_val")) == ["S001C002P003R002A005"]
    with pytest.raises(DataError, match="no split 'xview'; there are xsub_train, xsub_val"):
        open_clips(tmp_path / "ntu60_3danno.pkl", ImportConfig(part="xview"))


def test_pyskl_2d(tmp_path: Path) -> None:
    """In a picture of 200 x 100 pixels: the middle is 0 0, the right border 0.5 0, the upper one 0 0.25."""
    keypoint = np.tile(np.array([100, 50], dtype=np.float16), (1, 2, 17, 1))
    keypoint[0, 0, 0], keypoint[0, 0, 1] = (200, 50), (100, 0)
    score = np.full((1, 2, 17), 0.5, dtype=np.float16)
    score[0, 1, 3] = 0
    item = annotation(
        0, keypoint=keypoint, keypoint_score=score, total_frames=2, img_shape=(100, 200), frame_dir="video 1"
    )
    store = bring_in("pyskl", tmp_path, write_pyskl(tmp_path, {"annotations": [item]}))
    assert store.layout.name == "coco17"
    assert store.meta.units == "picture"
    clip = store.read(0)
    np.testing.assert_allclose(clip[0, 0, :3], [[0.5, 0, 0.5], [0, 0.25, 0.5], [0, 0, 0.5]], atol=1e-7)
    assert not clip[1, 0, 3].any()


def test_nw_ucla(tmp_path: Path) -> None:
    store = bring_in("nw-ucla", tmp_path)
    assert names(store) == ["a08_s02_e00_v03", "a09_s02_e01_v03"]
    assert store.index.label.tolist() == [6, 7]
    assert store.index.subject.tolist() == [2, 2]
    assert store.index.camera.tolist() == [3, 3]
    assert store.index.replication.tolist() == [0, 1]
    assert store.layout.name == "kinect_v1"
    assert store.class_names[6] == "donning"
    np.testing.assert_array_equal(store.read(0)[:, 0], UCLA[0])


def test_pku_mmd(tmp_path: Path) -> None:
    store = bring_in("pku-mmd", tmp_path)
    assert names(store) == ["0002-L_001", "0002-L_002", "A01N13-R_001", "A01N13-R_002"]
    assert store.index.label.tolist() == [7, 50, 7, 50]
    assert store.class_names[7] == "drink water" and len(store.class_names) == 51
    assert store.index.camera.tolist() == [1, 1, 3, 3]
    assert store.index.subject.tolist() == [-1, -1, 13, 13]
    assert store.index.bodies.tolist() == [1, 2, 1, 2]
    np.testing.assert_array_equal(store.read(0)[:, 0], WALKS[0])
    np.testing.assert_array_equal(store.read(1), np.stack([WALKS[1], SECOND], axis=1))


def test_kinetics(tmp_path: Path) -> None:
    """Frames 3 to 6, of which 4 and 5 have nobody; the two surest bodies, the surest first."""
    store = bring_in("kinetics", tmp_path)
    assert names(store) == ["0aBc-_x", "1yyyyyy"]
    assert store.class_names == ("class 0", "abseiling")
    assert store.index.label.tolist() == [1, 1]
    assert store.meta.units == "picture"
    clip = store.read(0)
    assert clip.shape == (4, 2, 18, 3)
    assert clip.any(axis=(2, 3)).tolist() == [[True, True], [False, False], [False, False], [True, False]]
    np.testing.assert_allclose(clip[0, :, 0], [[0.3 - 0.5, 0.5 - (0.3 + 0.5 / 35), 0.9], clip[3, 0, 0]])
    assert not clip[:, :, 17].any()  # confidence 0


def test_kinetics_without_the_file_of_labels(tmp_path: Path) -> None:
    path = write_kinetics(tmp_path)
    (tmp_path / "kinetics_val_label.json").unlink()
    store = bring_in("kinetics", tmp_path, path)
    assert len(store) == 3 and store.class_names == ()


def test_bvh(tmp_path: Path) -> None:
    store = bring_in("bvh", tmp_path)
    assert names(store) == ["walk", "wave"]
    assert store.fps == pytest.approx(30, rel=1e-4)
    expected = [[[0, 1, 0], [0, 1.2, 0], [0, 1.5, 0]], [[0.1, 1, 0], [0.1, 1.2, 0], [0.1, 1.2, 0.3]]]
    # In frame 1 the hips turn by 90 degrees about y, the spine about z: y goes to -x, and that to z.
    np.testing.assert_allclose(store.read(0)[:, 0], expected, atol=1e-7)


def test_a_store_in_another_layout(tmp_path: Path) -> None:
    source = bring_in("pyskl", tmp_path)
    done = import_clips(tmp_path / "s", tmp_path / "20", ImportConfig(layout="kinect_v1", derive=True))
    assert done.derived_joints["hip_center"] == ("spine_base",)
    assert "left_thumb" in done.unused_joints
    store = SkeletonStore.open(tmp_path / "20")
    assert store.layout == layout("kinect_v1")
    assert names(store) == names(source)
    assert store.index.subject.tolist() == source.index.subject.tolist()
    np.testing.assert_array_equal(store.read(0)[:, :, 0], source.read(0)[:, :, 0])


@pytest.mark.parametrize("name", ["nw-ucla", "pku-mmd", "kinetics", "bvh"])
def test_other_processes_can_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that would go to another process and come back goes through pickle."""

    def carried(function: Any, items: Any, *, workers: int) -> Any:
        for item in items:
            yield pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(function))(item)))

    monkeypatch.setattr("skeleton_data.clips.ordered_map", carried)
    kind = KINDS[name]
    source = open_clips(kind.write(tmp_path), ImportConfig(**kind.config(tmp_path)))
    assert all(not isinstance(clip, DataError) for clip in source.clips)


# ----------------------------------------------------------------------------------------------------------
# What is wrong
# ----------------------------------------------------------------------------------------------------------

Fault = Callable[[Path], None]


def text(name: str, change: Callable[[str], str | bytes]) -> Fault:
    """A fault in the text of a file below the folder."""

    def apply(folder: Path) -> None:
        path = folder / name
        changed = change(path.read_text())
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())

    return apply


def swap(name: str, old: str, new: str) -> Fault:
    def change(content: str) -> str:
        assert old in content
        return content.replace(old, new, 1)

    return text(name, change)


def content(name: str, data: bytes) -> Fault:
    return lambda folder: ((folder / name).write_bytes(data) and None) or None


def cut(name: str, share: float = 0.5) -> Fault:
    def apply(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])

    return apply


def rename(old: str, new: str) -> Fault:
    return lambda folder: ((folder / old).rename(folder / new) and None) or None


def arrays(**changes: Any) -> Fault:
    return lambda folder: (write_ctr_gcn(folder, **changes) and None) or None


def pickled(*annotations: Any) -> Fault:
    return lambda folder: (write_pyskl(folder, {"annotations": list(annotations)}) and None) or None


def at(array: np.ndarray, place: tuple[int, ...], value: Any) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


U, P, L, K, B = (
    "all_sqe/a08_s02_e00_v03.json",
    "skeleton/0002-L.txt",
    "labels/0002-L.txt",
    "kinetics_val/0aBc-_x.json",
    "mocap/walk.bvh",
)
X = ctr_gcn()["x_train"]

FAULTS: list[tuple[str, str, Fault, str]] = [
    ("own", "truncated", cut("mine.npz"), r"mine\.npz: cannot be read"),
    ("own", "empty", content("mine.npz", b""), r"mine\.npz: cannot be read"),
    # CTR-GCN
    ("ctr-gcn", "truncated", cut("NTU60_CS.npz"), r"NTU60_CS\.npz: cannot be read"),
    ("ctr-gcn", "empty", content("NTU60_CS.npz", b""), r"NTU60_CS\.npz: cannot be read"),
    (
        "ctr-gcn",
        "counts",
        arrays(y_train=np.eye(60)[:1]),
        r"y_train: expected \(2, classes\), found .*\(1, 60\)",
    ),
    (
        "ctr-gcn",
        "no labels",
        arrays(y_train=None),
        "y_train: missing, expected the one-hot labels of x_train",
    ),
    ("ctr-gcn", "labels", arrays(y_train=np.ones((2, 60))), "y_train: row 0 is not one-hot"),
    ("ctr-gcn", "width", arrays(x_train=X[..., :149], x_test=None), "149 numbers a frame, expected 150"),
    ("ctr-gcn", "parts", arrays(x_train=X[..., :120]), "numbers a frame, expected as many in each part"),
    ("ctr-gcn", "shape", arrays(x_train=X[0]), r"x_train: expected numbers \(clips, frames, 150\)"),
    ("ctr-gcn", "text", arrays(x_train=np.full((2, 3, 150), "x")), "x_train: expected numbers"),
    (
        "ctr-gcn",
        "pickle",
        arrays(x_train=np.full((2, 3, 150), None)),
        "x_train: expected numbers .* found object",
    ),
    (
        "ctr-gcn",
        "nan",
        arrays(x_train=at(X, (1, 2, 7), np.nan)),
        r"x_train\[1\]\[2\]\[7\]: expected a finite",
    ),
    (
        "ctr-gcn",
        "infinity",
        arrays(x_train=at(X, (1, 2, 7), np.inf)),
        r"x_train\[1\]\[2\]\[7\]: .* found inf",
    ),
    ("ctr-gcn", "nobody", arrays(x_train=at(X, (0,), 0)), r"x_train\[0\]: all zero, there is no body"),
    ("ctr-gcn", "no clips", arrays(x_train=X[:0]), r"x_train: expected numbers \(clips"),
    # pyskl
    ("pyskl", "truncated", cut("ntu60_3danno.pkl"), r"ntu60_3danno\.pkl: cut or no pickle: .*truncated"),
    ("pyskl", "empty", content("ntu60_3danno.pkl", b""), "cut or no pickle: EOFError"),
    ("pyskl", "encoding", content("ntu60_3danno.pkl", "[1, 2]".encode("utf-16")), "cut or no pickle|refused"),
    (
        "pyskl",
        "text",
        pickled(annotation(0, keypoint="none")),
        r"annotations\[0\]\.keypoint: missing, expected",
    ),
    (
        "pyskl",
        "words",
        pickled(annotation(0, keypoint=np.full((1, 2, 25, 3), "x"))),
        "expected a number, found",
    ),
    (
        "pyskl",
        "objects",
        pickled(annotation(0, keypoint=np.full((1, 2, 25, 3), None))),
        "an array of O8, expected numbers",
    ),
    (
        "pyskl",
        "not a list",
        lambda folder: write_pyskl(folder, {"annotations": 3}) and None,
        "a list of 'annot",
    ),
    ("pyskl", "no list", lambda folder: write_pyskl(folder, [1]) and None, "a list of 'annotations'"),
    ("pyskl", "nothing", pickled(), "a list of 'annotations'"),
    ("pyskl", "no dictionary", pickled(annotation(0), 7), r"annotations\[1\]\.keypoint: missing"),
    (
        "pyskl",
        "no name",
        pickled(annotation(0, frame_dir=None)),
        r"annotations\[0\]\.frame_dir: expected a name",
    ),
    (
        "pyskl",
        "label",
        pickled(annotation(0, label="x")),
        r"annotations\[0\]\.label: expected a number from 0",
    ),
    (
        "pyskl",
        "counts",
        pickled(annotation(0, total_frames=9)),
        r"total_frames: 9, but keypoint has 4 frames",
    ),
    ("pyskl", "joints", pickled(annotation(0, keypoint=np.ones((1, 4, 24, 3)))), r"found \(1, 4, 24, 3\)"),
    (
        "pyskl",
        "other joints",
        pickled(annotation(0), annotation(1, keypoint=np.ones((1, 6, 20, 3)))),
        r"annotations\[1\]\.keypoint\[0\]\[0\]: expected 25 elements, found 20",
    ),
    (
        "pyskl",
        "nan",
        pickled(annotation(0, keypoint=at(np.ones((1, 4, 25, 3)), (0, 1, 2, 0), np.nan))),
        r"annotations\[0\]\.keypoint\[0\]\[1\]\[2\]\[0\]: expected a finite number, found nan",
    ),
    (
        "pyskl",
        "nobody",
        pickled(annotation(0, keypoint=np.zeros((1, 4, 25, 3)))),
        "all zero, there is no body",
    ),
    ("pyskl", "no bodies", pickled(annotation(0, keypoint=np.zeros((0, 4, 25, 3)))), "at least one element"),
    (
        "pyskl",
        "no score",
        pickled(annotation(0, keypoint=np.ones((1, 4, 17, 2)))),
        r"keypoint_score: missing, expected an array",
    ),
    (
        "pyskl",
        "no picture",
        pickled(annotation(0, keypoint=np.ones((1, 4, 17, 2)), keypoint_score=np.ones((1, 4, 17)))),
        r"img_shape: expected \(height, width\), found None",
    ),
    # NW-UCLA
    ("nw-ucla", "truncated", cut(U), r"a08_s02_e00_v03\.json, line 1: expected JSON: "),
    ("nw-ucla", "empty", content(U, b""), r"a08_s02_e00_v03\.json: the file is empty"),
    (
        "nw-ucla",
        "encoding",
        content(U, b'{"label":\n"\xff"}'),
        r"json, line 2: byte 0xff, expected UTF-8 text",
    ),
    ("nw-ucla", "utf-16", text(U, lambda data: data.encode("utf-16")), "byte 0xff, expected UTF-8 text"),
    (
        "nw-ucla",
        "name",
        rename(U, "all_sqe/a08_s2.json"),
        r"a08_s2\.json: expected a name like a01_s02_e03_v01",
    ),
    (
        "nw-ucla",
        "counts",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 20, [[0, 0, 0]] * 19]).encode()),
        r"skeletons\[1\]: expected 20 elements, found 19",
    ),
    (
        "nw-ucla",
        "coordinates",
        content(U, ucla_file(0, skeletons=[[[0, 0]] * 20]).encode()),
        r"skeletons\[0\]\[0\]: expected 3 elements, found 2",
    ),
    (
        "nw-ucla",
        "text",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 19 + [[0, "x", 0]]]).encode()),
        r"skeletons\[0\]\[19\]\[1\]: expected a number, found 'x'",
    ),
    (
        "nw-ucla",
        "null",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 19 + [None]]).encode()),
        r"skeletons\[0\]\[19\]: expected a list, found None",
    ),
    (
        "nw-ucla",
        "nan",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 19 + [[0, np.nan, 0]]]).encode()),
        r"skeletons\[0\]\[19\]\[1\]: expected a finite number, found nan",
    ),
    (
        "nw-ucla",
        "infinity",
        content(U, ucla_file(0, skeletons=[[[-np.inf, 0, 0]] * 20]).encode()),
        r"skeletons\[0\]\[0\]\[0\]: expected a finite number, found -inf",
    ),
    (
        "nw-ucla",
        "huge",
        content(U, ucla_file(0, skeletons=[[[0, 0, 1e300]] + [[0, 0, 0]] * 19]).encode()),
        r"skeletons\[0\]\[0\]\[2\]: expected a finite number, found 1e\+300",
    ),
    (
        "nw-ucla",
        "nobody",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 20]).encode()),
        "all zero, there is no body",
    ),
    (
        "nw-ucla",
        "no frames",
        content(U, ucla_file(0, skeletons=[]).encode()),
        "expected at least one element",
    ),
    ("nw-ucla", "no skeletons", content(U, b'{"label": 1}'), "skeletons: missing, expected list"),
    ("nw-ucla", "label", content(U, ucla_file(0, label=11).encode()), "label: expected 1 to 10, found 11"),
    ("nw-ucla", "label text", content(U, ucla_file(0, label="1").encode()), "label: expected int, found '1'"),
    ("nw-ucla", "no object", content(U, b"[1]"), "expected a JSON object, found list"),
    ("nw-ucla", "deep", content(U, b"[" * 100_000), "expected JSON: "),
    # PKU-MMD
    ("pku-mmd", "truncated", cut(P), r"0002-L\.txt, line \d: expected 150 numbers, 2 x 25 x 3, found \d+"),
    ("pku-mmd", "empty", content(P, b""), r"0002-L\.txt: the file is empty"),
    (
        "pku-mmd",
        "encoding",
        content(P, b"0 0\n0 \xe9"),
        r"0002-L\.txt, line 2: byte 0xe9, expected UTF-8 text",
    ),
    ("pku-mmd", "counts", swap(P, "\n", " 1\n"), r"0002-L\.txt, line 1: expected 150 numbers, .* found 151"),
    (
        "pku-mmd",
        "text",
        text(P, lambda d: "x" + d),
        "line 1: expected a finite",
    ),
    (
        "pku-mmd",
        "nan",
        text(P, lambda d: "nan" + d[d.index(" ") :]),
        "line 1: expected a finite number, found 'nan'",
    ),
    ("pku-mmd", "inf", text(P, lambda d: "-inf" + d[d.index(" ") :]), "line 1: expected a finite .* '-inf'"),
    ("pku-mmd", "nobody", text(P, lambda d: (" ".join(["0"] * 150) + "\n") * 10), "no body in frames 1 to 4"),
    (
        "pku-mmd",
        "name",
        rename(P, "skeleton/0002L.txt"),
        r"0002L\.txt: expected a name like 0002-L or A01N02-M",
    ),
    ("pku-mmd", "no labels", lambda folder: (folder / L).unlink(), r"labels/0002-L\.txt: No such file"),
    ("pku-mmd", "labels empty", content(L, b""), r"labels/0002-L\.txt: the file is empty"),
    (
        "pku-mmd",
        "label text",
        content(L, b"8,1,4,2\nx,1,2,1"),
        r"labels/0002-L\.txt, line 2: expected class, first",
    ),
    ("pku-mmd", "label class", content(L, b"52,1,4,2"), "line 1: expected a class from 1 to 51, found 52"),
    ("pku-mmd", "label frames", content(L, b"8,1,11,2"), "expected frames within 1 to 10, .* found 1 to 11"),
    ("pku-mmd", "label order", content(L, b"8,4,3,2"), "first before last, found 4 to 3"),
    # Kinetics
    ("kinetics", "truncated", cut(K), r"0aBc-_x\.json, line 1: expected JSON"),
    ("kinetics", "empty", content(K, b"\n"), r"0aBc-_x\.json: the file is empty"),
    ("kinetics", "encoding", content(K, b"\xff"), "line 1: byte 0xff, expected UTF-8 text"),
    ("kinetics", "nobody", content(K, kinetics_file(data=[]).encode()), "data: no body in any frame"),
    (
        "kinetics",
        "counts",
        content(K, kinetics_file(data=[{"frame_index": 1, "skeleton": [{"pose": [0] * 35}]}]).encode()),
        r"data\[0\]\.skeleton\[0\]\.pose: expected 36 elements, found 35",
    ),
    (
        "kinetics",
        "no score",
        content(K, kinetics_file(data=[{"frame_index": 1, "skeleton": [{"pose": [0] * 36}]}]).encode()),
        r"data\[0\]\.skeleton\[0\]\.score: expected a list, found None",
    ),
    ("kinetics", "text", swap(K, "[0.5, ", '["half", '), r"score\[0\]: expected a number, found 'half'"),
    (
        "kinetics",
        "nan",
        swap(K, "[0.5, ", "[NaN, "),
        r"data\[0\]\.skeleton\[0\]\.score\[0\]: expected a finite",
    ),
    (
        "kinetics",
        "order",
        swap(K, '"frame_index": 4', '"frame_index": 3'),
        r"data\[1\]\.frame_index: expected 4",
    ),
    ("kinetics", "far frame", swap(K, '"frame_index": 6', '"frame_index": 999999999'), "found 999999999"),
    (
        "kinetics",
        "frame text",
        swap(K, '"frame_index": 4', '"frame_index": "4"'),
        "frame_index: expected int",
    ),
    (
        "kinetics",
        "label",
        swap(K, '"label_index": 1', '"label_index": -1'),
        "label_index: expected a number from 0",
    ),
    (
        "kinetics",
        "labels",
        content("kinetics_val_label.json", b"{"),
        r"val_label\.json, line 1: expected JSON",
    ),
    (
        "kinetics",
        "label names",
        swap("kinetics_val_label.json", '"abseiling"', '"zumba"'),
        "1yyyyyy: label 1 is 'abseiling', elsewhere 'zumba'",
    ),
    # BVH
    ("bvh", "truncated", cut(B, 0.4), r"walk\.bvh, line \d+: the file ends here, expected"),
    ("bvh", "truncated motion", cut(B, 0.97), r"walk\.bvh, line 20: expected 9 numbers"),
    ("bvh", "empty", content(B, b""), r"walk\.bvh: the file is empty"),
    (
        "bvh",
        "encoding",
        text(B, lambda data: data.encode("utf-16")),
        "line 1: byte 0xff, expected UTF-8 text",
    ),
    ("bvh", "head", swap(B, "HIERARCHY", "HELLO"), "line 1: expected HIERARCHY, found 'HELLO'"),
    ("bvh", "root", swap(B, "ROOT", "JOINT"), "line 2: expected ROOT, found 'JOINT Hips'"),
    ("bvh", "brace", swap(B, "{", "("), r"line 3: expected \{, found '\('"),
    ("bvh", "keyword", swap(B, "OFFSET", "OFSET"), "line 4: expected OFFSET x y z, .* found 'OFSET 0 90 0'"),
    ("bvh", "offset", swap(B, "0 90 0", "0 90"), "line 4: expected OFFSET x y z"),
    (
        "bvh",
        "offset text",
        swap(B, "0 90 0", "0 ninety 0"),
        "line 4: expected a finite number, found 'ninety'",
    ),
    ("bvh", "channel count", swap(B, "CHANNELS 6", "CHANNELS 5"), "line 5: expected a count and as many of"),
    (
        "bvh",
        "channel",
        swap(B, "Xposition", "Wposition"),
        "line 5: expected a count and as many of Xposition",
    ),
    ("bvh", "channel twice", swap(B, "Xposition", "Yposition"), "line 5: expected a count and as many of"),
    ("bvh", "frames", swap(B, "Frames: 2", "Frames: 3"), "line 20: the file ends here, .* frame 2 of 3"),
    (
        "bvh",
        "more frames",
        swap(B, "Frames: 2", "Frames: 1"),
        "line 20: expected the end of the file after 1",
    ),
    ("bvh", "no frames", swap(B, "Frames: 2", "Frames: 0"), "expected at least one frame"),
    (
        "bvh",
        "frames text",
        swap(B, "Frames: 2", "Frames: two"),
        "line 17: expected a finite number, found 'two'",
    ),
    ("bvh", "time", swap(B, "0.0333333", "0"), "expected at least one frame, of a time above 0"),
    (
        "bvh",
        "numbers",
        swap(B, "10 100 0", "10 100"),
        "line 20: expected 9 numbers, one for each channel, found 8",
    ),
    ("bvh", "text", swap(B, "10 100 0", "10 x 0"), "line 20: expected a finite number, found 'x'"),
    ("bvh", "nan", swap(B, "10 100 0", "10 nan 0"), "line 20: expected a finite number, found 'nan'"),
    ("bvh", "inf", swap(B, "10 100 0", "10 1e400 0"), "line 20: expected a finite number, found '1e400'"),
    ("bvh", "one name", swap(B, "JOINT Spine", "JOINT Hips"), "there are 2 joints called Hips"),
    (
        "bvh",
        "other joints",
        swap("mocap/wave.bvh", "JOINT Spine", "JOINT Neck"),
        "wave.bvh: expected the 3 joints",
    ),
    ("bvh", "other speed", swap("mocap/wave.bvh", "0.0333333", "0.01"), "expected 30 frames per second"),
]


@pytest.mark.parametrize(
    ("name", "fault", "message"),
    [pytest.param(name, fault, message, id=f"{name}-{what}") for name, what, fault, message in FAULTS],
)
def test_faults_are_named_and_nothing_is_written(
    name: str, fault: Fault, message: str, tmp_path: Path
) -> None:
    source = KINDS[name].write(tmp_path)
    fault(tmp_path)
    with pytest.raises(DataError, match=message) as error:
        bring_in(name, tmp_path, source, format=name)
    assert str(error.value).startswith(str(tmp_path))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "s").exists() and not list(tmp_path.glob(".s*"))


@pytest.mark.parametrize(
    ("name", "fault", "clips"),
    [
        ("ctr-gcn", arrays(x_train=at(X, (1, 2, 7), np.nan)), 2),
        ("pyskl", pickled(annotation(0), annotation(1, label=-1)), 1),
        ("nw-ucla", cut(U), 1),
        ("pku-mmd", content(L, b"8,1,4,2\n60,5,6,1\n9,5,10,1"), 4),
        ("kinetics", cut(K), 1),
        ("bvh", cut("mocap/wave.bvh"), 1),
    ],
)
def test_faults_can_be_skipped(name: str, fault: Fault, clips: int, tmp_path: Path) -> None:
    source = KINDS[name].write(tmp_path)
    fault(tmp_path)
    config = ImportConfig(**KINDS[name].config(tmp_path))
    done = import_clips(source, tmp_path / "s", config, on_error="skip")
    assert done.clips == len(SkeletonStore.open(tmp_path / "s")) == clips
    assert len(done.problems) == 1
    assert (tmp_path / "s.skipped.txt").read_text().splitlines() == list(done.problems)


PIECES = [
    b"",
    b" ",
    b"\n",
    b"-",
    b"9" * 20,
    b"NaN",
    b"null",
    b"\xff",
    b"\x00",
    b"{",
    b"}",
    b"[",
    b'"',
    b"1e999",
    b"--5",
]


def mutated(data: bytes) -> bytes:
    """With a piece put in the place of another, a bit turned over, or the end cut off."""
    start = int(RANDOM.integers(len(data)))
    match RANDOM.integers(4):
        case 0:
            return data[:start] + bytes([data[start] ^ 1 << int(RANDOM.integers(8))]) + data[start + 1 :]
        case 1:
            return data[:start]
        case _:
            end = start + int(RANDOM.choice([0, 1, 3, 40]))
            return data[:start] + PIECES[RANDOM.integers(len(PIECES))] + data[end:]


def mutated_inside(data: bytes) -> bytes:
    """A zip file with one entry mutated, most often in its head, and all checksums right."""
    packed = BytesIO()
    with ZipFile(BytesIO(data)) as archive, ZipFile(packed, "w") as changed:
        chosen = RANDOM.choice(archive.namelist())
        for name in archive.namelist():
            entry = archive.read(name)
            if name == chosen:
                head = int(RANDOM.choice([140, len(entry)]))
                entry = mutated(entry[:head]) + entry[head:]
            changed.writestr(name, entry)
    return packed.getvalue()


@pytest.mark.parametrize("name", KINDS)
def test_mutations_are_read_or_refused(name: str, tmp_path: Path) -> None:
    """Never another error, nor a clip of a wrong shape."""
    source = KINDS[name].write(tmp_path)
    config = ImportConfig(format=name, **KINDS[name].config(tmp_path))
    files = [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".toml"]
    for _ in range(150):
        file = files[RANDOM.integers(len(files))]
        whole = file.read_bytes()
        inside = file.suffix == ".npz" and RANDOM.random() < 0.7
        file.write_bytes(mutated_inside(whole) if inside else mutated(whole))
        try:
            found = open_clips(source, config)
            clips = list(found.clips)
        except DataError as error:
            clips = [error]
        for clip in clips:
            if isinstance(clip, DataError):
                assert str(tmp_path) in str(clip) and "\n" not in str(clip) and len(str(clip)) < 600
            else:
                assert clip.joints.shape[2:] == (len(found.joints), 3) and clip.joints.size
                assert np.isfinite(clip.joints).all()
        file.write_bytes(whole)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_there(name: str, tmp_path: Path) -> None:
    KINDS[name].write(tmp_path)
    config = ImportConfig(format=name, **KINDS[name].config(tmp_path))
    with pytest.raises(DataError, match=r"none: (no such file|No such file|there is no|expected a file)"):
        open_clips(tmp_path / "none", config)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "bvh",
            {"units": "auto"},
            "BVH does not say in which units its positions are: say units m, cm or mm",
        ),
        ("bvh", {"layout": None}, "say layout"),
        ("bvh", {"fps": 30}, "the format bvh does not know the option fps"),
        ("kinetics", {"part": "val"}, "the format kinetics does not know the option part"),
        ("pku-mmd", {"labels": None}, "say labels: the folder with the label files, not None"),
        ("ctr-gcn", {"part": "val"}, "no part 'val': it has train, test"),
    ],
)
def test_options_that_do_not_fit(name: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        bring_in(name, tmp_path, **options)


def test_what_no_format_is_known_for(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "S001C001P001R001A001.skeleton").write_text("")
    for path in (tmp_path / "raw", tmp_path / "raw" / "S001C001P001R001A001.skeleton"):
        with pytest.raises(DataError, match="not imported but prepared"):
            find_format(path)
    (tmp_path / "notes.doc").write_text("")
    with pytest.raises(DataError, match="its format is not known by its ending"):
        find_format(tmp_path / "notes.doc")
    (tmp_path / "raw" / "S001C001P001R001A001.skeleton").unlink()
    with pytest.raises(DataError, match="its format is not known: there is no"):
        find_format(tmp_path / "raw")
