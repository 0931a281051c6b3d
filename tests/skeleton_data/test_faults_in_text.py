"""Faults in text: PKU-MMD and BVH; each is named with its line."""

from pathlib import Path

import pytest
from faults import Fault, content, cut, refuses, rename, swap, text
from refusal import refusal
from sample_sets import write_pku

from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import read_clips

P, L, B = "skeleton/0002-L.txt", "labels/0002-L.txt", "mocap/walk.bvh"

FAULTS: list[tuple[str, str, Fault, str]] = [
    # PKU-MMD
    ("pku-mmd", "truncated", cut(P), r"0002-L\.txt, line \d: expected 150 numbers, 2 x 25 x 3, found \d+"),
    ("pku-mmd", "empty", content(P, b""), r"0002-L\.txt: the file is empty"),
    (
        "pku-mmd",
        "encoding",
        content(P, b"0 0\n0 \xe9"),
        r"0002-L\.txt, line 2: byte 0xe9, expected UTF-8 text",
    ),
    ("pku-mmd", "counts", swap(P, "\n", " 1\n"), r"0002-L\.txt, line 1: expected 150 numbers, .* found 151"),
    (
        "pku-mmd",
        "text",
        text(P, lambda d: "x" + d),
        "line 1: expected a finite",
    ),
    (
        "pku-mmd",
        "nan",
        text(P, lambda d: "nan" + d[d.index(" ") :]),
        "line 1: expected a finite number, found 'nan'",
    ),
    ("pku-mmd", "inf", text(P, lambda d: "-inf" + d[d.index(" ") :]), "line 1: expected a finite .* '-inf'"),
    ("pku-mmd", "nobody", text(P, lambda d: (" ".join(["0"] * 150) + "\n") * 10), "no body in frames 1 to 4"),
    (
        "pku-mmd",
        "name",
        rename(P, "skeleton/0002L.txt"),
        r"0002L\.txt: expected a name like 0002-L or A01N02-M",
    ),
    ("pku-mmd", "no labels", lambda folder: (folder / L).unlink(), r"labels/0002-L\.txt: no such file"),
    ("pku-mmd", "labels empty", content(L, b""), r"labels/0002-L\.txt: the file is empty"),
    (
        "pku-mmd",
        "label text",
        content(L, b"8,1,4,2\nx,1,2,1"),
        r"labels/0002-L\.txt, line 2: expected class, first",
    ),
    ("pku-mmd", "label class", content(L, b"52,1,4,2"), "line 1: expected a class from 1 to 51, found 52"),
    ("pku-mmd", "label frames", content(L, b"8,1,11,2"), "expected frames within 1 to 10, .* found 1 to 11"),
    ("pku-mmd", "label order", content(L, b"8,4,3,2"), "first before last, found 4 to 3"),
    # BVH
    ("bvh", "truncated", cut(B, 0.4), r"walk\.bvh, line \d+: expected .*, found the end of the file"),
    ("bvh", "truncated motion", cut(B, 0.97), r"walk\.bvh, line 20: expected 9 numbers"),
    ("bvh", "empty", content(B, b""), r"walk\.bvh: the file is empty"),
    (
        "bvh",
        "encoding",
        text(B, lambda data: data.encode("utf-16")),
        "line 1: byte 0xff, expected UTF-8 text",
    ),
    ("bvh", "head", swap(B, "HIERARCHY", "HELLO"), "line 1: expected HIERARCHY, found 'HELLO'"),
    ("bvh", "root", swap(B, "ROOT", "JOINT"), "line 2: expected ROOT, found 'JOINT Hips'"),
    ("bvh", "brace", swap(B, "{", "("), r"line 3: expected \{, found '\('"),
    ("bvh", "keyword", swap(B, "OFFSET", "OFSET"), "line 4: expected OFFSET x y z, .* found 'OFSET 0 90 0'"),
    ("bvh", "offset", swap(B, "0 90 0", "0 90"), "line 4: expected OFFSET x y z"),
    (
        "bvh",
        "offset text",
        swap(B, "0 90 0", "0 ninety 0"),
        "line 4: expected a finite number, found 'ninety'",
    ),
    ("bvh", "channel count", swap(B, "CHANNELS 6", "CHANNELS 5"), "line 5: expected a count and as many of"),
    (
        "bvh",
        "channel",
        swap(B, "Xposition", "Wposition"),
        "line 5: expected a count and as many of Xposition",
    ),
    ("bvh", "channel twice", swap(B, "Xposition", "Yposition"), "line 5: expected a count and as many of"),
    ("bvh", "frames", swap(B, "Frames: 2", "Frames: 3"), "line 20: expected .* frame 2 of 3, found the end"),
    (
        "bvh",
        "more frames",
        swap(B, "Frames: 2", "Frames: 1"),
        "line 20: expected the end of the file after 1",
    ),
    ("bvh", "no frames", swap(B, "Frames: 2", "Frames: 0"), "expected at least one frame"),
    (
        "bvh",
        "frames text",
        swap(B, "Frames: 2", "Frames: two"),
        "line 17: expected a finite number, found 'two'",
    ),
    ("bvh", "time", swap(B, "0.0333333", "0"), "expected at least one frame, of a time above 0"),
    (
        "bvh",
        "numbers",
        swap(B, "10 100 0", "10 100"),
        "line 20: expected 9 numbers, one for each channel, found 8",
    ),
    ("bvh", "text", swap(B, "10 100 0", "10 x 0"), "line 20: expected a finite number, found 'x'"),
    ("bvh", "nan", swap(B, "10 100 0", "10 nan 0"), "line 20: expected a finite number, found 'nan'"),
    ("bvh", "inf", swap(B, "10 100 0", "10 1e400 0"), "line 20: expected a finite number, found '1e400'"),
    ("bvh", "one name", swap(B, "JOINT Spine", "JOINT Hips"), "there are 2 joints called Hips"),
    (
        "bvh",
        "other joints",
        swap("mocap/wave.bvh", "JOINT Spine", "JOINT Neck"),
        "wave.bvh: expected the 3 joints",
    ),
    ("bvh", "other speed", swap("mocap/wave.bvh", "0.0333333", "0.01"), "30; .*resample"),
]


@pytest.mark.parametrize(
    ("name", "fault", "message"),
    [pytest.param(name, fault, message, id=f"{name}-{what}") for name, what, fault, message in FAULTS],
)
def test_faults_are_named_and_nothing_is_written(
    name: str, fault: Fault, message: str, tmp_path: Path
) -> None:
    refuses(name, fault, message, tmp_path)


def test_the_folder_above_recordings_and_labels_names_both(tmp_path: Path) -> None:
    recordings, labels = write_pku(tmp_path), tmp_path / "labels"
    (tmp_path / "Split").mkdir()
    (tmp_path / "Split" / "cross-view.txt").write_text("Training videos:\n0002-L\n")
    for given in (None, labels):
        with refusal(f"import {recordings}, with the labels {labels}"):
            read_clips(tmp_path, ImportConfig(labels=given))
        with refusal(f"{labels}: "):
            read_clips(labels, ImportConfig(labels=given))
    with refusal("labels"):
        read_clips(recordings, ImportConfig())
    with refusal(f"{tmp_path / 'nowhere'}: "):
        read_clips(recordings, ImportConfig(labels=tmp_path / "nowhere"))
