"""Who is in view, what is unknown, and what happens when: streams, recordings and the command."""

import csv
import json
import weakref
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trained_model import MODEL

from skeleton_data import in_view, those_in_view
from skeleton_runtime import Answer, Recogniser, find_events
from skeleton_runtime.cli.main import main
from skeleton_runtime.smoothing import Smoothing


@pytest.fixture
def somebody(clips):
    """(60, 25, 3), one person."""
    return next(clip[:60, 0] for clip in clips if len(clip) >= 60)


def last_answer(stream, frames):
    return [answer for frame in frames if (answer := stream.push(frame))][-1]


ONE_POINT = np.full((25, 3), 1.5)
NOBODY = {
    "absent": [],
    "zeros": np.zeros((1, 25, 3)),
    "one point": ONE_POINT,
    "a point in the second slot": np.stack([np.zeros((25, 3)), ONE_POINT]),
    "a point, and nothing": np.stack([ONE_POINT, np.full((25, 3), np.nan)]),
}


@pytest.mark.parametrize("frame", NOBODY.values(), ids=NOBODY)
def test_nobody_in_view_is_nobody(recogniser, somebody, frame):
    stream = recogniser.stream(window="4", stride="4")
    assert last_answer(stream, somebody[:4]).label not in (None, "nobody")
    answer = last_answer(stream, [frame] * 4)
    assert (answer.label, answer.bodies, answer.best(3)) == (None, 0, {})
    assert last_answer(stream, somebody[:4]).bodies == 1
    if len(frame):
        bodies = np.zeros((8, 2, 25, 3))
        bodies[:4, 0], bodies[4:, : len(frame) if np.ndim(frame) == 3 else 1] = somebody[:4], frame
        first, second = recogniser.predict(bodies, window="4", stride="4", insist=True, missing="hold")
        assert (first.bodies, second.label, second.bodies) == (1, None, 0)


def test_a_window_in_which_somebody_is_seen_in_a_quarter_of_the_frames_is_not_one_of_nobody(
    recogniser, somebody
):
    for seen, known in ((5, False), (7, False), (8, True)):
        frames = np.zeros((30, 25, 3), np.float32)
        frames[3 : 3 + seen] = somebody[:seen]
        (recorded,) = recogniser.predict(frames, window="30", insist=True, missing="hold")
        live = last_answer(recogniser.stream(window="30", insist=True), frames)
        assert [(each.label is not None, each.bodies) for each in (recorded, live)] == [(known, 1)] * 2
        (whole,) = recogniser.predict(frames, insist=True, missing="hold")
        assert whole.label is not None  # a recording may be padded


def test_a_mean_over_windows_needs_windows(recogniser, somebody):
    with pytest.raises(ValueError, match=r"^smooth: 3"):
        recogniser.predict(somebody, smooth=3)


def test_a_body_in_the_second_slot_alone_is_recognised_like_one_in_the_first(recogniser, somebody):
    for empty in (np.zeros((25, 3)), ONE_POINT):
        both = np.stack([np.broadcast_to(empty, somebody.shape), somebody], axis=1)
        live, first = (
            last_answer(recogniser.stream(window="60"), frames).best(3) for frames in (both, somebody)
        )
        assert live == pytest.approx(first, abs=1e-5)
        recorded = recogniser.predict(both)[0]
        assert recorded.best(3) == pytest.approx(recogniser.predict(somebody)[0].best(3), abs=1e-5)
        assert recorded.bodies == 1


@given(seed=st.integers(0, 2**31))
def test_who_is_in_view_is_that_of_a_loop(seed):
    rng = np.random.default_rng(seed)
    clip = rng.integers(0, 2, (3, 2, 3, 3)) * rng.choice([0.0, 1.0, np.nan], (3, 2, 1, 1))
    for there, body in zip(in_view(clip).flat, clip.reshape(-1, 3, 3), strict=True):
        points = [tuple(point) for point in np.nan_to_num(body) if point.any()]
        assert there == (len(points) == 1 or len(set(points)) > 1)
    shown = those_in_view(clip)
    assert (shown is None) == (not in_view(clip).any())
    assert shown is None or shown.shape[1] == in_view(clip).any(axis=0).sum()


def test_in_a_picture_it_does_not_matter_how_sure_the_detector_is():
    body = np.full((25, 3), 0.5)
    body[:, 2] = np.linspace(0, 1, 25)
    assert in_view(body) and not in_view(body, picture=True)


def test_below_the_threshold_the_answer_is_unknown(recogniser, somebody):
    best = max(recogniser.predict(somebody)[0].best(1).values())
    for threshold, known in ((best - 1e-4, True), (min(1.0, best + 1e-4), False)):
        recorded = recogniser.predict(somebody, threshold=threshold)[0]
        live = last_answer(recogniser.stream(window="60", threshold=threshold), somebody)
        assert (recorded.label != "unknown") == (live.label != "unknown") == known
        assert recorded.best(3) == recogniser.predict(somebody)[0].best(3)


def answer(label, first, last, clip="a", fps=10.0):
    names = ("wave", "clap")
    row = None if label is None else np.array([0.75, 0.25] if label == "wave" else [0.25, 0.75], np.float32)
    return Answer(clip, clip, first, last, fps, 1, names, row)


def test_smoothing_is_the_mean_over_the_last_windows_of_one_recording():
    smooth, shares = Smoothing(2), []
    for label, clip in (
        ("wave", "a"),
        ("clap", "a"),
        ("clap", "a"),
        ("wave", "b"),
        (None, "b"),
        ("clap", "b"),
    ):
        shares.append(smooth(answer(label, 0, 9, clip)).best(2).get("wave"))
    assert shares == [0.75, 0.5, 0.25, 0.75, None, 0.25]


def test_a_stream_is_smoothed_like_a_recording(recogniser, somebody):
    stream = recogniser.stream(window="20", stride="10", smooth=3)
    live = [found for frame in somebody if (found := stream.push(frame))]
    plain = [each.probabilities for each in recogniser.predict(somebody, window="20", stride="10")]
    recorded = recogniser.predict(somebody, window="20", stride="10", smooth=3)
    for number, (one, other) in enumerate(zip(live, recorded, strict=True)):
        expected = np.mean(plain[max(0, number - 2) : number + 1], axis=0)
        assert np.allclose(one.probabilities, expected, atol=1e-4)
        assert np.allclose(other.probabilities, expected, atol=1e-4)


def test_events_lie_end_to_end_over_each_recording():
    answered = [
        answer({"w": "wave", "c": "clap", "-": None}[label], at, at + 9)
        for at, label in zip(range(0, 30, 5), "wwcc-w", strict=True)
    ]
    found = list(find_events([*answered, answer("wave", 0, 9, "b", None)]))
    assert [(event.clip, event.label, event.first_frame, event.last_frame) for event in found] == [
        ("a", "wave", 0, 11), ("a", "clap", 12, 21), ("a", "nobody", 22, 26), ("a", "wave", 27, 34),
        ("b", "wave", 0, 9),
    ]  # fmt: skip
    assert found[1].seconds == (1.2, 2.2) and found[4].seconds is None
    assert [event.probability for event in found] == [0.75, 0.75, None, 0.75, 0.75]
    assert list(find_events([])) == []


def test_answers_of_an_event_that_does_not_end_are_not_kept():
    """A stream may show nobody for days."""
    made: list[weakref.ref] = []
    alive = []

    def answers():
        for number in range(10):
            alive.append(sum(each() is not None for each in made))
            answer = Answer("", "", number, number + 9, 30.0, 0, ("wave",), None)
            made.append(weakref.ref(answer))
            yield answer

    (event,) = find_events(answers())
    assert (event.label, event.first_frame, event.last_frame) == ("nobody", 0, 18)
    assert max(alive) <= 2


@pytest.fixture
def long(somebody, recogniser, tmp_path):
    """A file: somebody, nobody, somebody again; 30 frames a second."""
    joints = np.concatenate([somebody, np.zeros_like(somebody), somebody])
    names = list(recogniser.preprocessing.layout.joints)
    np.savez(tmp_path / "long.npz", positions_m=joints, offsets=[0, len(joints)], joint_names=names, fps=30.0)
    return tmp_path / "long.npz"


def test_a_long_recording_becomes_a_table_of_segments(long, capsys):
    given = [str(MODEL), str(long), "--window", "0.5s", "--stride", "0.25s", "--events", "--smooth", "2"]
    main([*given, "--format", "csv"])
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert int(rows[0]["first_frame"]) == 0 and int(rows[-1]["last_frame"]) == 179
    assert [row["event"] for row in rows].count("nobody") == 1
    for before, after in pairwise(rows):
        assert int(after["first_frame"]) == int(before["last_frame"]) + 1
        assert before["end"] == after["start"] and before["event"] != after["event"]
    (empty,) = [row for row in rows if row["event"] == "nobody"]
    assert empty["probability"] == ""
    assert float(empty["start"]) == pytest.approx(2, abs=0.5) and float(empty["end"]) == pytest.approx(
        4, abs=0.5
    )
    main([*given, "--format", "json"])
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["event"], each["first_frame"]) for each in printed] == [
        (row["event"], int(row["first_frame"])) for row in rows
    ]
    main(given)
    assert len(capsys.readouterr().out.splitlines()) == len(rows)


@pytest.mark.parametrize("option", [("--threshold", "2"), ("--threshold", "x"), ("--smooth", "0")])
def test_options_that_cannot_be(option, long, capsys):
    with pytest.raises(SystemExit) as end:
        main([str(MODEL), str(long), *option])
    assert end.value.code == 2 and option[0] in capsys.readouterr().err


def test_windows_of_a_stream_may_not_leave_frames_out(recogniser: Recogniser):
    assert recogniser.stream(fps=20).options.stride == 10
    assert recogniser.stream(fps=20, window="0.5s").options.stride == 5
    with pytest.raises(ValueError, match="stride"):
        recogniser.stream(window="1s", stride="2s")
