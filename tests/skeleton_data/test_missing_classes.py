"""A class that is tested must have a training clip: who divides otherwise is told which has none."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data import (
    DataError,
    SkeletonStore,
    Split,
    StoreWriter,
    divide,
    layout,
    missing_classes,
    require_trained_classes,
)
from skeleton_data.cli.main import main

NAMES = ("wave", "kick", "bow")


@given(st.lists(st.tuples(st.integers(-1, 2), st.sampled_from("tvxo")), max_size=8), st.booleans())
def test_what_nothing_could_recognise_is_refused(clips, every):
    label = np.array([label for label, _ in clips], np.int64)
    sides = [np.array([at for at, (_, on) in enumerate(clips) if on == side], np.int64) for side in "tvx"]
    trained = {label for label, on in clips if on in "tv" and label >= 0}
    tested = {label for label, on in clips if on == "x" and label >= 0}
    untrained = tested - trained
    refused = bool(trained and untrained and (every or untrained == tested))
    try:
        require_trained_classes(label, Split(*sides), NAMES, "mine.csv", every=every)
    except ValueError as error:
        assert refused and "mine.csv" in str(error)
        assert all((NAMES[each] in str(error)) is (each in untrained) for each in range(3))
    else:
        assert not refused


def test_one_class_alone_that_trains_is_said():
    one, two = ([[2, 0, 1], [0, 0, 1], [0, 0, 0]], [[2, 0, 1], [1, 0, 1], [0, 0, 0]])
    said = [
        [note for note in missing_classes(np.array(each), NAMES) if "wave" in note] for each in (one, two)
    ]
    assert len(said[0]) == 1 and said[1] == []


@pytest.fixture
def store(tmp_path):
    """Three subjects, of whom only the third bows."""
    with StoreWriter(tmp_path / "s", layout=layout("ntu"), class_names=NAMES, fps=30) as writer:
        for subject, label in ((1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 2)):
            writer.add(
                np.full((4, 1, 25, 3), subject + 10 * label, np.float32),
                name=f"p{subject}-{NAMES[label]}",
                label=label,
                subject=subject,
            )
    return SkeletonStore.open(tmp_path / "s")


def test_split_writes_no_file_of_which_nothing_can_be_learnt(store, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        options = ("--protocol", "leave-one-out(label)", "--fold", "2")
        main(["split", str(store.path), str(tmp_path / "x.json"), *options])
    shown = capsys.readouterr().err
    assert ended.value.code == 2 and "kick" in shown and "leave-one-out(label)" in shown
    assert not (tmp_path / "x.json").exists()
    fold = ("--protocol", "leave-one-subject-out", "--fold", "3")  # waves can be learnt
    main(["split", str(store.path), str(tmp_path / "fold.json"), *fold])
    assert "no training clip of bow" in capsys.readouterr().err
    assert divide(store, file=tmp_path / "fold.json").test.tolist() == [4, 5]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "train:\np1-wave\np1-kick\ntest:\np3-wave\np3-bow\n"),
        ("list.csv", "clip,side\np1-wave,train\np1-kick,train\np3-wave,test\np3-bow,test\n"),
        ("excel.csv", "clip;side\np1-wave;train\np1-kick;train\np3-wave;test\np3-bow;test\n"),
    ],
)
def test_a_list_that_tests_what_it_does_not_train_is_refused(store, tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError, match="bow") as error:
        divide(store, file=path)
    assert str(path) in str(error.value) and "kick" not in str(error.value)
    path.write_text(text.replace("p3-bow", "p2-wave"))
    assert divide(store, file=path).test.tolist() == [2, 4]


def test_a_file_of_split_of_which_nothing_can_be_learnt_is_refused(store, tmp_path):
    path = tmp_path / "x.json"
    main(["split", str(store.path), str(path), "--protocol", "subject in 1,3 / subject in 2"])
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"train": [0], "test": [1, 5]}))
    with pytest.raises(DataError, match="kick, bow"):
        divide(store, file=path)
