"""The split that a data set came with: kept on import, found again; split files of clip names."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from refusal import refusal
from sample_sets import KINDS, annotation, bring_in, write_pku, write_ucla

from skeleton_data import (
    DataError,
    ImportConfig,
    SkeletonStore,
    StoreWriter,
    divide,
    import_clips,
    layout,
    own_splits,
    read_split,
)
from skeleton_data.cli.main import main
from skeleton_data.store.files import OwnSplits


def brought_in(kind: str, folder: Path, source: Path | None = None) -> SkeletonStore:
    source = source or KINDS[kind].write(folder)
    bring_in(kind, folder, source, format=kind)
    return SkeletonStore.open(folder / "s")


def names(store: SkeletonStore, clips) -> list[str]:
    return [store.name(int(clip)) for clip in clips]


def test_arrays_of_ctr_gcn(tmp_path):
    store = brought_in("ctr-gcn", tmp_path)
    sides = divide(store, "own")
    assert names(store, sides.train) == ["train000000", "train000001"]
    assert names(store, sides.test) == ["test000000"]


def test_split_of_pyskl(tmp_path):
    clips = [annotation(number)["frame_dir"] for number in range(2)]
    split = {
        "xsub_train": clips[:1],
        "xsub_val": clips[1:],
        "xview_train": clips[1:],
        "xview_test": clips[:1],
    }
    table = {"split": split, "annotations": [annotation(0), annotation(1)]}
    source = tmp_path / "x.pkl"
    source.write_bytes(pickle.dumps(table))
    store = brought_in("pyskl", tmp_path, source)
    assert set(own_splits(store)) == {"xsub", "xview"}
    assert names(store, divide(store, "own:xsub").test) == clips[1:]
    assert names(store, divide(store, "own:xview").test) == clips[:1]
    with pytest.raises(ValueError, match="own:NAME; there are own:xsub, own:xview"):
        divide(store, "own")
    with pytest.raises(ValueError, match="no split 'xset'; there are own:xsub, own:xview"):
        divide(store, "own:xset")
    source.write_bytes(pickle.dumps(table | {"split": {"train": clips, "val": clips[1:]}}))
    with refusal(f"{clips[1]!r} is on two sides"):
        import_clips(source, tmp_path / "t", ImportConfig(format="pyskl"))


def test_cameras_of_nw_ucla(tmp_path):
    source = write_ucla(tmp_path)
    file = next(source.iterdir())
    for camera in (1, 2):
        (source / file.name.replace("v03", f"v0{camera}")).write_text(file.read_text())
    store = brought_in("nw-ucla", tmp_path, source)
    assert set(store.index.camera[divide(store, "own").train]) == {1, 2}
    by_column = divide(store, "camera in 1,2")
    assert np.array_equal(divide(store, "own").test, by_column.test)
    assert set(store.index.camera[by_column.test]) == {3}


def test_both_parts_of_kinetics(tmp_path):
    val = KINDS["kinetics"].write(tmp_path)
    whole, train = tmp_path / "whole", tmp_path / "whole" / "kinetics_train"
    train.mkdir(parents=True)
    val.rename(whole / val.name)
    labels = json.loads((tmp_path / "kinetics_val_label.json").read_text())
    (whole / "kinetics_val_label.json").write_text(json.dumps(labels))
    (train / "new.json").write_text((whole / val.name / "1yyyyyy.json").read_text())
    import_clips(whole, tmp_path / "s", ImportConfig())
    store = SkeletonStore.open(tmp_path / "s")
    sides = divide(store, "own:kinetics")
    assert names(store, sides.train) == ["new"]
    assert names(store, sides.test) == ["0aBc-_x", "1yyyyyy"]
    assert store.class_names[1] == "abseiling"


def test_split_files_of_pku_mmd(tmp_path):
    source = write_pku(tmp_path)
    (tmp_path / "Split").mkdir()
    for name, train, test in (("cross-subject", "0002-L", "A01N13-R"), ("cross-view", "A01N13-R", "0002-L")):
        text = f"Training videos: \n{train}, \n\nValidataion videos: \n{test}\n"
        (tmp_path / "Split" / f"{name}.txt").write_text(text)
    store = brought_in("pku-mmd", tmp_path, source)
    assert set(own_splits(store)) == {"cross-subject", "cross-view"}
    assert names(store, divide(store, "own:cross-view").test) == ["0002-L_001", "0002-L_002"]
    from_file = read_split(tmp_path / "Split" / "cross-view.txt", store)
    assert np.array_equal(from_file.test, divide(store, "own:cross-view").test)


def test_a_store_of_a_store_keeps_the_split_and_another_fingerprint_does_not_follow(tmp_path):
    store = brought_in("ctr-gcn", tmp_path)
    import_clips(store.path, tmp_path / "again", ImportConfig())
    again = SkeletonStore.open(tmp_path / "again")
    again.verify()
    assert np.array_equal(divide(again, "own").train, divide(store, "own").train)
    without = StoreWriter(tmp_path / "without", layout=store.layout, class_names=store.class_names, fps=30)
    with without as writer:
        for clip in range(len(store)):
            writer.add(store.read(clip), name=store.name(clip), label=int(store.index.label[clip]))
    assert SkeletonStore.open(tmp_path / "without").fingerprint == store.fingerprint
    with pytest.raises(ValueError, match="keeps no split"):
        divide(SkeletonStore.open(tmp_path / "without"), "own")
    splits = again.path / "splits.json"
    content = json.loads(splits.read_text())
    clip = next(iter(content["splits"].values()))["test"]
    splits.write_text(json.dumps(content | {"splits": {"one": {"train": clip, "test": clip}}}))
    with refusal(repr(again.name(clip[0]))):
        divide(again, "own")
    splits.write_text("{}")
    with refusal(r"splits.json: damaged"):
        SkeletonStore.open(again.path)


def test_splits_of_the_version_before_are_read():
    content = {"format": "skeleton-splits", "version": 1, "splits": {"a": {"train": [0], "val": [1]}}}
    assert OwnSplits.model_validate_json(json.dumps(content)).splits["a"]["validation"] == (1,)


def test_recorded_splits(shared, tmp_path):
    for file, protocol in (("04_ctr_gcn_own_split.npz", "own"), ("04_pyskl_own_split.pkl", None)):
        import_clips(shared / "cases" / file, tmp_path / file, ImportConfig(layout="ntu"))
        store = SkeletonStore.open(tmp_path / file)
        for name in [protocol] if protocol else [f"own:{each}" for each in own_splits(store)]:
            sides = divide(store, name)
            assert len(sides.train) and len(sides.test)


@pytest.fixture
def store(tmp_path) -> SkeletonStore:
    """Six clips of two classes by three people."""
    with StoreWriter(tmp_path / "s", layout=layout("ntu"), class_names=["wave", "kick"], fps=30) as writer:
        for clip in range(6):
            writer.add(np.ones((9, 1, 25, 3)), name=f"c{clip}", label=clip % 2, subject=clip // 2)
    return SkeletonStore.open(tmp_path / "s")


@pytest.mark.parametrize(
    "text",
    [
        "train:\nc0\nc1\nc2\nc3\ntest:\nc4\nc5\n",
        "# mine\n[train]\nc0, c1, c2, c3\n[test]\nc4, c5",
        "clip,side\nc0,train\nc1,train\nc2,train\nc3,train\nc4,test\nc5,test\n",
        "Name,fps,Split\nc0,30,Training\nc1,30,train\nc2,3,train\nc3,3,train\nc4,3,TEST\nc5,30,testing\n",
        "Training videos:\nc0, c1, c2, c3\nValidation videos:\nc4, c5\n",
        "train: c0, c1,\nc2, c3\n[test] c4, c5",
    ],
)
def test_files_of_names(text, store, tmp_path):
    (tmp_path / "mine.txt").write_text(text)
    sides = divide(store, file=tmp_path / "mine.txt")
    assert [side.tolist() for side in (sides.train, sides.validation, sides.test)] == [
        [0, 1, 2, 3],
        [],
        [4, 5],
    ]
    held_out = divide(store, file=tmp_path / "mine.txt", validation=0.5)
    assert len(held_out.train) == len(held_out.validation) == 2 and held_out.test.tolist() == [4, 5]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("train:\nc0\nc1\ntest:\nc9\n", ["'c9'", "c0, c1, c2"]),
        ("train:\nc0\nc1\ntest:\nc0\n", ["'c0'", "train", "test", "line 5"]),
        ("train:\ntest:\nc0\n", ["training side is empty"]),
        ("train:\nc0\nc1\n", ["test side is empty"]),
        ("train:\nc0\nc2\ntest:\nc5\n", ["kick"]),
        ("clip,side\nc0,train\nc1,probe\n", ["'probe'", "line 3"]),
        ("c0\nc1\n", ["train:", "CSV"]),
        ("", ["train:", "CSV"]),
        (f"clip,side\n{'c' * 200_000},train\n", ["131072"]),
    ],
)
def test_files_that_cannot_be_used(text, named, store, tmp_path, capsys):
    path = tmp_path / "mine.txt"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        divide(store, file=path)
    assert str(error.value).startswith(str(path)) and all(each in str(error.value) for each in named)
    with pytest.raises(SystemExit) as end:
        main(["export", str(store.path), str(tmp_path / "x.npz"), "--split", str(path)])
    assert end.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1


def test_the_command_shows_the_classes_of_each_side(store, tmp_path, capsys):
    out = str(tmp_path / "split.json")
    main(["split", str(store.path), out, "--protocol", "leave-one-subject-out", "--fold", "2"])
    shown = capsys.readouterr().out
    assert re.search(r"kick +2 +0 +1\n", shown) and "4 training" in shown
    assert read_split(out, store).test.tolist() == [2, 3]
    main(["split", str(store.path), str(tmp_path / "b.json"), "--protocol", "label in 0 and subject in 1"])
    assert "no training clip of kick" in capsys.readouterr().err
