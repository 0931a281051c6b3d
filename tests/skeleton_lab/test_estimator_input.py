"""Wrong arguments of the estimators: each complaint names the argument and the index."""

import numpy as np
import pytest

from skeleton_data import layout
from skeleton_lab import InputError, SkeletonClassifier, SkeletonPretrainer
from skeleton_lab.estimator.arrays import as_clips, as_groups, as_labels

LAYOUT = layout("kinect_v1")


def clip(frames=20, joints=20):
    return np.random.default_rng(frames).normal(0, 0.4, (frames, joints, 3))


def spoiled(place, value):
    joints = clip()
    joints[place] = value
    return joints


CLIPS = {
    "fewer joints": ([clip(), clip(joints=19)], r"clips\[1\] has 19 joints, but layout kinect_v1 has 20"),
    "flat": ([clip()[..., :2]], r"clips\[0\] has the shape \(20, 20, 2\)"),
    "one clip": (clip(), r"clips\[0\] has the shape \(20, 3\)"),
    "NaN": ([clip(), spoiled((3, 7), np.nan)], rf"clips\[1\] .* frame 3, joint 7 \({LAYOUT.joints[7]}\)"),
    "infinite": ([spoiled((0, 0, 0), np.inf)], r"clips\[0\] is NaN or infinite in frame 0, joint 0"),
    "complex": ([clip(), clip() + 1j], r"clips\[1\] has complex numbers"),
    "ragged": ([[[[1, 2, 3]], [[1, 2]]]], r"clips\[0\] is no array of numbers"),
    "words": (["walk"], r"clips\[0\] is no array of numbers"),
    "no frame": ([np.zeros((0, 20, 3))], r"clips\[0\] has the shape"),
    "nobody": ([clip(), np.zeros((9, 20, 3))], r"clips\[1\] has nobody"),
    "a body lost": ([clip(), np.ones((9, 20, 3))], r"clips\[1\] has nobody"),
    "none": ([], "clips has no clip"),
    "a name": ("clips.npz", "clips must be a list of arrays"),
    "a number": (3, "clips must be a list of arrays"),
}


@pytest.mark.parametrize(("clips", "line"), CLIPS.values(), ids=CLIPS)
def test_clips(clips, line):
    with pytest.raises(InputError, match=line):
        as_clips(clips, LAYOUT)
    with pytest.raises(InputError, match=line):
        SkeletonPretrainer("kinect_v1").fit(clips)


def test_another_unit_is_doubted():
    with pytest.warns(UserWarning, match="clips: a body measures .* metres, y up"):
        as_clips([1000 * clip()], LAYOUT)
    assert len(as_clips([1000 * clip()], LAYOUT, units="picture")) == 1


def test_padding_is_cut_off():
    padded = np.zeros((30, 2, 20, 3))
    padded[:20, 0] = clip()
    assert np.array_equal(as_clips([padded], LAYOUT)[0], as_clips([clip()], LAYOUT)[0])


LABELS = {
    "fewer": (["a"], "y has 1 values for 4 clips"),
    "a share": ([0, 1, 0.5, 1], r"y\[2\] is 0.5"),
    "numbers and names": ([1, "walk", 1, 1], r"y\[1\] is 'walk', a name, but others are a number"),
    "two columns": ([["a", "b"]] * 4, r"y .* shape \(4, 2\)"),
    "rows of other lengths": ([[1], [1, 2], 1, 1], r"y\[0\] is \[1\]"),
}


@pytest.mark.parametrize(("y", "line"), LABELS.values(), ids=LABELS)
def test_labels(y, line):
    with pytest.raises(InputError, match=line):
        as_labels(y, 4)


def test_every_way_to_say_that_there_is_no_label():
    _, codes = as_labels(["a", None, "", float("nan"), np.nan, -1, np.int64(-1), -1.0], 8)
    assert codes.tolist() == [0] + [-1] * 7
    classes, codes = as_labels(np.array(["wave", -1, "kick", ""]), 4)  # NumPy makes "-1" of -1
    assert (classes.tolist(), codes.tolist()) == (["kick", "wave"], [1, -1, 0, -1])
    pandas = pytest.importorskip("pandas")
    _, codes = as_labels(pandas.Series(["a", None, "b", pandas.NA], dtype="string"), 4)
    assert codes.tolist() == [0, -1, 1, -1]
    classes, codes = as_labels(pandas.Series([3, None, 1]), 3)
    assert (classes.tolist(), codes.tolist()) == ([1, 3], [1, -1, 0])
    classes, _ = as_labels([True, False], 2)
    assert classes.tolist() == [False, True]


def test_a_column_is_taken_for_one_value_each():
    for y in ([["a"], [""], ["b"], ["a"]], np.array([["a"], [""], ["b"], ["a"]])):
        with pytest.warns(UserWarning, match="y"):
            classes, codes = as_labels(y, 4)
        assert (classes.tolist(), codes.tolist()) == (["a", "b"], [0, -1, 1, 0])


def test_groups():
    assert as_groups([5, 2, 5], 3).tolist() == [5, 2, 5]
    assert as_groups(np.array([[1]] * 0).reshape(0), 0).tolist() == []
    for groups, line in {
        (1, 2): "groups has 2 values for 3 clips",
        (1, None, 2): r"groups\[1\] is None",
        ("ann", "", "bob"): r"groups\[1\] is ''",
    }.items():
        with pytest.raises(InputError, match=line):
            as_groups(list(groups), 3)


FITS = {
    "one class": ({}, ["a"] * 6, "y: there is one class, 'a'"),
    "no y": ({}, None, "requires y to be passed"),
    "no label": ({}, [-1] * 6, "y: there is no class"),
    "no layout": ({"layout": None}, [0, 1] * 3, "layout: None .* kinect_v1"),
    "a layout that is not there": ({"layout": "kinect"}, [0, 1] * 3, "kinect"),
    "a recipe that is not there": ({"recipe": "finetune/none"}, [0, 1] * 3, "finetune/none: no such recipe"),
    "a setting that is not there": (
        {"settings": {"training.step": 1}},
        [0, 1] * 3,
        "settings: .*training.step",
    ),
    "a setting of ours": ({"settings": {"data.store": "x"}}, [0, 1] * 3, "settings: data.store"),
    "a folder": ({"settings": {"run.folder": "x"}}, [0, 1] * 3, "settings: run"),
    "too many labels": (
        {"labels_per_class": 9, "settings": {"data.validation": 0}},
        [0, 1] * 3,
        "labels_per_class: .* 9",
    ),
    "no labels": ({"labels_per_class": 0}, [0, 1] * 3, "^labels_per_class: "),
    "fewer rounds than none": ({"self_training": -1}, [0, 1] * 3, "^self_training: "),
    "a setting that is also an argument": (
        {"settings": {"self_training.rounds": -1}},
        [0, 1] * 3,
        r"^self_training\.rounds: ",
    ),
    "no model": ({"pretrained": "nowhere"}, [0, 1] * 3, "pretrained: nowhere: no such folder"),
    "a number for a model": ({"pretrained": 3}, [0, 1] * 3, "pretrained: 3"),
    "a seed": ({"random_state": "x"}, [0, 1] * 3, "random_state: 'x'"),
}


@pytest.mark.parametrize(("parameters", "y", "line"), FITS.values(), ids=FITS)
def test_fits(parameters, y, line):
    model = SkeletonClassifier(**{"layout": "kinect_v1"} | parameters)
    with pytest.raises(InputError, match=line):
        model.fit([clip(frames) for frames in range(20, 26)], y)
    assert not hasattr(model, "model_")


def test_an_encoder_is_no_classifier(trained):
    with pytest.raises(InputError, match="encoder is an encoder"):
        SkeletonClassifier.from_pretrained(trained["encoder"])
    model = SkeletonClassifier.from_pretrained(trained["joint"])
    with pytest.raises(InputError, match=r"clips\[0\] has 25 joints"):
        model.predict([clip(joints=25)])
    with pytest.raises(InputError, match="y: no clip has a label"):
        model.score([clip()], [-1])


def test_one_group_alone_is_told_without_a_folder_that_is_gone():
    clips = [np.random.default_rng(clip).normal(0, 0.4, (20, 20, 3)) for clip in range(4)]
    with pytest.raises(InputError, match=r"groups: .* 1 training subject") as error:
        SkeletonClassifier("kinect_v1").fit(clips, ["a", "b"] * 2, groups=["x"] * 4)
    assert "/" not in str(error.value)
