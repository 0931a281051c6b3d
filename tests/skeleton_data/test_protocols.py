"""Protocols against the published lists, validation by subject, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from indices import index, sides

from skeleton_data.ntu.facts import samples_without_skeleton
from skeleton_data.splits.counts import OFFICIAL_COUNTS, check_counts
from skeleton_data.splits.protocols import Split, split, split_by

XSUB_60 = [1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38]
XSUB_120 = [
    *XSUB_60,
    *(45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86),
    *(89, 91, 92, 93, 94, 95, 97, 98, 100, 103),
]


@pytest.mark.parametrize(
    ("protocol", "column", "values", "training"),
    [
        ("ntu60-xsub", "subject", range(1, 41), XSUB_60),
        ("ntu60-xview", "camera", range(1, 4), [2, 3]),
        ("ntu120-xsub", "subject", range(1, 107), XSUB_120),
        ("ntu120-xset", "setup", range(1, 33), range(2, 33, 2)),
        ("odd-subjects", "subject", range(0, 30), range(1, 30, 2)),
    ],
)
def test_named_protocols(protocol, column, values, training):
    clips = np.random.default_rng(0).permutation(np.repeat(list(values), 3))
    train = [clip for clip, value in enumerate(clips) if value in training]
    test = [clip for clip, value in enumerate(clips) if value not in training]
    assert sides(split(index(**{column: clips}), protocol)) == (train, [], test)


def test_training_subjects_are_20_and_53():
    assert (len(set(XSUB_60)), len(set(XSUB_120))) == (20, 53)


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 1), st.integers(0, 30)), min_size=3))
def test_first_takes_of_each_kind_train_and_its_last_third_tests(clips):
    label, setup, take = (list(column) for column in zip(*clips, strict=True))
    train, test = [], []
    for kind in set(zip(label, setup, strict=True)):
        same = [clip for clip in range(len(clips)) if (label[clip], setup[clip]) == kind]
        same.sort(key=lambda clip: take[clip])
        train += same[: -(-len(same) // 2)]
        test += same[len(same) - len(same) // 3 :]
    clips = index(label=label, setup=setup, replication=take)
    if test:
        assert sides(split(clips, "first-takes")) == (sorted(train), [], sorted(test))
    else:
        with pytest.raises(ValueError, match="first-takes: the test side is empty"):
            split(clips, "first-takes")


def test_all_has_no_test_side():
    assert sides(split(index(subject=[-1, -1, 4]), "all")) == ([0, 1, 2], [], [])


@pytest.mark.parametrize(
    ("protocol", "columns", "message"),
    [
        (
            "ntu60-xsub",
            {"subject": [1, -1, 3]},
            r"ntu60-xsub: the subject is .*-1.* in 1 of 3 clips",
        ),
        ("ntu60-xview", {"subject": [1, 2]}, r"ntu60-xview: the camera is .*-1.* in 2 of 2 clips"),
        ("ntu120-xset", {"subject": [1, 2]}, "ntu120-xset: the setup"),
        (
            "ntu60-xsub",
            {"subject": [1, 3, 41]},
            "ntu60-xsub has subjects 1 to 40, but the clips have 1 to 41",
        ),
        ("ntu60-xview", {"camera": [0, 2]}, "ntu60-xview has cameras 1 to 3, but the clips have 0 to 2"),
        ("ntu60-xsub", {"subject": [3, 6]}, "ntu60-xsub: the training side is empty"),
        ("ntu60-xsub", {"subject": [1, 2]}, "ntu60-xsub: the test side is empty"),
        ("all", {"subject": []}, "all: the training side is empty"),
        ("first-takes", {"label": [1, 1, 1]}, r"first-takes: the replication is .*-1.* in 3 of 3"),
        ("ntu60", {"subject": [1]}, "'ntu60' is no protocol; .*ntu60-xsub"),
    ],
)
def test_what_a_protocol_refuses(protocol, columns, message):
    with pytest.raises(ValueError, match=message):
        split(index(**columns), protocol)


@given(
    st.lists(st.integers(1, 12), min_size=4, max_size=60),
    st.floats(0.001, 0.999),
    st.integers(0, 2**31),
)
def test_validation_holds_out_whole_training_subjects(subjects, share, seed):
    subjects = np.array([*subjects, 1, 2, 3])  # two training subjects and a test side at least
    clips = index(subject=subjects)
    whole, held = split(clips, "odd-subjects"), split(clips, "odd-subjects", validation=share, seed=seed)
    train, val, test = sides(held)
    assert test == whole.test.tolist() and sorted(train + val) == whole.train.tolist()
    held_out = set(subjects[val])
    assert not held_out & set(subjects[train])
    count = len(set(subjects[whole.train]))
    assert len(held_out) == min(max(int(np.floor(share * count + 0.5)), 1), count - 1)
    larger = split(clips, "odd-subjects", validation=min(share * 2, 0.999), seed=seed)
    assert set(val) <= set(larger.validation)


def test_validation_is_the_same_on_every_machine():
    clips = index(subject=np.arange(1, 41))
    assert split(clips, "ntu60-xsub", validation=0.2, seed=0).validation.tolist() == [4, 16, 18, 33]
    assert split(clips, "ntu60-xsub", validation=0.2, seed=1).validation.tolist() == [7, 12, 15, 33]


def test_validation_does_not_depend_on_the_order_of_clips():
    subjects = np.arange(1, 41)
    forward = split(index(subject=subjects), "ntu60-xsub", validation=0.2)
    backward = split(index(subject=subjects[::-1]), "ntu60-xsub", validation=0.2)
    assert set(subjects[forward.validation]) == set(subjects[::-1][backward.validation])


def test_validation_by_clip_where_no_subject_is_known():
    held = split(index(label=np.zeros(40)), "all", validation=0.1)
    train, val, _ = sides(held)
    assert len(val) == 4 and sorted(train + val) == list(range(40))


@pytest.mark.parametrize(
    ("subjects", "share", "message"),
    [
        ([1, 1, 1, 2], 0.5, "odd-subjects: cannot hold out 0.5 of 1 training subject for validation"),
        ([1, 3, 2], 1.0, "validation must be at least 0 and below 1, got 1.0"),
        ([1, 3, 2], -0.1, "validation must be at least 0 and below 1, got -0.1"),
    ],
)
def test_impossible_validation(subjects, share, message):
    with pytest.raises(ValueError, match=message):
        split(index(subject=subjects), "odd-subjects", validation=share)


def test_validation_of_partly_known_subjects_is_refused():
    with pytest.raises(ValueError, match=r"all: the subject is unknown \(-1\) in 1 of 3 training clips"):
        split(index(subject=[1, 2, -1]), "all", validation=0.5)
    with pytest.raises(ValueError, match=r"all: cannot hold out 0\.5 of 1 training clip for"):
        split(index(subject=[-1]), "all", validation=0.5)


def test_predicates():
    clips = index(subject=[1, 1, 2, 2, 3, 3], replication=[1, 2, 1, 2, 1, 2])
    assert sides(split_by(clips, lambda index: index.replication == 1)) == ([0, 2, 4], [], [1, 3, 5])
    some = split_by(clips, lambda index: index.subject == 1, lambda index: index.subject == 3)
    assert sides(some) == ([0, 1], [], [4, 5])
    held = split_by(clips, lambda index: index.replication == 1, validation=0.3)
    assert len(held.validation) == 1 and len(held.train) == 2


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (lambda index: index.subject > 9, None, "split_by: the training side is empty"),
        (lambda index: index.subject > 0, None, "split_by: the test side is empty"),
        (lambda index: index.subject, None, r"train must answer \(3,\) bool, got \(3,\) int32"),
        (lambda index: True, None, r"train must answer \(3,\) bool, got \(\) bool"),
        (lambda index: index.subject > 1, lambda index: index.subject > 2, "clip 2 is on the training and"),
    ],
)
def test_wrong_predicates(train, test, message):
    with pytest.raises(ValueError, match=message):
        split_by(index(subject=[1, 2, 3]), train, test)


@pytest.mark.parametrize("protocol", OFFICIAL_COUNTS)
def test_official_counts(protocol):
    train, test = OFFICIAL_COUNTS[protocol]
    clips = np.arange(train)
    assert check_counts(Split(clips[100:], clips[:100], np.arange(test)), protocol) is None
    deviation = check_counts(Split(clips, clips[:0], np.arange(test - 1)), protocol)
    assert deviation is not None and protocol in deviation
    assert str(test) in deviation and str(test - 1) in deviation


def test_official_sizes_of_the_sets():
    usable = {"ntu60": 56_880 - 302, "ntu120": 114_480 - 535}
    for protocol, counts in OFFICIAL_COUNTS.items():
        assert sum(counts) == usable[protocol.split("-")[0]]


@pytest.mark.parametrize(
    ("protocol", "recordings"),
    [("ntu60-xsub", 360), ("ntu60-xview", 120), ("ntu120-xsub", 360), ("ntu120-xset", 360)],
)
def test_published_counts_lack_the_listed_samples(protocol, recordings):
    """A subject at a setup gave 60 classes x 2 x 3 cameras; what is published lacks what the list names.

    So the subjects, cameras and setups of each side and the list of samples without skeleton confirm each
    other: with another subject or another name in the list, one of the numbers would not be whole.
    """
    listed = sorted(name for name in samples_without_skeleton() if "120" in protocol or name < "S018")
    setups, cameras, subjects = ([int(name[at : at + 3]) for name in listed] for at in (1, 5, 9))
    sides = split(index(setup=setups, camera=cameras, subject=subjects), protocol)
    for published, lacking in zip(OFFICIAL_COUNTS[protocol], (sides.train, sides.test), strict=True):
        assert (published + len(lacking)) % recordings == 0


def test_nothing_is_published_for_other_protocols():
    clips = np.arange(3)
    assert check_counts(Split(clips, clips, clips), "odd-subjects") is None
