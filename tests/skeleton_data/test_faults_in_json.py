"""Faults in JSON: NW-UCLA and Kinetics-Skeleton; each is named with its place."""

from pathlib import Path

import numpy as np
import pytest
from faults import Fault, content, cut, refuses, rename, swap, text
from sample_sets import kinetics_file, ucla_file

U, K = "all_sqe/a08_s02_e00_v03.json", "kinetics_val/0aBc-_x.json"

FAULTS: list[tuple[str, str, Fault, str]] = [
    # NW-UCLA
    ("nw-ucla", "truncated", cut(U), r"a08_s02_e00_v03\.json, line 1: expected JSON: "),
    ("nw-ucla", "empty", content(U, b""), r"a08_s02_e00_v03\.json: the file is empty"),
    (
        "nw-ucla",
        "encoding",
        content(U, b'{"label":\n"\xff"}'),
        r"json, line 2: byte 0xff, expected UTF-8 text",
    ),
    ("nw-ucla", "utf-16", text(U, lambda data: data.encode("utf-16")), "byte 0xff, expected UTF-8 text"),
    (
        "nw-ucla",
        "name",
        rename(U, "all_sqe/a08_s2.json"),
        r"a08_s2\.json: expected a name like a01_s02_e03_v01",
    ),
    (
        "nw-ucla",
        "counts",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 20, [[0, 0, 0]] * 19]).encode()),
        r"skeletons\[1\]: expected 20 elements, found 19",
    ),
    (
        "nw-ucla",
        "coordinates",
        content(U, ucla_file(0, skeletons=[[[0, 0]] * 20]).encode()),
        r"skeletons\[0\]\[0\]: expected 3 elements, found 2",
    ),
    (
        "nw-ucla",
        "text",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 19 + [[0, "x", 0]]]).encode()),
        r"skeletons\[0\]\[19\]\[1\]: expected a number, found 'x'",
    ),
    (
        "nw-ucla",
        "null",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 19 + [None]]).encode()),
        r"skeletons\[0\]\[19\]: expected a list, found None",
    ),
    (
        "nw-ucla",
        "nan",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 19 + [[0, np.nan, 0]]]).encode()),
        r"skeletons\[0\]\[19\]\[1\]: expected a finite number, found nan",
    ),
    (
        "nw-ucla",
        "infinity",
        content(U, ucla_file(0, skeletons=[[[-np.inf, 0, 0]] * 20]).encode()),
        r"skeletons\[0\]\[0\]\[0\]: expected a finite number, found -inf",
    ),
    (
        "nw-ucla",
        "huge",
        content(U, ucla_file(0, skeletons=[[[0, 0, 1e300]] + [[0, 0, 0]] * 19]).encode()),
        r"skeletons\[0\]\[0\]\[2\]: expected a finite number, found 1e\+300",
    ),
    (
        "nw-ucla",
        "nobody",
        content(U, ucla_file(0, skeletons=[[[0, 0, 0]] * 20]).encode()),
        "all zero, there is no body",
    ),
    (
        "nw-ucla",
        "no frames",
        content(U, ucla_file(0, skeletons=[]).encode()),
        "expected at least one element",
    ),
    ("nw-ucla", "no skeletons", content(U, b'{"label": 1}'), "skeletons: missing, expected list"),
    ("nw-ucla", "label", content(U, ucla_file(0, label=11).encode()), "label: expected 1 to 10, found 11"),
    ("nw-ucla", "label text", content(U, ucla_file(0, label="1").encode()), "label: expected int, found '1'"),
    ("nw-ucla", "no object", content(U, b"[1]"), "expected a JSON object, found list"),
    ("nw-ucla", "deep", content(U, b"[" * 100_000), "expected JSON: "),
    # Kinetics
    ("kinetics", "truncated", cut(K), r"0aBc-_x\.json, line 1: expected JSON"),
    ("kinetics", "empty", content(K, b"\n"), r"0aBc-_x\.json: the file is empty"),
    ("kinetics", "encoding", content(K, b"\xff"), "line 1: byte 0xff, expected UTF-8 text"),
    ("kinetics", "nobody", content(K, kinetics_file(data=[]).encode()), "data: .*no body"),
    (
        "kinetics",
        "counts",
        content(K, kinetics_file(data=[{"frame_index": 1, "skeleton": [{"pose": [0] * 35}]}]).encode()),
        r"data\[0\]\.skeleton\[0\]\.pose: expected 36 elements, found 35",
    ),
    (
        "kinetics",
        "no score",
        content(K, kinetics_file(data=[{"frame_index": 1, "skeleton": [{"pose": [0] * 36}]}]).encode()),
        r"data\[0\]\.skeleton\[0\]\.score: expected a list, found None",
    ),
    ("kinetics", "text", swap(K, "[0.5, ", '["half", '), r"score\[0\]: expected a number, found 'half'"),
    (
        "kinetics",
        "nan",
        swap(K, "[0.5, ", "[NaN, "),
        r"data\[0\]\.skeleton\[0\]\.score\[0\]: expected a finite",
    ),
    (
        "kinetics",
        "order",
        swap(K, '"frame_index": 4', '"frame_index": 3'),
        r"data\[1\]\.frame_index: expected 4",
    ),
    ("kinetics", "far frame", swap(K, '"frame_index": 6', '"frame_index": 999999999'), "found 999999999"),
    (
        "kinetics",
        "frame text",
        swap(K, '"frame_index": 4', '"frame_index": "4"'),
        "frame_index: expected int",
    ),
    (
        "kinetics",
        "label",
        swap(K, '"label_index": 1', '"label_index": -2'),
        "label_index: expected a number from 0",
    ),
    (
        "kinetics",
        "labels",
        content("kinetics_val_label.json", b"{"),
        r"val_label\.json, line 1: expected JSON",
    ),
    (
        "kinetics",
        "label names",
        swap("kinetics_val_label.json", '"abseiling"', '"zumba"'),
        "1yyyyyy: label 1 is 'abseiling', elsewhere 'zumba'",
    ),
]


@pytest.mark.parametrize(
    ("name", "fault", "message"),
    [pytest.param(name, fault, message, id=f"{name}-{what}") for name, what, fault, message in FAULTS],
)
@pytest.mark.parametrize("large", [0, 2**22])  # characters from which lists become arrays while they are read
def test_faults_are_named_and_nothing_is_written(
    name: str, fault: Fault, message: str, large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skeleton_data.files.json_file.LARGE", large)
    refuses(name, fault, message, tmp_path)
