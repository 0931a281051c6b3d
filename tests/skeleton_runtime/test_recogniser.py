"""Answers for arrays, lists, files and stores; features; what an answer rests on."""

from itertools import pairwise

import numpy as np
import pytest
from trained_model import MODEL, assert_alike

from skeleton_data import (
    DataError,
    ImportConfig,
    LongClip,
    Preprocessing,
    SkeletonStore,
    StoreWriter,
    import_clips,
    layout,
)
from skeleton_runtime import Recogniser, read_recordings
from skeleton_runtime.given_clips import recordings_of

NTU = layout("ntu")
CENTRE = NTU.joints.index("spine_mid")


def write_own(path, clips, names, **facts):
    """Write clips of one body as own data."""
    rows = [clip[:, 0] for clip in clips]
    np.savez(
        path,
        positions_m=np.concatenate(rows),
        offsets=np.cumsum([0, *map(len, rows)]),
        joint_names=list(names),
        **facts,
    )
    return path


def test_people_who_were_not_seen_are_recognised(recogniser, raw):
    answers = recogniser.predict(raw)
    actions = [int(answer.clip[-3:]) - 1 for answer in answers]
    right = [answer.label == answer.names[action] for answer, action in zip(answers, actions, strict=True)]
    assert sum(right) >= 7, answers  # of 9; 3 by chance


def test_one_answer_whatever_the_form(recogniser, raw, clips, tmp_path):
    expected = recogniser.predict(raw)
    assert_alike(recogniser.predict(clips), expected)
    assert_alike(recogniser.predict(clips[4]), expected[4:5])
    assert_alike(recogniser.predict(clips[4][:, 0]), expected[4:5])

    order = np.random.default_rng(0).permutation(25)
    names = [NTU.joints[joint].replace("_", " ").title() for joint in order]
    moved = [clip[..., order, :] + np.float32(2) for clip in clips]
    own = write_own(tmp_path / "own.npz", moved, names, fps=30.0)
    assert_alike(recogniser.predict(own), expected)
    assert_alike(recogniser.predict([own, str(raw)]), [*expected, *expected])

    np.save(tmp_path / "bare.npy", clips[4])
    assert_alike(recogniser.predict(tmp_path / "bare.npy", units="m"), expected[4:5])

    import_clips(own, tmp_path / "store", ImportConfig())
    store = SkeletonStore.open(tmp_path / "store")
    assert_alike(recogniser.predict(store), expected)
    assert_alike(recogniser.predict(str(tmp_path / "store")), expected)


def test_clips_are_taken_one_by_one_from_anything_that_has_several(recogniser, raw, clips, tmp_path):
    expected = recogniser.predict(clips[:3])
    assert_alike(recogniser.predict(clip for clip in clips[:3]), expected)
    assert_alike(recogniser.predict(tuple(sorted(raw.glob("*.skeleton"))[:3])), expected)
    files = sorted(raw.glob("*.skeleton"))
    mixed = recogniser.predict(iter([files[0], clips[1], str(files[2])]))
    assert_alike(mixed, expected)
    assert [answer.clip for answer in mixed] == [files[0].stem, "clip 1", files[2].stem]
    read = []
    lazy = recordings_of((read.append(c) or c for c in clips), recogniser.preprocessing, ImportConfig())
    next(lazy)
    assert len(read) == 1
    with pytest.raises(DataError, match="clip 1"):
        recogniser.predict(iter([clips[0], [["a"]]]))
    for none in (None, 7, {"a": clips[0]}):
        with pytest.raises(DataError, match=f"clips .*{type(none).__name__}"):
            recogniser.predict(none)


def test_units_axes_and_rate_are_brought_to_those_of_the_training(recogniser, clips, tmp_path):
    expected = recogniser.predict(clips)
    lying = [(clip[..., [0, 2, 1]] * [1000, -1000, 1000]).astype(np.float32) for clip in clips]
    assert_alike(recogniser.predict(lying, units="mm", up="z"), expected)
    own = write_own(tmp_path / "fast.npz", [clip.repeat(2, axis=0) for clip in clips], NTU.joints, fps=60.0)
    answers = recogniser.predict(own, window="20s")
    assert [answer.label for answer in answers] == [answer.label for answer in expected]
    assert answers[0].last_frame == 2 * len(clips[0]) - 1
    assert answers[0].seconds == pytest.approx((0, len(clips[0]) / 30))


def test_windows_in_seconds_are_windows_in_frames(recogniser, clips):
    answers = recogniser.predict(clips[0], window="1s", stride="0.5s")
    assert_alike(answers, recogniser.predict(clips[0], window="30", stride="15"))
    assert {answer.last_frame - answer.first_frame for answer in answers} == {29}
    assert answers[-1].last_frame == len(clips[0]) - 1
    assert_alike(answers[1:2], recogniser.predict(clips[0][15:45]))


def test_a_window_of_nobody_has_no_class(recogniser, clips):
    clip = np.concatenate([clips[0][:40], np.zeros_like(clips[0][:40])])
    first, second = recogniser.predict(clip, window="40", stride="40")
    assert (first.bodies, second.bodies) == (1, 0)
    assert second.label is None and second.best(3) == {} and second.probabilities is None
    assert_alike([first], recogniser.predict(clips[0][:40]))


@pytest.mark.parametrize("value", [0, 1.5, np.nan])
def test_a_recording_of_nobody_has_no_class(recogniser, tmp_path, value):
    joints = np.full((20, 25, 3), value, np.float32)
    file = tmp_path / "nobody.npz"
    np.savez(file, positions_m=joints, offsets=[0, 20], joint_names=NTU.joints, fps=30.0)
    np.save(tmp_path / "nobody.npy", joints)
    for given in (joints, joints[:, None], file, str(tmp_path / "nobody.npy")):
        (answer,) = recogniser.predict(given, **({"units": "m"} if isinstance(given, str) else {}))
        assert (answer.label, answer.bodies) == (None, 0)
    with pytest.raises(DataError, match="clip 0"):
        recogniser.embed(joints)
    with pytest.raises(DataError, match="clip 0"):
        recogniser.explain(joints)


def test_files_of_nobody_have_no_class(recogniser, nobody):
    for file in sorted(nobody.iterdir()):
        (answer,) = recogniser.predict(file)
        assert (answer.label, answer.bodies, answer.first_frame, answer.last_frame) == (None, 0, 0, 19), file
    (nobody / "no-frame.skeleton").write_text("0\n")
    with pytest.raises(DataError, match="0 frames"):
        recogniser.predict(nobody / "no-frame.skeleton")


def test_gaps_are_filled_as_by_import(recogniser, clips):
    gap = clips[0].copy()
    gap[10:13, :, 7] = np.nan
    filled = clips[0].copy()
    steps = np.linspace(0, 1, 5)[1:-1, None, None]
    filled[10:13, :, 7] = clips[0][9, :, 7] + steps * (clips[0][13, :, 7] - clips[0][9, :, 7])
    assert_alike(recogniser.predict(gap), recogniser.predict(filled))


def test_what_is_masked_was_not_measured(recogniser, clips):
    gap = clips[0].copy()
    gap[10:13, :, 7] = np.nan
    wrong = np.nan_to_num(gap, nan=9.0)
    masked = np.ma.masked_array(wrong, mask=np.isnan(gap))
    assert_alike(recogniser.predict(masked), recogniser.predict(gap))
    assert_alike(recogniser.predict([masked]), recogniser.predict(gap))


def test_features_tell_what_is_alike(recogniser, clips):
    features = recogniser.embed(clips)
    assert features.shape == (9, 8 * (25 if features.shape[1] > 8 else 1))
    np.testing.assert_allclose(recogniser.embed(clips[2]), features[2:3], atol=1e-5)
    assert not np.allclose(features[0], features[1], atol=1e-2)


def test_what_does_not_move_is_not_what_an_answer_rests_on(recogniser, clips):
    still = clips[0].repeat(2, axis=0)
    still[:, :, 20:] = still[:1, :, 20:]  # the hands' tips do not move
    explanation = recogniser.explain(still)
    best = recogniser.predict(still)[0]
    assert (explanation.label, explanation.probability) == (
        best.label,
        pytest.approx(best.best(1)[best.label], abs=1e-4),
    )
    assert tuple(explanation.joints) == NTU.joints
    assert all(abs(explanation.joints[NTU.joints[joint]]) < 1e-5 for joint in range(20, 25))
    assert max(map(abs, explanation.joints.values())) > 1e-3
    spans = list(explanation.frames)
    assert spans[0][0] == 0 and spans[-1][1] == len(still) - 1
    assert all(first == last + 1 for (_, last), (first, _) in pairwise(spans))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (np.zeros((20, 20, 3)), r"clip 0 .*\(T, 25, 3\)"),
        (np.ones((20, 65, 25, 3)), "clip 0 has 65 people"),
        (np.full((20, 25, 3), np.inf), "clip 0 has a coordinate that is infinite"),
        ([np.ones((20, 25, 3)), [["a"]]], "clip 1 must be an array of numbers"),
        (np.zeros((0, 25, 3)), r"clip 0 .*\(T, 25, 3\)"),
        (np.ones((20, 25, 3), complex), "clip 0 must be an array of real numbers"),
        (np.ones((20, 25, 3), bool), "clip 0 must be an array of real numbers"),
        ("nowhere.npz", "nowhere.npz: no such file"),
        ("a" * 5000, "a{300}: "),
        ("", "path of a clip is empty"),
        ([np.ones((20, 25, 3)), ""], "path of a clip is empty"),
    ],
)
def test_bad_clips_are_named(recogniser, given, complaint):
    with pytest.raises(DataError, match=complaint):
        recogniser.predict(given, insist=True)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("units", "feet"),
        ("units", "px"),
        ("up", "q"),
        ("fps", 0),
        ("fps", -1),
        ("fps", np.inf),
        ("smooth", 1.5),
        ("smooth", "two"),
        ("threshold", "high"),
        ("window", 2.5),
        ("stride", "x"),
    ],
)
def test_an_option_without_such_a_value_is_named(recogniser, clips, option, value):
    with pytest.raises(DataError, match=option):
        recogniser.predict(clips[0], **{"window": "1s"} | {option: value})
    with pytest.raises(DataError, match=option):
        recogniser.stream(**{option: value})


def test_a_raw_recording_takes_the_options_that_apply_to_it_and_refuses_others(recogniser, raw):
    file = sorted(raw.glob("*.skeleton"))[0]
    (expected,) = recogniser.predict(file, window="30s")
    assert_alike(recogniser.predict(file, units="m", source_layout="ntu", insist=True), [expected])
    (slow,) = recogniser.predict(file, window="30s", fps=10)
    assert slow.seconds == pytest.approx((0, 3 * expected.seconds[1]))
    others = {"units": "mm", "source_layout": "kinect_v1", "picture": (640, 480), "resample": 15.0}
    for option, value in (others | {"min_confidence": 0.5, "part": "train", "labels": "x.csv"}).items():
        with pytest.raises(DataError, match=rf"{file.name}: .*option {option}") as refused:
            recogniser.predict(file, **{option: value})
        assert refused.value.__class__ is DataError


def test_an_array_refuses_options_that_it_would_ignore(recogniser, clips):
    for option, value in {"picture": (640, 480), "part": "x", "min_confidence": 0.5, "joints": "x"}.items():
        with pytest.raises(DataError, match=option):
            recogniser.predict(clips[0], **{option: value})


def test_a_least_confidence_needs_some(recogniser, clips, tmp_path, monkeypatch):
    own = write_own(tmp_path / "own.npz", [np.concatenate(clips)], NTU.joints, fps=30.0)
    with pytest.raises(DataError, match=r"own\.npz: .*min_confidence"):
        recogniser.predict(own, min_confidence=0.5, insist=True)
    monkeypatch.setattr("skeleton_data.importing.long_clip.PART", 16)
    with pytest.raises(DataError, match=r"own\.npz: .*min_confidence"):
        recogniser.predict(own, min_confidence=0.5, insist=True, window="1s")


def test_pixels_of_an_array_are_those_of_a_stream(recogniser, clips):
    fields = recogniser.preprocessing.model_dump() | {"units": "picture", "cleaning": None}
    flat = Recogniser(Preprocessing.model_validate(fields), recogniser.network)
    pixels = clips[0][:, 0] * [100, -100, 0] + [320, 240, 0.9]
    stream = flat.stream(fps=30, window=len(pixels), picture=(640, 480))
    (live,) = filter(None, map(stream.push, pixels))
    assert_alike(flat.predict(pixels, fps=30, picture=(640, 480), units="px"), [live])
    parts = np.concatenate([(pixels[..., :2] - [320, 240]) / [640, -640], pixels[..., 2:]], axis=-1)
    assert_alike(flat.predict(parts, fps=30), [live])
    for how in ({}, {"units": "px"}, {"units": "mm"}, {"up": "z"}):
        with pytest.raises(DataError, match=next(iter(how), "picture") + "|picture"):
            flat.predict(pixels, **how)
    for option, value in {"units": "cm", "up": "z"}.items():
        with pytest.raises(DataError, match=option):
            flat.stream(picture=(640, 480), **{option: value})


def test_calls_that_cannot_be_answered_are_refused(recogniser, clips):
    with pytest.raises(DataError, match="unitz"):
        recogniser.embed(clips[0], unitz="m")
    for call in (recogniser.predict, recogniser.embed):
        with pytest.raises(DataError, match="batch_size"):
            call(clips[0], batch_size=0)
    for option, value in {"layout": "coco17", "format": "bvh", "batch_size": 2.5, "max_gap": "1s"}.items():
        with pytest.raises(DataError, match=option):
            recogniser.predict(clips[0], **{"missing": "refuse", option: value})
    with pytest.raises(DataError, match="count"):
        recogniser.predict(clips[0])[0].best(-1)
    for several in (clips, []):
        with pytest.raises(DataError, match="one clip"):
            recogniser.explain(several)
    for threads in (0, "two", 10**6):
        with pytest.raises(DataError, match="threads"):
            Recogniser.load(MODEL, threads=threads)


def test_a_joint_that_is_missing_is_named_where_gaps_are_refused(recogniser, clips):
    clip = clips[0].copy()
    clip[3, :, 6] = np.nan
    with pytest.raises(DataError, match="left_wrist"):
        recogniser.predict(clip, missing="refuse")


def test_another_layout_is_named(recogniser, tmp_path):
    with StoreWriter(tmp_path / "store", layout=layout("kinect_v1"), fps=30) as writer:
        writer.add(np.ones((4, 1, 20, 3)), name="x")
    with pytest.raises(DataError, match=r"layout kinect_v1 \(20 joints\), but the model was made for ntu"):
        recogniser.predict(tmp_path / "store")


def test_a_network_is_never_shown_what_is_not_finite(recogniser):
    joints = np.zeros((3, 3, 20, 25, recogniser.preprocessing.bodies), np.float32)
    joints[1, 0, 3, 4, 0] = np.nan
    with pytest.raises(DataError, match="clip 1 has a joint that is NaN"):
        recogniser.network.scores(joints)


def test_coordinates_that_no_number_can_hold_are_refused(recogniser):
    joints = np.random.default_rng(0).normal(size=(2, 3, 20, 25, recogniser.preprocessing.bodies))
    joints[1] *= 1e37
    with pytest.raises(DataError, match="clip 1 is too large"):
        recogniser.network.scores(joints.astype(np.float32))


def test_the_graph_itself_turns_nan_into_nan(recogniser):
    """For programs that do not check: the first class would be the answer else."""
    joints = np.zeros((2, 3, 20, 25, recogniser.preprocessing.bodies), np.float32)
    joints[1, :, :, :, 0] = np.nan
    first, second = recogniser.network._session.run(["scores"], {"clips": joints})[0]
    assert np.isfinite(first).all() and np.isnan(second).all()


def test_threads_and_the_file_alone_answer_alike(recogniser, clips):
    other = Recogniser.load(MODEL / "model.onnx", threads=2)
    assert other.preprocessing == recogniser.preprocessing
    assert_alike(other.predict(clips), recogniser.predict(clips))


def test_a_long_recording_is_answered_part_by_part_as_as_a_whole(recogniser, clips, tmp_path, monkeypatch):
    joints = np.concatenate([clip[:30] for clip in clips[:6]]) + np.float32([0, 0, 3])
    path = write_own(tmp_path / "long.npz", [joints], NTU.joints, fps=30.0)
    whole = recogniser.predict(path, window="20", stride="10")
    monkeypatch.setattr("skeleton_data.importing.long_clip.PART", 16)
    (long,) = read_recordings([path], recogniser.preprocessing, ImportConfig(), refused=[])
    assert isinstance(long.joints, LongClip)
    parts = recogniser.predict(path, window="20", stride="10")
    assert [answer.as_dict(3) for answer in parts] == [answer.as_dict(3) for answer in whole]


def test_what_may_have_been_read_wrongly_is_told(recogniser, clips, tmp_path):
    """People who lie, and who are mirrored, get answers; upright ones get no warning."""
    names = list(recogniser.preprocessing.layout.joints)
    np.savez(
        tmp_path / "lying.npz",
        positions_m=clips[0][:, 0][..., [0, 2, 1]] * np.float32([1, -1, 1]),
        offsets=[0, len(clips[0])],
        joint_names=names,
        fps=30.0,
    )
    with pytest.warns(UserWarning, match=r"lying\.npz.*option up=z"):
        assert len(recogniser.predict(tmp_path / "lying.npz")) == 1
    late = np.concatenate([np.zeros_like(clips[0][:, 0])[:20].repeat(2, axis=0), clips[0][:, 0]])
    np.savez(tmp_path / "late.npz", positions_m=late, offsets=[0, len(late)], joint_names=names, fps=30.0)
    with pytest.warns(UserWarning, match="nobody is there for up to 1.33 s"):
        assert len(recogniser.predict(tmp_path / "late.npz")) == 1
    with pytest.warns(UserWarning, match="mirrored"):
        assert len(recogniser.predict(clips[0][:, :1] * np.float32([-1, 1, 1]))) == 1
    assert len(recogniser.predict(tmp_path / "lying.npz", up="z")) == 1
