"""Label subsets: stratified, nested, the same everywhere, and safe as files."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refusal

from skeleton_data.splits.labels import label_subset, load_subset, save_subset

label_rows = st.lists(st.integers(-1, 4), min_size=1, max_size=80).filter(lambda row: max(row) >= 0)
fractions = st.floats(0.001, 1)
seeds = st.integers(0, 2**31)


@given(label_rows, fractions, seeds)
def test_each_class_gives_its_share(labels, fraction, seed):
    subset = label_subset(labels, fraction=fraction, seed=seed)
    assert subset.dtype == np.int64 and (np.diff(subset) > 0).all()
    chosen = [labels[position] for position in subset]
    assert -1 not in chosen
    for label in set(labels) - {-1}:
        assert chosen.count(label) == max(1, int(np.floor(fraction * labels.count(label) + 0.5)))


@given(label_rows, fractions, fractions, seeds)
def test_smaller_fractions_are_contained_in_larger_ones(labels, one, other, seed):
    small, large = (label_subset(labels, fraction=share, seed=seed) for share in sorted((one, other)))
    assert set(small) <= set(large)
    assert set(label_subset(labels, per_class=1, seed=seed)) <= set(small)


@given(st.integers(1, 5), seeds)
def test_per_class(count, seed):
    labels = np.repeat([3, 0, 7], [5, 9, 30])
    subset = label_subset(labels, per_class=count, seed=seed)
    assert np.unique(labels[subset], return_counts=True)[1].tolist() == [count] * 3
    assert set(subset) <= set(label_subset(labels, per_class=5, seed=seed))


def test_the_same_on_every_machine():
    labels = np.arange(200) % 4
    assert label_subset(labels, fraction=0.05, seed=1).tolist() == [
        *(10, 12, 24, 41, 67, 69, 94, 115, 118, 127, 161, 172)
    ]
    assert label_subset(labels.astype(np.int32), per_class=1, seed=2).tolist() == [68, 91, 105, 170]


def test_seeds_differ_and_every_clip_can_be_drawn():
    labels = np.zeros(20, dtype=np.int64)
    drawn = [tuple(label_subset(labels, fraction=0.1, seed=seed)) for seed in range(200)]
    assert len(set(drawn)) > 100
    counts = np.bincount(np.ravel(drawn), minlength=20)
    assert counts.min() > 5 and counts.max() < 40  # 20 expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "either fraction or per_class"),
        ({"fraction": 0.5, "per_class": 1}, "either fraction or per_class"),
        ({"fraction": 0.0}, "fraction must be above 0 and at most 1, got 0.0"),
        ({"fraction": 1.5}, "fraction must be above 0 and at most 1, got 1.5"),
        ({"per_class": 0}, "per_class must be at least 1, got 0"),
        ({"per_class": 3}, "class 1 has 2 training clips"),
    ],
)
def test_wrong_requests(wrong, message):
    with pytest.raises(ValueError, match=message):
        label_subset([0, 0, 0, 1, 1], seed=0, **wrong)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([-1, -1], "none of the 2 clips"), ([[0]], "row of integers"), ([0.5], "row of integers")],
)
def test_wrong_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        label_subset(labels, fraction=0.5, seed=0)


def test_saved_and_loaded(tmp_path: Path):
    labels = np.arange(50) % 5
    subset = label_subset(labels, fraction=0.2, seed=3)
    path = tmp_path / "subset.json"
    save_subset(path, subset, labels)
    np.testing.assert_array_equal(load_subset(path, labels.tolist()), subset)
    assert [file.name for file in tmp_path.iterdir()] == ["subset.json"]
    with refusal(r"subset\.json: .*made for another set of 50 labels, not for these 49"):
        load_subset(path, labels[1:])
    with pytest.raises(ValueError, match="positions go from 0 to 50, but there are 50 labels"):
        save_subset(path, [0, 50], labels)
    np.testing.assert_array_equal(load_subset(path, labels), subset)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "expected format 1, found 2"),
        ({"positions": [0, 3]}, "positions go from 0 to 3, but there are 3 labels"),
        ({"positions": [0.5]}, "row of integers"),
        ({"positions": [[0], [1, 2]]}, "row of integers"),
        ({"positions": []}, "row of integers"),
    ],
)
def test_damaged_files(tmp_path: Path, change, message):
    path = tmp_path / "subset.json"
    save_subset(path, [0, 2], [0, 1, 1])
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with refusal(f"subset.json: .*{message}"):
        load_subset(path, [0, 1, 1])


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"format": 1}', "\x00\xff"])
def test_files_of_another_kind(tmp_path: Path, text):
    path = tmp_path / "subset.json"
    path.write_bytes(text.encode("latin-1"))
    with refusal(r"subset\.json"):
        load_subset(path, [0, 1])


def test_missing_file(tmp_path: Path):
    with refusal(r"none\.json:"):
        load_subset(tmp_path / "none.json", [0, 1])
