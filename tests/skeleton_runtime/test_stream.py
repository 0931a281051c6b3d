"""Frames one by one: windows, missing joints, people who come and go."""

import io

import numpy as np
import pytest
from trained_model import assert_alike

from skeleton_data import DataError, Preprocessing
from skeleton_runtime import LiveStream, Recogniser, answer_lines


class Watching:
    """A network that keeps the clips that it is shown."""

    def __init__(self, classes):
        self.seen, self.classes = [], classes

    def scores(self, joints):
        self.seen.append(joints)
        return np.zeros((len(joints), self.classes), np.float32)

    features = scores


@pytest.fixture
def watched(recogniser):
    """A stream of two places, and what is shown to its network: (T, M, V, 3), a frame for a frame."""
    preprocessing = recogniser.preprocessing
    sampling = preprocessing.sampling.model_copy(
        update={"frames": 1, "test_crop": 1.0, "origin": "none", "face_forward": False}
    )
    fields = preprocessing.model_dump() | {"sampling": sampling.model_dump(), "bodies": 2, "cleaning": None}
    network = Watching(3)
    stream = Recogniser(Preprocessing.model_validate(fields), network).stream(window="1", stride="1")
    network.seen.clear()
    return stream, network


def person(at, size=0.5):
    """Joints (25, 3) about a place."""
    return (np.random.default_rng(1).normal(0, size, (25, 3)) * 0.2 + [at, 1, 2]).astype(np.float32)


def test_a_stream_answers_as_a_recording(recogniser, clips):
    clip = clips[3]
    stream = recogniser.stream(fps=30, window="1s", stride="0.5s")
    answers = [answer for frame in clip if (answer := stream.push(frame))]
    expected = recogniser.predict(clip, window="30", stride="15")[: len(answers)]
    assert [answer.first_frame for answer in answers] == [answer.first_frame for answer in expected]
    assert_alike(answers, expected)


def test_what_is_left_to_the_stream_is_as_said_by_default(recogniser, clips):
    said = recogniser.stream(window="12", stride="12", units="auto", up="auto")
    answers = [said.push(frame) for frame in clips[0][:12]]
    assert_alike(answers[-1:], recogniser.predict(clips[0][:12]))


def test_a_joint_that_is_never_measured_is_where_it_is_in_a_recording(recogniser, clips):
    clip = clips[0].copy()
    clip[:, :, recogniser.preprocessing.layout.joints.index("left_hand")] = np.nan
    stream = recogniser.stream(fps=30, window=str(len(clip)))
    answers = [stream.push(frame) for frame in clip]
    assert_alike(answers[-1:], recogniser.predict(clip))


def test_a_short_stream_has_one_answer(recogniser, clips):
    stream = recogniser.stream(fps=30)
    assert [stream.push(frame) for frame in clips[0][:12]] == [None] * 12
    assert_alike([stream.finish()], recogniser.predict(clips[0][:12]))
    assert recogniser.stream().finish() is None


@pytest.mark.parametrize("nobody", [[], None, np.zeros((1, 25, 3)), np.full((25, 3), np.nan)])
def test_nobody_in_view_has_no_class(recogniser, nobody):
    stream = recogniser.stream(window="3", stride="1")
    assert stream.push(nobody) is stream.push(nobody) is None
    answer = stream.push(nobody)
    assert (answer.label, answer.bodies) == (None, 0)


def test_people_keep_their_places_when_others_come_and_go(watched):
    stream, network = watched
    left, right = person(-2), person(2)
    for frame in ([left], [right + 0.1, left + 0.1], [right + 0.2], [], [left], [left, right]):
        stream.push(np.array(frame) if len(frame) else [])
    shown = [joints[0, :, 0].mean(axis=1).T for joints in network.seen]  # (M, C), where each place is
    assert [[place.any() for place in places] for places in shown] == [
        [True, False],
        [True, True],
        [True, False],
        [True, False],
        [True, True],
    ]
    for places in (shown[0], shown[1]):
        assert places[0, 0] < 0  # who was first stays in the first place, though named second
    assert shown[1][1, 0] > 0 and shown[2][0, 0] > 0  # alone, he is shown in the first place


def test_who_finds_no_place_is_counted_and_left_out(watched):
    stream, network = watched
    answer = stream.push(np.stack([person(-2), person(0), person(2)]))
    assert answer.bodies == 3
    assert network.seen[-1].shape[-1] == 2


def test_a_joint_of_one_who_left_is_not_another_s(watched):
    stream, network = watched
    stream.push(person(-2))
    stream.push([])
    other = person(5)
    other[3] = np.nan
    stream.push(other)
    assert network.seen[-1][0, 0, 0, 3, 0] == pytest.approx(other[2, 0], abs=1e-5)  # the head is at the neck


@pytest.mark.parametrize(
    "frame", [[[1, 2]], "a", [[["a"] * 3] * 25], np.ones((65, 25, 3)), [[np.inf] * 3] * 25]
)
def test_a_bad_frame_is_refused_and_the_next_one_taken(recogniser, clips, frame):
    stream: LiveStream = recogniser.stream(window="2", stride="1")
    stream.push(clips[0][0])
    with pytest.raises(DataError, match="a frame"):
        stream.push(frame)
    assert_alike([stream.push(clips[0][1])], recogniser.predict(clips[0][:2]))


class EndlessLine(io.TextIOBase):
    """A frame, and then a line without an end."""

    def __init__(self, first):
        self.first, self.given = f"{first}\n", 0

    def readline(self, size=-1):
        if self.first:
            line, self.first = self.first, ""
            return line
        assert size > 0, "all of it is asked for"
        self.given += size
        return "[" + " " * (size - 1)


def test_a_line_without_an_end_is_refused_and_not_read_to_it(recogniser, clips):
    lines = EndlessLine(clips[0][0].tolist())
    with pytest.raises(DataError, match="line 2") as error:
        list(answer_lines(recogniser.stream(), lines))
    assert error.value.line == 2
    assert 0 < lines.given < 2**21


def test_a_line_of_a_list_is_bounded_too(recogniser):
    with pytest.raises(DataError, match="line 2"):
        list(answer_lines(recogniser.stream(), ["[]", "[" + " " * 2**20 + "]"]))
