"""Faults in arrays: own data, CTR-GCN's .npz and pyskl's pickles; each is named with its place."""

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import Fault, content, cut, refuses
from sample_sets import annotation, ctr_gcn, write_ctr_gcn, write_pyskl

from skeleton_data.files.arrays import map_array


def arrays(**changes: Any) -> Fault:
    return lambda folder: (write_ctr_gcn(folder, **changes) and None) or None


def pickled(*annotations: Any) -> Fault:
    return lambda folder: (write_pyskl(folder, {"annotations": list(annotations)}) and None) or None


def at(array: np.ndarray, place: tuple[int, ...], value: Any) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


X = ctr_gcn()["x_train"]


FAULTS: list[tuple[str, str, Fault, str]] = [
    ("own", "truncated", cut("mine.npz"), r"mine\.npz: cannot be read"),
    ("own", "empty", content("mine.npz", b""), r"mine\.npz: cannot be read"),
    # CTR-GCN
    ("ctr-gcn", "truncated", cut("NTU60_CS.npz"), r"NTU60_CS\.npz: cannot be read"),
    ("ctr-gcn", "empty", content("NTU60_CS.npz", b""), r"NTU60_CS\.npz: cannot be read"),
    (
        "ctr-gcn",
        "counts",
        arrays(y_train=np.eye(60)[:1]),
        r"y_train: expected \(2, classes\), found .*\(1, 60\)",
    ),
    (
        "ctr-gcn",
        "no labels",
        arrays(y_train=None),
        "y_train: missing, expected the one-hot labels of x_train",
    ),
    ("ctr-gcn", "labels", arrays(y_train=np.ones((2, 60))), "y_train: row 0 is not one-hot"),
    ("ctr-gcn", "width", arrays(x_train=X[..., :149], x_test=None), "149 numbers a frame, expected 150"),
    ("ctr-gcn", "parts", arrays(x_train=X[..., :120]), "numbers a frame, expected as many in each part"),
    ("ctr-gcn", "shape", arrays(x_train=X[0]), r"x_train: expected numbers \(clips, frames, 150\)"),
    ("ctr-gcn", "text", arrays(x_train=np.full((2, 3, 150), "x")), "x_train: expected numbers"),
    (
        "ctr-gcn",
        "pickle",
        arrays(x_train=np.full((2, 3, 150), None)),
        "x_train.* pickled",
    ),
    (
        "ctr-gcn",
        "infinity",
        arrays(x_train=at(X, (1, 2, 7), np.inf)),
        r"x_train\[1\]\[2\]\[7\]: .* found inf",
    ),
    ("ctr-gcn", "units", arrays(units="feet"), "units: expected m or picture"),
    ("ctr-gcn", "rate", arrays(fps="fast"), "fps: expected a number"),
    ("ctr-gcn", "layout", arrays(layout="{}"), "layout: no skeleton"),
    ("ctr-gcn", "sure", arrays(confidence_train=np.ones((2, 3))), "confidence_train: expected uint8"),
    ("ctr-gcn", "nobody", arrays(x_train=at(X, (0,), 0)), r"x_train\[0\]: all zero, there is no body"),
    ("ctr-gcn", "no clips", arrays(x_train=X[:0]), r"x_train: expected numbers \(clips"),
    # pyskl
    ("pyskl", "truncated", cut("ntu60_3danno.pkl"), r"ntu60_3danno\.pkl: .*pickle: .*truncated"),
    ("pyskl", "empty", content("ntu60_3danno.pkl", b""), "not a pickle"),
    ("pyskl", "encoding", content("ntu60_3danno.pkl", "[1, 2]".encode("utf-16")), "not a pickle|refused"),
    (
        "pyskl",
        "text",
        pickled(annotation(0, keypoint="none")),
        r"annotations\[0\]\.keypoint: missing, expected",
    ),
    (
        "pyskl",
        "words",
        pickled(annotation(0, keypoint=np.full((1, 2, 25, 3), "x"))),
        "expected a number, found",
    ),
    (
        "pyskl",
        "objects",
        pickled(annotation(0, keypoint=np.full((1, 2, 25, 3), None))),
        "an array of O8, expected numbers",
    ),
    (
        "pyskl",
        "not a list",
        lambda folder: write_pyskl(folder, {"annotations": 3}) and None,
        "a list of 'annot",
    ),
    ("pyskl", "no list", lambda folder: write_pyskl(folder, [1]) and None, r"\[0\]\.keypoint: missing"),
    ("pyskl", "nothing", pickled(), "a list of 'annotations'"),
    ("pyskl", "no dictionary", pickled(annotation(0), 7), r"annotations\[1\]\.keypoint: missing"),
    (
        "pyskl",
        "no name",
        pickled(annotation(0, frame_dir=None), annotation(1)),
        r"annotations\[0\]\.frame_dir: expected a name",
    ),
    (
        "pyskl",
        "label",
        pickled(annotation(0, label="x")),
        r"annotations\[0\]\.label: expected a number from 0",
    ),
    (
        "pyskl",
        "counts",
        pickled(annotation(0, total_frames=9)),
        r"total_frames: 9, but keypoint has 4 frames",
    ),
    (
        "pyskl",
        "joints",
        pickled(annotation(0, keypoint=np.ones((1, 4, 24, 3)))),
        "24 joints have no names.*option source_layout",
    ),
    (
        "pyskl",
        "other joints",
        pickled(annotation(0), annotation(1, keypoint=np.ones((1, 6, 20, 3)))),
        r"annotations\[1\]\.keypoint\[0\]\[0\]: expected 25 elements, found 20",
    ),
    (
        "pyskl",
        "nan",
        pickled(annotation(0, keypoint=at(np.ones((1, 4, 25, 3)), (0, 1, 2, 0), np.nan))),
        r"annotations\[0\]\.keypoint\[0\]\[1\]\[2\]\[0\]: expected a finite number, found nan",
    ),
    (
        "pyskl",
        "nobody",
        pickled(annotation(0, keypoint=np.zeros((1, 4, 25, 3)))),
        "all zero, there is no body",
    ),
    ("pyskl", "no bodies", pickled(annotation(0, keypoint=np.zeros((0, 4, 25, 3)))), "at least one element"),
    (
        "pyskl",
        "score",
        pickled(annotation(0, keypoint=np.ones((1, 4, 17, 2)), keypoint_score=np.ones((1, 3, 17)))),
        r"keypoint_score.*expected 4 elements, found 3",
    ),
    (
        "pyskl",
        "no picture",
        pickled(annotation(0, keypoint=np.ones((1, 4, 17, 2)), keypoint_score=np.ones((1, 4, 17)))),
        "picture, such as 640x480",
    ),
]


@pytest.mark.parametrize(
    ("name", "fault", "message"),
    [pytest.param(name, fault, message, id=f"{name}-{what}") for name, what, fault, message in FAULTS],
)
def test_faults_are_named_and_nothing_is_written(
    name: str, fault: Fault, message: str, tmp_path: Path
) -> None:
    refuses(name, fault, message, tmp_path)


@pytest.fixture
def switching_often():
    """Threads take turns also where Python itself is at work: each collection of garbage calls a function."""

    def call(*_: object) -> None:
        sum(range(9))

    before = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(3)
    gc.callbacks.append(call)
    yield
    gc.callbacks.remove(call)
    sys.setswitchinterval(before[0])
    gc.set_threshold(*before[1])


def test_headers_are_read_in_several_threads(tmp_path, switching_often):
    """Python 3.11.7 raised a SystemError in one of two threads that parsed a header at the same time."""
    path = tmp_path / "a.npy"
    np.save(path, np.arange(6.0).reshape(2, 3))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: map_array(path).shape, range(400)))
    assert set(found) == {(2, 3)}
