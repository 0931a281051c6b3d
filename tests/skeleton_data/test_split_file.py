"""Splits as files: the same when read again, refused for any other store."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refusal

from skeleton_data import (
    ClipIndex,
    SkeletonStore,
    Split,
    StoreWriter,
    load_split,
    save_split,
    split,
)
from skeleton_data.cli.main import main
from skeleton_data.layouts.layout import layout
from skeleton_data.splits.counts import OFFICIAL_COUNTS
from skeleton_data.splits.divide import divide
from skeleton_data.splits.labels import label_subset


def an_index(clips=40, seed=0) -> ClipIndex:
    random = np.random.default_rng(seed)
    return ClipIndex(*(random.integers(1, 9, size=clips).astype(np.int32) for _ in range(7)))


@given(st.integers(0, 2**31), st.floats(0, 0.9))
def test_a_split_comes_back_as_it_was(tmp_path_factory, seed, validation):
    index, path = an_index(seed=seed), tmp_path_factory.mktemp("split") / "odd.json"
    sides = split(index, "odd-subjects", validation=validation, seed=seed)
    save_split(path, sides, index, made={"protocol": "odd-subjects"})
    again = load_split(path, index)
    for side in ("train", "validation", "test"):
        one, other = getattr(sides, side), getattr(again, side)
        assert np.array_equal(one, other) and other.dtype == np.int64


def test_a_split_of_the_version_before_is_read(tmp_path):
    index, path = an_index(), tmp_path / "odd.json"
    sides = split(index, "odd-subjects", validation=0.5)
    save_split(path, sides, index)
    path.write_text(path.read_text().replace('"validation":', '"val":'))
    assert np.array_equal(load_split(path, index).validation, sides.validation) and len(sides.validation)


def test_another_store_is_refused(tmp_path):
    index, path = an_index(), tmp_path / "odd.json"
    save_split(path, split(index, "odd-subjects"), index)
    for other in (an_index(seed=1), an_index(clips=41)):
        with refusal(r"odd.json: .*another store of 40 clips"):
            load_split(path, other)
    with refusal("exists; it will not be replaced"):
        save_split(path, split(index, "odd-subjects"), index)
    assert [file.name for file in tmp_path.iterdir()] == ["odd.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": [0, 0]}, "clip 0 is on the side train twice"),
        ({"train": [40]}, "clip 40 is not one of 40"),
        ({"train": [-1]}, r"train\.0: .*at least 0"),
        ({"train": "all"}, "train: expected a list"),
        ({"version": 2}, "version: expected 1"),
        ({"more": 1}, "more: "),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, change, message):
    index, path = an_index(), tmp_path / "odd.json"
    save_split(path, split(index, "odd-subjects"), index)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with refusal(message) as error:
        load_split(path, index)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


def test_a_clip_on_two_sides_is_named(store, tmp_path):
    path = tmp_path / "odd.json"
    save_split(path, split(store.index, "odd-subjects"), store.index)
    sides = json.loads(path.read_text())
    path.write_text(json.dumps(sides | {"validation": [sides["test"][0]]}))
    with refusal(repr(store.name(sides["test"][0]))) as error:
        divide(store, file=path)
    assert error.value.path == str(path)


def test_no_split_at_all(tmp_path):
    (tmp_path / "text.json").write_text("not JSON")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    for name in ("text.json", "binary.json", "none.json", ""):
        with refusal(str(tmp_path)):
            load_split(tmp_path / name, an_index())


def test_clips_of_no_store_are_not_saved(tmp_path):
    clips = np.arange(3)
    with pytest.raises(ValueError, match="clip 2 is not one of 2"):
        save_split(tmp_path / "x.json", Split(clips, clips[:0], clips[:0]), an_index(clips=2))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> SkeletonStore:
    path = tmp_path_factory.mktemp("data") / "s"
    with StoreWriter(path, layout=layout("ntu"), fps=30) as writer:
        for clip in range(48):
            facts = {
                "label": clip % 3,
                "subject": 1 + clip % 8,
                "camera": 1 + clip % 3,
                "setup": 1 + clip % 4,
            }
            writer.add(np.full((2, 1, 25, 3), clip + 1), name=f"take{clip}", **facts)
    return SkeletonStore.open(path)


def test_command(store, tmp_path, capsys):
    options = ["--protocol", "odd-subjects", "--validation", "0.25", "--seed", "7", "--per-class", "2"]
    for name in ("one.json", "two.json"):
        main(["split", str(store.path), str(tmp_path / name), *options])
    assert "6 training, 6 validation and 24 test clips" in capsys.readouterr().out
    assert (tmp_path / "one.json").read_text() == (tmp_path / "two.json").read_text()
    sides = split(store.index, "odd-subjects", validation=0.25, seed=7)
    kept = label_subset(store.index.label[sides.train], per_class=2, seed=7)
    written = load_split(tmp_path / "one.json", store.index)
    assert np.array_equal(written.train, sides.train[kept]) and np.array_equal(
        written.validation, sides.validation
    )
    made = json.loads((tmp_path / "one.json").read_text())["made"]
    assert made["protocol"] == "odd-subjects" and made["seed"] == 7 and made["per_class"] == 2


def test_command_tells_of_missing_clips(store, tmp_path, capsys):
    main(["split", str(store.path), str(tmp_path / "x.json"), "--protocol", "ntu60-xsub"])
    assert "published counts are 40091 and 16487" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "ntu60"], "protocol: 'ntu60' is no protocol"),
        (["--protocol", "ntu60-xsub", "--fraction", "2"], "fraction: expected above 0, at most 1"),
        (
            ["--protocol", "all", "--fraction", "0.1", "--per-class", "1"],
            "give fraction or per-class, not both",
        ),
        (["--protocol", "all", "--per-class", "99"], "has 16 training clips"),
    ],
)
def test_command_with_bad_input(store, tmp_path, capsys, options, message):
    with pytest.raises(SystemExit) as ended:
        main(["split", str(store.path), str(tmp_path / "x.json"), *options])
    assert ended.value.code == 2 and not list(tmp_path.iterdir())
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_store_with_all_official_clips_must_give_the_published_counts(store, tmp_path, capsys, monkeypatch):
    arguments = ["split", str(store.path), str(tmp_path / "x.json"), "--protocol", "ntu60-xsub"]
    monkeypatch.setitem(OFFICIAL_COUNTS, "ntu60-xsub", (29, 19))  # as many clips, divided otherwise
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and not list(tmp_path.iterdir())
    assert "30 training and 18 test clips, the published counts are 29 and 19" in capsys.readouterr().err
    monkeypatch.setitem(OFFICIAL_COUNTS, "ntu60-xsub", (30, 18))
    main(arguments)
    assert "published" not in capsys.readouterr().err
