"""The page's own scripts answer as Python does, run by Node: nobody, "unknown", and means over windows."""

import json
import os

import numpy as np
import pytest
from page_scripts import NODE, prepared
from trained_model import MODEL

from skeleton_data import DataError, FileOptions, in_view
from skeleton_runtime import Recogniser

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")
WINDOWS = {"window": "15", "stride": "10"}
BAD = (
    {"smooth": "3"},
    {"threshold": "2"},
    {"threshold": "x"},
    {"smooth": "0"},
    {"smooth": "1.5"},
    {"smooth": "10001"},
)


@pytest.fixture(scope="module")
def written(coming_and_going, tmp_path_factory):
    path = tmp_path_factory.mktemp("json") / "coming_and_going.json"
    path.write_text(json.dumps({"clips": [coming_and_going.tolist()]}))
    return path


def test_nobody_is_in_the_same_windows(recogniser, coming_and_going, written):
    with pytest.warns(UserWarning, match="come only after others"):
        answers = recogniser.predict(coming_and_going, **WINDOWS, fps=30)
    (in_browser,) = prepared([(written, recogniser.preprocessing, WINDOWS | {"fps": 30})])
    assert {answer.bodies for answer in answers} == {0, 1}
    assert [
        (each["start"], each["end"] - 1, each["bodies"], each["tensor"] is None) for each in in_browser
    ] == [(answer.first_frame, answer.last_frame, answer.bodies, answer.label is None) for answer in answers]
    assert in_view(coming_and_going[[0, 50, 75, 120]]).tolist() == [
        *([True, False], [False, False], [False, True], [False, False])
    ]


@pytest.mark.parametrize("value", [0.0, 1.5])
def test_a_recording_of_nobody_has_no_class(recogniser, tmp_path, value):
    (tmp_path / "nobody.json").write_text(json.dumps({"clips": [np.full((9, 25, 3), value).tolist()]}))
    ((told,),) = prepared([(tmp_path / "nobody.json", recogniser.preprocessing, {"fps": 30})])
    assert (told["bodies"], told["tensor"]) == (0, None)


def test_raw_recordings_of_nobody_have_no_class(recogniser, nobody):
    files = sorted(nobody.glob("*.skeleton"))
    for (answer,), ((told,),) in zip(
        map(recogniser.predict, files),
        (prepared([(file, recogniser.preprocessing, {})]) for file in files),
        strict=True,
    ):
        assert (told["start"], told["end"] - 1) == (answer.first_frame, answer.last_frame)
        assert (told["bodies"], told["tensor"], answer.label) == (0, None, None)


@pytest.mark.filterwarnings("ignore:.*some people come only after others")
def test_answers_are_alike(recogniser, coming_and_going, written, raw):
    package = os.environ.get("ONNXRUNTIME_WEB")
    if package is None:
        pytest.skip("ONNXRUNTIME_WEB names no folder of the npm package onnxruntime-web")
    shares = [answer.best(1).values() for answer in recogniser.predict(coming_and_going, **WINDOWS, fps=30)]
    middle = float(np.median([share for row in shares for share in row]))
    recordings = [(written, coming_and_going), *((file, file) for file in sorted(raw.glob("*.skeleton"))[:2])]
    ways = [WINDOWS, {}, WINDOWS | {"smooth": 3, "threshold": middle}]
    cases = [(shown, given, way) for shown, given in recordings for way in ways]
    sent = [(shown, recogniser.preprocessing, {"fps": 30} | way) for shown, _, way in cases]
    sent += [(written, recogniser.preprocessing, bad) for bad in BAD]
    weights, labels = str(MODEL / "model.onnx"), set()
    answered = prepared(sent, recogniser.calibration, runtime=package, weights=weights)
    for (_, given, way), in_browser in zip(cases, answered, strict=False):
        expected = recogniser.predict(given, **way, fps=30)
        labels |= {answer.label for answer in expected}
        assert [each["label"] for each in in_browser] == [answer.label for answer in expected]
        for each, answer in zip(in_browser, expected, strict=True):
            assert each["classes"] == pytest.approx(answer.best(5), abs=1e-4)
            places = [answer.first_frame, answer.last_frame, answer.bodies]
            assert [each["first_frame"], each["last_frame"], each["bodies"]] == places
            assert (each["start"], each["end"]) == pytest.approx(answer.seconds)
    assert {None, "unknown"} < labels
    for bad, complaint in zip(BAD, answered[len(cases) :], strict=True):
        assert next(iter(bad)) in complaint


@pytest.mark.filterwarnings("ignore:.*some people come only after others")
def test_numbers_of_8_bits_answer_alike(written, raw, coming_and_going):
    """Most windows to 1e-4; where a sum lies between two steps of 8 bits, both may round it otherwise."""
    package = os.environ.get("ONNXRUNTIME_WEB")
    if package is None:
        pytest.skip("ONNXRUNTIME_WEB names no folder of the npm package onnxruntime-web")
    weights = MODEL / "model.int8.onnx"
    model, whole, how = Recogniser.load(weights), Recogniser.load(MODEL), WINDOWS | {"fps": 30}
    recordings = [(written, coming_and_going), *((file, file) for file in sorted(raw.glob("*.skeleton"))[:3])]
    answered = prepared(
        [(shown, model.preprocessing, how) for shown, _ in recordings],
        model.calibration,
        runtime=package,
        weights=str(weights),
    )
    apart, quantised = [], []
    for (_, given), in_browser in zip(recordings, answered, strict=True):
        expected = model.predict(given, **how)
        assert [each["label"] for each in in_browser] == [answer.label for answer in expected]
        rows = zip(in_browser, expected, whole.predict(given, **how), strict=True)
        for each, answer, other in rows:
            best, shares = answer.best(3), other.best(3)
            apart += [abs(each["classes"][name] - best[name]) for name in best]
            quantised += [abs(shares[name] - best[name]) for name in best]
    assert max(apart) < 0.02 and np.mean(np.array(apart) < 1e-4) > 0.9
    assert max(quantised) > 1e-3  # so it was the other file that answered


def test_what_python_refuses_is_refused(recogniser, clips, tmp_path):
    """Bodies upside down, but no clip of which more than half is one point: there a tracker has lost them."""
    upside_down, lost = clips[0] * [1, -1, 1], clips[0].copy()
    lost[: len(lost) * 2 // 3] = 1.5
    cases = []
    for name, clip in (("upside down", upside_down), ("lost", lost)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"clips": [clip.tolist()]}))
        cases.append((tmp_path / f"{name}.json", recogniser.preprocessing, {}))
    with pytest.raises(DataError):
        recogniser.predict(upside_down, fps=30)
    (answer,) = recogniser.predict(lost, fps=30)
    refused, (told,) = prepared(cases)
    assert isinstance(refused, str)
    assert (told["bodies"], told["tensor"] is None) == (answer.bodies, answer.label is None)


def test_what_points_up_is_asked_for(recogniser, clips, tmp_path):
    """Where the files of the training were turned upright by an option."""
    turned = {"imported": (FileOptions(format="table", up="z"),)}
    preprocessing = recogniser.preprocessing.model_copy(update=turned)
    (tmp_path / "a.json").write_text(json.dumps({"clips": [clips[0].tolist()]}))
    (refused, answers) = prepared([(tmp_path / "a.json", preprocessing, how) for how in ({}, {"up": "y"})])
    assert "up z" in refused
    assert answers[0]["bodies"] == 1
