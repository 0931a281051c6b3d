"""Formats in which skeleton data sets are handed on: what is read, and what is no data set at all."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refusal import refusal
from sample_sets import (
    KINDS,
    SECOND,
    UCLA,
    WALKS,
    annotation,
    bring_in,
    write_bvh,
    write_ctr_gcn,
    write_kinetics,
    write_pyskl,
)

from skeleton_data.errors import DataError
from skeleton_data.importing.importer import import_clips
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.facts import ntu_class_names
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import find_format, read_clips
from skeleton_data.store.store import SkeletonStore
from skeleton_data.store.writer import StoreWriter


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


@pytest.mark.parametrize(
    ("name", "width", "bodies"), [("coco17", 102, 2), ("ntu", 75, 1), ("halpe26", 234, 3)]
)
def test_ctr_gcn_of_any_joints_and_bodies(tmp_path: Path, name: str, width: int, bodies: int) -> None:
    """With labels as whole numbers; in a file that is not NTU's, classes have no names."""
    x = (0.3 * np.random.default_rng(0).normal(size=(3, 6, width))).astype(np.float32)
    np.savez(tmp_path / "mine.npz", x_train=x, y_train=[4, 0, 4])
    done = import_clips(tmp_path / "mine.npz", tmp_path / "s", ImportConfig(source_layout=name, insist=True))
    store = SkeletonStore.open(tmp_path / "s")
    assert done.clips == 3 and store.layout.name == name and store.class_names == ()
    assert store.index.label.tolist() == [4, 0, 4] and store.index.bodies.tolist() == [bodies] * 3
    np.testing.assert_array_equal(store.read(1).reshape(6, width), x[1])


def test_joints_of_which_several_layouts_have_as_many_must_be_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x_train=np.ones((1, 2, 102), np.float32), y_train=[0])
    with refusal("coco17 or h36m17.* source_layout"):
        import_clips(tmp_path / "mine.npz", tmp_path / "s", ImportConfig())


@pytest.mark.parametrize("y", [np.eye(60)[[3, 5]], np.asfortranarray(np.eye(60)[[3, 5]]), np.array([3, 5])])
def test_labels_of_ctr_gcn_are_read_in_pieces(tmp_path: Path, monkeypatch: Any, y: np.ndarray) -> None:
    monkeypatch.setattr("skeleton_data.readers.ctr_gcn.ROWS", 1)
    path = write_ctr_gcn(tmp_path, y_train=y)
    import_clips(path, tmp_path / "s", ImportConfig(part="train"))
    assert SkeletonStore.open(tmp_path / "s").index.label.tolist() == [3, 5]
    with refusal("y_train: row 1 is not one-hot"):
        read_clips(write_ctr_gcn(tmp_path, y_train=np.eye(60)[[3, 5]] * [[1], [2]]), ImportConfig())


def test_ctr_gcn_cases(shared: Path, tmp_path: Path) -> None:
    for name, said in (("08_ctr_17_joints", "coco17"), ("08_ctr_one_body", "ntu")):
        config = ImportConfig(layout=said)
        assert import_clips(shared / "cases" / f"{name}.npz", tmp_path / name, config).clips == 8
        assert SkeletonStore.open(tmp_path / name).layout.name == said


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
    with refusal("no split 'xview'; there are xsub_train, xsub_val"):
        read_clips(tmp_path / "ntu60_3danno.pkl", ImportConfig(part="xview"))


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


@pytest.mark.parametrize(("name", "key"), [("kinetics", "label_index"), ("nw-ucla", "label")])
@pytest.mark.parametrize("label", [-1, None])
def test_clips_without_a_label_are_unlabelled(name: str, key: str, label: int | None, tmp_path: Path) -> None:
    path = KINDS[name].write(tmp_path)
    for file in path.rglob("*.json"):
        file.write_text(json.dumps(json.loads(file.read_text()) | {key: label}))
    table = tmp_path / "kinetics_val_label.json"
    if table.exists():
        table.write_text(table.read_text().replace('"label_index": 1', f'"label_index": {json.dumps(label)}'))
    assert (bring_in(name, tmp_path, path).index.label == -1).all()


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
    named = read_clips(tmp_path / "mocap", ImportConfig(units="cm", name="{label}"))
    assert [dict(clip.facts) for clip in named.clips] == [{"label": 0}, {"label": 1}]
    assert named.class_names == ("walk", "wave")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Frames: 2", "Frames:2"),
        ("End Site", "END SITE"),
        ("HIERARCHY", "Hierarchy"),
        ("Frame Time:", "FRAME TIME:"),
    ],
)
def test_bvh_in_other_spellings(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "plain").mkdir()
    source, plain = write_bvh(tmp_path), bring_in("bvh", tmp_path / "plain")
    for file in source.iterdir():
        file.write_text(file.read_text().replace(old, new))
    config = ImportConfig(units="cm", layout=str(tmp_path / "stick.toml"), insist=True)
    import_clips(source, tmp_path / "s", config)
    np.testing.assert_array_equal(SkeletonStore.open(tmp_path / "s").rows, plain.rows)


def test_two_ends_below_one_joint_have_two_names(tmp_path: Path) -> None:
    source = write_bvh(tmp_path)
    end = "    End Site\n    {\n      OFFSET 0 30 0\n    }\n"
    for file in source.iterdir():
        file.write_text(file.read_text().replace(end, end + end.replace("30", "10")))
    assert read_clips(source, ImportConfig(units="cm")).joints == ("Hips", "Spine", "Spine_end", "Spine_end2")


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
    assert store.cleaning is None


def test_a_store_of_a_store_keeps_how_its_recordings_were_cleaned(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", layout=layout("ntu"), fps=30, source={"cleaning": "contrast"}) as writer:
        writer.add(np.ones((4, 1, 25, 3)), name="x")
    import_clips(tmp_path / "s", tmp_path / "20", ImportConfig(layout="kinect_v1", derive=True))
    import_clips(tmp_path / "20", tmp_path / "again", ImportConfig())
    assert SkeletonStore.open(tmp_path / "again").cleaning == "contrast"


@pytest.mark.parametrize("name", ["nw-ucla", "pku-mmd", "ut-kinect", "kinetics", "bvh"])
def test_other_processes_can_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that would go to another process and come back goes through pickle."""

    def carried(function: Any, items: Any, *, workers: int) -> Any:
        for item in items:
            yield pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(function))(item)))

    monkeypatch.setattr("skeleton_data.clips.ordered_map", carried)
    kind = KINDS[name]
    source = read_clips(kind.write(tmp_path), ImportConfig(**kind.config(tmp_path)))
    assert all(not isinstance(clip, DataError) for clip in source.clips)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_there(name: str, tmp_path: Path) -> None:
    KINDS[name].write(tmp_path)
    config = ImportConfig(format=name, **KINDS[name].config(tmp_path))
    with refusal(r"none: (no such file|No such file|there is no|expected a file)"):
        read_clips(tmp_path / "none", config)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "bvh",
            {"units": "auto"},
            "units: m, cm or mm",
        ),
        ("bvh", {"fps": 30}, "the format bvh does not know the option fps"),
        ("kinetics", {"part": "val"}, "the format kinetics does not know the option part"),
        ("pku-mmd", {"labels": None}, "the option labels"),
        ("ctr-gcn", {"part": "dev"}, "no part 'dev': it has train, val, test"),
    ],
)
def test_options_that_do_not_fit(name: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with refusal(message):
        bring_in(name, tmp_path, **options)


def test_what_no_format_is_known_for(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "S001C001P001R001A001.skeleton").write_text("")
    for path in (tmp_path / "raw", tmp_path / "raw" / "S001C001P001R001A001.skeleton"):
        with refusal("not imported but prepared"):
            find_format(path)
    (tmp_path / "notes.doc").write_text("")
    with refusal("its format is not known by its ending"):
        find_format(tmp_path / "notes.doc")
    (tmp_path / "raw" / "S001C001P001R001A001.skeleton").unlink()
    with refusal("its format is not known: there is no"):
        find_format(tmp_path / "raw")
