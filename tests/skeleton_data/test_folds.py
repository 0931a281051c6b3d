"""Protocols by column and folds: against a slow definition, scikit-learn's rule, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from indices import index, sides

from skeleton_data import folds, is_folded, split
from skeleton_data.splits.grammar import parse_protocol

SUBJECT = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(
    ("protocol", "train", "test"),
    [
        ("subject in 1,3", [0, 1, 4, 5], [2, 3, 6, 7, 8, 9]),
        ("subject in 1,3,5 / subject in 2,4", [0, 1, 4, 5, 8, 9], [2, 3, 6, 7]),
        ("subject in 1-3/subject in 5", [0, 1, 2, 3, 4, 5], [8, 9]),
        ("camera in 1 and subject in 2-5", [2, 4, 6, 8], [0, 1, 3, 5, 7, 9]),
        ("camera in 1,2", None, None),
    ],
)
def test_sides_by_columns(protocol, train, test):
    clips = index(subject=SUBJECT, camera=[1, 2] * 5)
    if train is None:
        with pytest.raises(ValueError, match="the test side is empty"):
            split(clips, protocol)
    else:
        assert sides(split(clips, protocol)) == (train, [], test)


@pytest.mark.parametrize("protocol", ["leave-one-subject-out", "folds(subject, 3)"])
def test_subjects_without_a_label_train_in_every_fold(protocol):
    label = [0, 1, -1, -1, 0, -1, 1, 0, -1, -1]  # nobody has named what subjects 2 and 5 do
    clips = index(subject=SUBJECT, label=label)
    found = folds(clips, protocol)
    assert sorted(clip for fold in found for clip in fold.test) == [0, 1, 4, 5, 6, 7]
    for fold in found:
        train, held_out, test = sides(split(clips, protocol, fold=fold.number, validation=0.1))
        assert {2, 3, 8, 9} <= set(train) and not set(train) & set(test)
        assert any(label[clip] >= 0 for clip in held_out)
    unlabelled = index(subject=SUBJECT, label=[-1] * 10)
    assert len(folds(unlabelled, "leave-one-subject-out")) == 5
    with pytest.raises(ValueError, match="labelled clips have 3: subjects 1, 3, 4"):
        folds(clips, "folds(subject, 4)")


@given(st.lists(st.integers(-1, 2), min_size=10, max_size=10), st.floats(0.01, 0.9), st.integers(0, 9))
def test_who_is_held_out_has_labels_if_two_subjects_have(label, fraction, seed):
    clips = index(subject=SUBJECT, label=label)
    train, held_out, _ = sides(split(clips, "all", validation=fraction, seed=seed))
    known = {subject for subject, each in zip(SUBJECT, label, strict=True) if each >= 0}
    assert sorted([*train, *held_out]) == list(range(10)) and train and held_out
    if len(known) > 1:
        assert {SUBJECT[clip] for clip in held_out} < known


def test_leave_one_out_tests_each_value_once_in_order():
    clips = index(subject=SUBJECT[::-1], camera=[3, 1] * 5)
    for protocol, column in (("leave-one-subject-out", "subject"), ("leave-one-out(camera)", "camera")):
        values = getattr(clips, column)
        found = folds(clips, protocol)
        assert [fold.name for fold in found] == [f"{column} {value}" for value in np.unique(values)]
        for fold, value in zip(found, np.unique(values), strict=True):
            expected = [clip for clip in range(10) if values[clip] == value]
            others = [clip for clip in range(10) if values[clip] != value]
            assert sides(split(clips, protocol, fold=fold.number)) == (others, [], expected)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=6, max_size=60), st.integers(2, 4))
def test_folds_of_subjects_keep_them_together_and_folds_of_clips_are_even(clips, count):
    label, subject = map(list, zip(*clips, strict=True))
    clips = index(label=label, subject=subject)
    if len(set(subject)) >= count:
        found = [fold.test.tolist() for fold in folds(clips, f"folds(subject, {count})")]
        assert sorted(clip for fold in found for clip in fold) == list(range(len(subject)))
        people = [{subject[clip] for clip in fold} for fold in found]
        assert all(people) and sum(map(len, people)) == len(set(subject))
    found = [fold.test for fold in folds(clips, f"folds({count})")]
    assert sorted(np.concatenate(found).tolist()) == list(range(len(subject)))
    for value in set(label):
        of_class = [int((clips.label[fold] == value).sum()) for fold in found]
        assert max(of_class) - min(of_class) <= 1


def test_folds_of_subjects_share_classes_out_as_scikit_learn_does():
    # Six people: three perform only class 0, three only class 1. Even folds have one of each.
    clips = index(label=[0, 0, 0, 1, 1, 1], subject=[1, 2, 3, 4, 5, 6])
    for fold in folds(clips, "folds(subject, 3)"):
        assert sorted(clips.label[fold.test].tolist()) == [0, 1]


def test_folds_of_clips_say_what_they_overstate():
    clips = index(label=[0, 1] * 4)
    assert "will be lower for others" in split(clips, "folds(2)", fold=1).notes[0]
    assert split(index(subject=SUBJECT), "folds(subject, 2)", fold=1).notes == ()


def test_validation_subjects_of_a_fold_are_others_than_its_test_subject():
    clips = index(subject=SUBJECT)
    for fold in range(1, 6):
        parts = split(clips, "leave-one-subject-out", validation=0.25, fold=fold)
        people = [set(clips.subject[side]) for side in (parts.train, parts.validation, parts.test)]
        assert [len(each) for each in people] == [3, 1, 1] and len(set.union(*people)) == 5


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        ("odd-people", ["ntu60-xsub", "odd-subjects", "leave-one-subject-out", "COLUMN in"]),
        ("person in 1,2", ["person", "label", "subject", "camera", "setup", "replication"]),
        ("leave-one-out(person)", ["person", "subject"]),
        ("folds(1)", ["2 folds"]),
        ("subject in 1 / subject in 2 / subject in 3", ["COLUMN in"]),
        ("subject in 5-3", ["5-3"]),
        ("subject in one", ["COLUMN in"]),
    ],
)
def test_protocols_that_are_none(protocol, names):
    with pytest.raises(ValueError) as error:
        parse_protocol(protocol)
    assert all(name in str(error.value) for name in names), str(error.value)


@pytest.mark.parametrize(
    ("protocol", "fold", "names"),
    [
        ("subject in 1,9", None, ["subject 9", "1, 2, 3, 4, 5"]),
        ("camera in 1", None, ["camera", "subject"]),
        ("folds(subject, 6)", 1, ["folds(subject, 6)", "6", "subjects 1, 2, 3, 4, 5"]),
        ("folds(11)", 1, ["folds(11)", "clips", "10"]),
        ("leave-one-subject-out", None, ["5 folds", "fold"]),
        ("leave-one-subject-out", 6, ["fold: 6", "1 to 5"]),
        ("odd-subjects", 1, ["fold: 1", "odd-subjects"]),
        ("subject in 1 / subject in 1-2", None, ["clip 0", "training", "test"]),
        ("own", None, ["own", "store"]),
    ],
)
def test_protocols_that_the_clips_do_not_fit(protocol, fold, names):
    with pytest.raises(ValueError) as error:
        split(index(subject=SUBJECT), protocol, fold=fold)
    assert all(name in str(error.value) for name in names), str(error.value)


def test_which_protocols_have_folds():
    assert [is_folded(each) for each in ("folds(3)", "leave-one-out(setup)", "own:x", "all")] == [1, 1, 0, 0]
