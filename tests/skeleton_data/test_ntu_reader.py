"""Raw NTU text: bulk parsing equals an obvious reader, and whatever is wrong is named with its line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from refusal import refusal

from skeleton_data.errors import DataError
from skeleton_data.ntu.bulk import read_bulk
from skeleton_data.ntu.lines import read_lines
from skeleton_data.ntu.recording import RawClip, read_skeleton, write_skeleton

Change = Callable[[list[bytes]], bytes]


def obvious(text: str) -> tuple[int, list[int], list[int], list[list[list[float]]]]:
    """Reads well-formed text word by word."""
    words = iter(text.split())
    frames = int(next(words))
    frame, body, joints = [], [], []
    for at in range(frames):
        for _ in range(int(next(words))):
            frame.append(at)
            number, *_ = [next(words) for _ in range(10)]
            body.append(int(number))
            rows = [[next(words) for _ in range(12)] for _ in range(int(next(words)))]
            joints.append([[float(word) for word in row[:3]] for row in rows])
    assert next(words, None) is None
    return frames, frame, body, joints


def assert_is(clip: RawClip, expected: tuple[int, list[int], list[int], list[list[list[float]]]]) -> None:
    frames, frame, body, joints = expected
    assert clip.frames == frames
    assert clip.frame.tolist() == frame
    assert clip.body.tolist() == body
    assert clip.joints.dtype == np.float32
    np.testing.assert_array_equal(clip.joints, np.array(joints, dtype=np.float32))


def a_clip(frames: int = 3, ids: tuple[int, ...] = (72057594037931101, 7), seed: int = 0) -> RawClip:
    generator = np.random.default_rng(seed)
    records = frames * len(ids)
    return RawClip(
        frames,
        np.repeat(np.arange(frames), len(ids)),
        np.tile(np.array(ids, dtype=np.int64), frames),
        generator.normal([0, 0, 3], 1, size=(records, 25, 3)).astype(np.float32),
    )


def test_reference_recordings(shared: Path) -> None:
    files = sorted((shared / "golden" / "raw_ntu").glob("*.skeleton"))
    assert len(files) == 11
    for file in files:
        expected = obvious(file.read_text())
        assert_is(read_skeleton(file), expected)
        assert_is(RawClip(*read_bulk(file.read_bytes())), expected)
        assert_is(RawClip(*read_lines(file.read_bytes(), file)), expected)


@given(
    ids=st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3), min_size=1, max_size=4).filter(any),
    data=st.data(),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, ids: list[list[int]], data: st.DataObject
) -> None:
    body = np.array([number for frame in ids for number in frame], dtype=np.int64)
    frame = np.repeat(np.arange(len(ids)), [len(bodies) for bodies in ids])
    coordinates = st.floats(-999999, 999999, width=32)
    joints = data.draw(npst.arrays(np.float32, (len(body), 25, 3), elements=coordinates))
    path = tmp_path_factory.mktemp("raw") / "clip.skeleton"
    write_skeleton(path, RawClip(len(ids), frame, body, joints))
    clip = read_skeleton(path)
    assert clip.frames == len(ids)
    np.testing.assert_array_equal(clip.frame, frame)
    np.testing.assert_array_equal(clip.body, body)
    np.testing.assert_array_equal(clip.joints, joints)
    assert_is(clip, obvious(path.read_text()))


def test_tracking_ids_are_exact(tmp_path: Path) -> None:
    """Neighbours beyond 2 ** 53, which a float cannot tell apart."""
    path = tmp_path / "clip.skeleton"
    write_skeleton(path, a_clip(1, (72057594037931101, 72057594037931102)))
    assert read_skeleton(path).body.tolist() == [72057594037931101, 72057594037931102]


def test_the_file_looks_like_one_of_the_recorder(shared: Path, tmp_path: Path) -> None:
    """Every line has as many words as in a recording, and joints are seen where they were seen."""
    original = shared / "golden" / "raw_ntu" / "S001C001P001R001A001.skeleton"
    write_skeleton(tmp_path / "copy.skeleton", read_skeleton(original))
    theirs = original.read_bytes().splitlines()
    ours = (tmp_path / "copy.skeleton").read_bytes().splitlines()
    assert [len(line.split()) for line in ours] == [len(line.split()) for line in theirs]
    for line, expected in zip(ours, theirs, strict=True):
        if len(line.split()) == 12:
            numbers = np.array([line.split(), expected.split()], dtype=float)
            np.testing.assert_allclose(numbers[0, :7], numbers[1, :7], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("blank", [b"\n", b" \r\n", b"\r\n\r\n", b""])
def test_blanks_do_not_matter(tmp_path: Path, blank: bytes) -> None:
    path = tmp_path / "clip.skeleton"
    write_skeleton(path, a_clip())
    expected = obvious(path.read_text())
    path.write_bytes(path.read_bytes().rstrip().replace(b"\r\n", b"\n").replace(b" ", b"  ") + blank)
    assert_is(read_skeleton(path), expected)


def test_unused_numbers_may_be_nan(tmp_path: Path) -> None:
    """Where a joint is in no picture, recorders write NaN or infinity for its place in it."""
    path = tmp_path / "clip.skeleton"
    write_skeleton(path, a_clip(1, (5,)))
    lines = path.read_text().splitlines()
    lines[4] = "1 2 3 -Infinity NaN inf nan 0 0 0 0 0"
    path.write_text("\n".join(lines))
    assert read_skeleton(path).joints[0, 0].tolist() == [1, 2, 3]


def changed(line: int, text: str | None) -> Change:
    """A change that puts ``text`` in place of a line (from 1), or takes it away."""

    def change(lines: list[bytes]) -> bytes:
        lines[line - 1 : line] = [] if text is None else [text.encode("latin1")]
        return b"\n".join(lines)

    return change


JOINT = "1 2 3 4 5 6 7 8 9 10 11 12"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: b"", ": the file is empty, expected a recording"),
        (lambda lines: b" \r\n\n", ": the file is empty, expected a recording"),
        (
            lambda lines: "\n".join(map(bytes.decode, lines)).encode("utf-16"),
            ", line 1: byte 0xff, expected ASCII",
        ),
        (lambda lines: b"\xef\xbb\xbf" + b"\n".join(lines), ", line 1: byte 0xef, expected ASCII"),
        (lambda lines: b"0", "no body in any of its 0 frames"),
        (lambda lines: b"3\n0\n0\n0\n", "no body in any of its 3 frames"),
        (lambda lines: b"\x00" * 100, ", line 1: expected the number of frames, found '.x00"),
        (
            lambda lines: b"\n".join(lines[:50]),
            ", line 50: expected .*joint 19 of body 1 in frame 0, found the end",
        ),
        (
            lambda lines: b"\n".join(lines[:-1]),
            "expected 12 numbers for joint 24 of body 1 in frame 1, found the end",
        ),
        (lambda lines: b"\n".join(lines)[:-4], "expected 12 numbers for joint 24 .* found 10 words"),
        (lambda lines: b"\n".join([*lines, b"1"]), "expected the end of the file after 2 frames, found '1'"),
        (changed(1, "3"), "expected the number of bodies in frame 2, found the end"),
        (changed(1, "1"), "line 57: expected the end of the file after 1 frames, found '2'"),
        (changed(1, "-1"), "line 1: expected the number of frames, found '-1'"),
        (changed(1, "two"), "line 1: expected the number of frames, found 'two'"),
        (changed(1, "2.0"), "line 1: expected the number of frames, found '2.0'"),
        (changed(1, "9" * 30), "line 1: expected the number of frames, found '9999"),
        (changed(2, "-1"), "line 2: expected the number of bodies in frame 0, found '-1'"),
        (changed(2, "3"), "line 57: expected the 10 tracking numbers of body 2 in frame 0, found 1 words"),
        (changed(2, "999999999"), "line 57: expected the 10 tracking numbers"),
        (changed(3, "1.5 0 1 1 1 1 0 0 0 2"), "line 3: expected an integer tracking id .*, found '1.5'"),
        (changed(3, f"{2**63} 0 1 1 1 1 0 0 0 2"), "line 3: expected an integer tracking id"),
        (changed(4, "24"), "line 4: expected 25 joints, found 24"),
        (changed(4, "many"), "line 4: expected the number of joints of body 0 in frame 0, found 'many'"),
        (changed(5, None), "found 10 words|found 1 words"),
        (changed(5, ""), "line 5: expected 12 numbers for joint 0 of body 0 in frame 0, found 0 words"),
        (changed(5, JOINT + " 13"), "line 5: .* found 13 words"),
        (
            changed(5, JOINT.replace("2", "x", 1)),
            "line 5: expected three finite coordinates of joint 0 .*, found 'x'",
        ),
        (
            changed(5, JOINT.replace("2", "nan", 1)),
            "line 5: expected three finite coordinates .*, found 'nan'",
        ),
        (
            changed(5, JOINT.replace("3", "-inf", 1)),
            "line 5: expected three finite coordinates .*, found '-inf'",
        ),
        (
            changed(5, JOINT.replace("3", "1e39", 1)),
            "line 5: expected three finite coordinates .*, found '1e39'",
        ),
        (
            changed(5, JOINT.replace("1", "1_0", 1)),
            "line 5: expected three finite coordinates .*, found '1_0'",
        ),
        (changed(5, JOINT.replace("6", "six")), "line 5: expected 12 numbers for joint 0 .*, found 'six'"),
        (changed(7, "\xe9" + JOINT), "line 7: byte 0xe9, expected ASCII"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: Change, message: str) -> None:
    path = tmp_path / "clip.skeleton"
    write_skeleton(path, a_clip(2))
    path.write_bytes(change(path.read_bytes().splitlines()))
    with refusal(message) as error:
        read_skeleton(path)
    assert str(error.value).startswith(f"{path}")
    assert "\n" not in str(error.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with refusal(r"none\.skeleton: no such file"):
        read_skeleton(tmp_path / "none.skeleton")


def small_text() -> bytes:
    generator = np.random.default_rng(0)
    joint = b"\r\n".join(
        b" ".join(b"%.5g" % number for number in row) for row in generator.normal(size=(25, 12))
    )
    body = b"72057594037931101 0 1 1 1 1 0 0.1 -0.1 2\r\n25\r\n" + joint + b"\r\n"
    return b"3\r\n1\r\n" + body + b"0\r\n2\r\n" + body + body.replace(b"101 0", b"102 0")


SMALL = small_text()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The small recording with a few bytes or words changed, taken away, put in, or lines moved."""
    data = SMALL
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data) - 1))
        end = start + draw(st.sampled_from([0, 1, 1, 2, 5, 100]))
        piece = draw(
            st.sampled_from(
                [b"", b" ", b"\n", b"-", b".", b"e", b"0", b"25", b"1e999", b"nan", b"\x00", b"\xff", b"_"]
            )
            | st.binary(max_size=4)
            | st.integers(0, len(SMALL)).map(lambda at: SMALL[at : at + 30])
        )
        data = data[:start] + piece + data[end:]
    return data


@settings(max_examples=300)
@given(data=mutated())
def test_a_mutation_is_read_right_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.skeleton"
    path.write_bytes(data)
    try:
        clip = read_skeleton(path)
    except DataError as error:
        assert str(error).startswith(f"{path}")
        assert "\n" not in str(error)
    else:
        assert np.isfinite(clip.joints).all()
        assert_is(clip, obvious(data.decode("ascii")))


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (RawClip(1, np.zeros(2, int), np.zeros(3, int), np.zeros((2, 25, 3), np.float32)), r"bodies \(3,\)"),
        (
            RawClip(1, np.zeros(2, int), np.zeros(2, int), np.zeros((2, 20, 3), np.float32)),
            r"joints \(2, 20, 3\)",
        ),
        (
            RawClip(1, np.array([0, 1]), np.zeros(2, int), np.zeros((2, 25, 3), np.float32)),
            "frames 0 to 1 of a clip",
        ),
    ],
)
def test_a_clip_that_does_not_fit_is_not_written(tmp_path: Path, clip: RawClip, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_skeleton(tmp_path / "clip.skeleton", clip)
    assert list(tmp_path.iterdir()) == []
