"""Stores in the forms of other projects: what is read back is what the store holds."""

import sys
import tracemalloc

import numpy as np
import pytest
from einops import rearrange
from refusal import refusal

from skeleton_data import SkeletonStore, StoreWriter, divide, export_huggingface, export_npz, split
from skeleton_data.cli.main import main
from skeleton_data.importing.importer import import_clips
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.config import ImportConfig
from skeleton_data.splits.split_file import save_split

ODD = ("--protocol", "odd-subjects")
SHAPES = [(5, 1), (9, 2), (3, 1), (7, 2), (4, 1), (6, 1)]


def write(path, labels=(0, 1, 2, 0, 1, 2), joints=25, kind="ntu", most=2) -> SkeletonStore:
    random = np.random.default_rng(0)
    with StoreWriter(path, layout=layout(kind), fps=30, class_names=("sit", "run", "fall")) as writer:
        for clip, (frames, bodies) in enumerate(SHAPES):
            data = random.normal(size=(frames, min(bodies, most), joints, 3))
            writer.add(data, name=f"clip{clip}", label=labels[clip], subject=1 + clip)
    return SkeletonStore.open(path)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> SkeletonStore:
    return write(tmp_path_factory.mktemp("data") / "s")


def as_ctr_gcn(path, side):
    """The steps of CTR-GCN's feeder: (N, C, T, V, M) and labels."""
    data = np.load(path, allow_pickle=False)
    labels = np.where(data[f"y_{side}"] > 0)[1]
    return rearrange(data[f"x_{side}"], "n t (m v c) -> n c t v m", m=2, c=3), labels


@pytest.mark.parametrize("frames", [None, 12])
def test_npz_as_ctr_gcn_reads_it(store, tmp_path, frames):
    sides = split(store.index, "odd-subjects")
    export_npz(store, tmp_path / "x.npz", sides, frames=frames)
    about = {"units", "fps", "layout", "class_names"}
    assert set(np.load(tmp_path / "x.npz").files) == {"x_train", "y_train", "x_test", "y_test"} | about
    for side, clips in (("train", sides.train), ("test", sides.test)):
        joints, labels = as_ctr_gcn(tmp_path / "x.npz", side)
        assert joints.dtype == np.float32 and joints.shape == (3, 3, frames or 9, 25, 2)
        assert labels.tolist() == store.index.label[clips].tolist()
        for clip, exported in zip(clips, joints, strict=True):
            original = rearrange(store.read(clip), "t m v c -> c t v m")
            _, length, _, bodies = original.shape
            np.testing.assert_array_equal(exported[:, :length, :, :bodies], original)
            assert np.count_nonzero(exported) == np.count_nonzero(original)
    assert [file.name for file in tmp_path.iterdir()] == ["x.npz"]


def test_npz_of_single_bodies_has_two_all_the_same(store, tmp_path):
    """Readers of the form expect two; it is imported again as it was."""
    single = write(tmp_path / "s", most=1)
    export_npz(single, tmp_path / "x.npz", split(single.index, "odd-subjects"))
    assert as_ctr_gcn(tmp_path / "x.npz", "train")[0].shape == (3, 3, 9, 25, 2)
    import_clips(tmp_path / "x.npz", tmp_path / "back", ImportConfig(insist=True))
    back = SkeletonStore.open(tmp_path / "back")
    for number, clip in enumerate((0, 2, 4, 1, 3, 5)):
        np.testing.assert_array_equal(back.read(number), single.read(clip))


def test_npz_says_layout_units_rate_and_classes(tmp_path):
    """2D joints at 15 frames per second do not come back as metres at 30."""
    with StoreWriter(
        tmp_path / "s", layout=layout("coco17"), fps=15, units="picture", class_names=["a"]
    ) as s:
        for clip in range(6):
            joints = np.random.default_rng(clip).uniform(0.1, 0.5, (4, 1, 17, 3))
            s.add(joints, name=f"clip{clip}", label=0, subject=clip)
    flat = SkeletonStore.open(tmp_path / "s")
    sides = split(flat.index, "odd-subjects", validation=0.4)
    export_npz(flat, tmp_path / "x.npz", sides)
    import_clips(tmp_path / "x.npz", tmp_path / "back", ImportConfig())
    back = SkeletonStore.open(tmp_path / "back")
    assert (back.layout, back.fps, back.class_names) == (flat.layout, flat.fps, flat.class_names)
    assert back.meta.units == "picture"
    own = divide(back, "own")
    for found, clips in (
        (own.train, sides.train),
        (own.validation, sides.validation),
        (own.test, sides.test),
    ):
        assert len(found) == len(clips)
        for place, clip in zip(found, clips, strict=True):
            np.testing.assert_array_equal(back.read(place), flat.read(clip))


def test_npz_has_the_validation_side_if_there_is_one(store, tmp_path):
    sides = split(store.index, "odd-subjects", validation=0.4)
    save_split(tmp_path / "split.json", sides, store.index)
    main(
        [
            "export",
            str(store.path),
            str(tmp_path / "x.npz"),
            "--split",
            str(tmp_path / "split.json"),
            "--bodies",
            "1",
        ]
    )
    data = np.load(tmp_path / "x.npz")
    assert data["x_val"].shape == (1, 9, 75) and data["x_train"].shape == (2, 9, 75)


def test_npz_of_another_layout(tmp_path):
    small = write(tmp_path / "s", joints=20, kind="kinect_v1")
    export_npz(small, tmp_path / "x.npz", split(small.index, "odd-subjects"))
    assert np.load(tmp_path / "x.npz")["x_test"].shape == (3, 9, 2 * 20 * 3)


def test_what_cannot_be_exported(store, tmp_path):
    sides, path = split(store.index, "odd-subjects"), tmp_path / "x.npz"
    with refusal("clip clip1 has 9 frames, more than 8"):
        export_npz(store, path, sides, frames=8)
    with refusal("the test side is empty"):
        export_npz(store, path, split(store.index, "all"))
    unlabelled = write(tmp_path / "s", labels=(0, 1, 2, -1, 1, 2))
    with refusal("clip clip3 has no label"):
        export_npz(unlabelled, path, sides)
    path.write_text("mine")
    with refusal("exists; it will not be replaced"):
        export_npz(store, path, sides)
    assert path.read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["s", "x.npz"]


def test_an_export_that_fails_leaves_the_old_file(store, tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    path.write_text("old")
    monkeypatch.setattr(SkeletonStore, "read", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_npz(store, path, split(store.index, "odd-subjects"), overwrite=True)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_memory_does_not_grow_with_the_padding(store, tmp_path):
    """Six clips padded to 20,000 frames are 216 MB of file, one of them 36 MB in memory."""
    tracemalloc.start()
    export_npz(store, tmp_path / "x.npz", split(store.index, "odd-subjects"), frames=20_000, bodies=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "x.npz").stat().st_size > 70e6 and peak < 40e6


@pytest.mark.filterwarnings("default")  # those of the library are its own
def test_huggingface(store, tmp_path):
    datasets = pytest.importorskip("datasets", reason="the extra 'huggingface' is not installed")
    sides = split(store.index, "odd-subjects")
    export_huggingface(store, tmp_path / "hf", sides)
    assert [file.name for file in tmp_path.iterdir()] == ["hf"]
    loaded = datasets.load_from_disk(tmp_path / "hf")
    assert set(loaded) == {"train", "test"}
    assert loaded["train"].features["label"].names == ["sit", "run", "fall"]
    assert {(row["fps"], row["units"], row["up"]) for row in loaded["train"].to_iterable_dataset()} == {
        (30, "m", "y")
    }
    for row, clip in zip(loaded["test"].with_format("numpy"), sides.test, strict=True):
        original = store.read(clip)
        bodies = original.shape[1]
        assert row["name"] == f"clip{clip}" and row["subject"] == clip + 1
        assert row["label"] == store.index.label[clip] and row["camera"] == -1
        np.testing.assert_array_equal(row["joints"][:, :bodies], original)
        assert row["joints"].shape[1] == 2 and not row["joints"][:, bodies:].any()
    with refusal("exists; it will not be replaced"):
        export_huggingface(store, tmp_path / "hf", sides)


@pytest.mark.parametrize("form", ["saved", "mapped", "parquet", "hub"])
def test_what_was_exported_is_imported_again(tmp_path, form):
    """Layout, units and rate come along in every form, and sides are the split of the new store."""
    datasets = pytest.importorskip("datasets")
    hand = layout("hand21").model_copy(update={"name": "mine"})
    random = np.random.default_rng(0)
    with StoreWriter(
        tmp_path / "s", layout=hand, fps=12.5, class_names=("a", "b"), units="picture"
    ) as writer:
        for clip, (frames, bodies) in enumerate(SHAPES):
            joints = random.uniform(0.1, 0.9, (frames, bodies, 21, 3))
            writer.add(joints, name=f"c{clip}", label=clip % 2, subject=1 + clip)
    store = SkeletonStore.open(tmp_path / "s")
    sides = split(store.index, "odd-subjects")
    saved = tmp_path / (form if form == "mapped" else "saved")
    export_huggingface(store, saved, sides)
    loaded = datasets.load_from_disk(saved)
    if form == "mapped":  # which leaves a copy of all rows there
        loaded.map(lambda row: {"label": row["label"]})
        assert list(saved.rglob("cache-*.arrow"))
    elif form != "saved":
        (tmp_path / form / "data").mkdir(parents=True)
        for side, rows in loaded.items():
            name = f"data/{side}-00000-of-00001.parquet" if form == "hub" else f"{side}.parquet"
            rows.to_parquet(tmp_path / form / name)
    import_clips(tmp_path / form, tmp_path / "again", ImportConfig())
    again = SkeletonStore.open(tmp_path / "again")
    assert (again.layout, again.fps, again.meta.units) == (hand, 12.5, "picture")
    assert again.class_names == ("a", "b") and len(again) == 6
    names = {again.name(clip): clip for clip in range(6)}
    for clip in range(6):
        there = names[store.name(clip)]
        np.testing.assert_array_equal(again.read(there), store.read(clip))
        assert again.index.subject[there] == store.index.subject[clip]
    assert {again.name(clip) for clip in divide(again, "own").test} == {
        store.name(clip) for clip in sides.test
    }


def test_rows_that_do_not_fit_are_named(store, tmp_path):
    datasets = pytest.importorskip("datasets")
    parquet = pytest.importorskip("pyarrow.parquet")
    export_huggingface(store, tmp_path / "saved", split(store.index, "odd-subjects"))
    datasets.load_from_disk(tmp_path / "saved")["train"].to_parquet(tmp_path / "train.parquet")
    table = parquet.read_table(tmp_path / "train.parquet")
    for name, bad, message in (
        ("units", ["m", "picture", "m"], "row 1: another units"),
        ("units", ["feet"] * 3, "units: expected m or picture, found 'feet'"),
        ("layout", ["{}"] * 3, "layout: .*name"),
        ("joints", [[[[[1.0, 2.0]]]]] * 3, "row 0: joints"),
        ("joints", [[[[[1.0, 2.0, 3.0]], [[1.0]]]]] * 3, "row 0: joints|cannot be read"),
    ):
        place = table.column_names.index(name)
        parquet.write_table(table.set_column(place, name, [bad]), tmp_path / "bad.parquet")
        with refusal(rf"bad\.parquet: .*{message}"):
            import_clips(tmp_path / "bad.parquet", tmp_path / "again", ImportConfig())
    parquet.write_table(table.drop(["layout"]), tmp_path / "bad.parquet")
    with refusal(r"bad\.parquet: .*'layout'"):
        import_clips(tmp_path / "bad.parquet", tmp_path / "again", ImportConfig(format="huggingface"))


def test_without_the_extra_one_line_says_what_to_install(store, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "export",
                str(store.path),
                str(tmp_path / "hf"),
                "--to",
                "huggingface",
                "--protocol",
                "odd-subjects",
            ]
        )
    assert ended.value.code == 2 and not list(tmp_path.iterdir())
    assert "pip install skeleton-data[huggingface]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["x.npz"], "protocol or split"),
        (["x.h5", "--protocol", "odd-subjects"], "output must end in .npz"),
        (
            ["x.npz", "--protocol", "ntu60-xview"],
            "ntu60-xview: the camera is unknown (-1) in 6 of 6 clips",
        ),
        (["x.npz", "--split", "none.json"], "none.json: no readable split"),
        (["hf", "--to", "huggingface", "--protocol", "odd-subjects", "--frames", "9"], "are for npz only"),
        (["no/x.npz", "--protocol", "odd-subjects"], "there is no folder"),
    ],
)
def test_command_with_bad_input(store, tmp_path, capsys, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["export", str(store.path), *options])
    assert ended.value.code == 2 and not list(tmp_path.iterdir())
    assert message in capsys.readouterr().err.splitlines()[-1]
