"""Thousands of mutations of real recordings: read right and cleaned to the right shape, or refused."""

from pathlib import Path

import numpy as np
import pytest

from skeleton_data.clips import Cleaning
from skeleton_data.errors import DataError
from skeleton_data.ntu.cleaning import clean
from skeleton_data.ntu.decimals import MARGIN, parse_decimals
from skeleton_data.ntu.recording import parse_skeleton

Random = np.random.Generator

PIECES = [
    b"",
    b" ",
    b"\n",
    b"\r",
    b"-",
    b"+",
    b".",
    b"e",
    b"E-3",
    b"0",
    b"1",
    b"25",
    b"1e999",
    b"nan",
    b"inf",
    b"_",
]
PIECES += [
    b"\x00",
    b"\xff",
    b"\t",
    b",",
    b"99999999999999999999",
    b"-1",
    b"0x10",
    b"1.5.2",
    b"\xc3\xa9",
    b"--3",
]


def shortened(data: bytes, frames: int) -> bytes:
    """The first frames of a recording."""
    lines = data.splitlines(keepends=True)
    at = 1
    for _ in range(frames):
        at += 1 + 27 * int(lines[at])
    return b"%d\r\n" % frames + b"".join(lines[1:at])


def swap_lines(data: bytes, random: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    one, other = random.integers(len(lines), size=2)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def repeat_or_drop_lines(data: bytes, random: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    start = int(random.integers(len(lines)))
    end = start + int(random.choice([1, 2, 27, 28]))
    return b"".join(lines[:start] + lines[start:end] * int(random.choice([0, 2])) + lines[end:])


def change_a_word(data: bytes, random: Random) -> bytes:
    """Counts and ids are few words among many, so lines are drawn first."""
    lines = data.splitlines(keepends=True)
    short = [number for number, line in enumerate(lines) if len(line.split()) < 12]
    line = int(random.choice(short)) if random.random() < 0.5 else int(random.integers(len(lines)))
    words = lines[line].split()
    if not words:
        return data
    word = int(random.integers(len(words)))
    number = b"%d" % random.integers(-2, 60)
    words[word] = bytes(random.choice([number, PIECES[random.integers(len(PIECES))]]))
    lines[line] = b" ".join(words) + b"\r\n"
    return b"".join(lines)


def change_bytes(data: bytes, random: Random) -> bytes:
    start = int(random.integers(len(data)))
    end = start + int(random.choice([0, 1, 1, 2, 5, 100]))
    return data[:start] + PIECES[random.integers(len(PIECES))] + data[end:]


def cut(data: bytes, random: Random) -> bytes:
    return data[: int(random.integers(len(data)))]


def copy_a_piece(data: bytes, random: Random) -> bytes:
    start, to = random.integers(len(data), size=2)
    return data[:to] + data[start : start + int(random.integers(1, 400))] + data[to:]


MUTATIONS = [swap_lines, repeat_or_drop_lines, change_a_word, change_a_word, change_bytes, cut, copy_a_piece]


def obvious(data: bytes) -> tuple[int, np.ndarray, np.ndarray]:
    """Frames, ids and joints of text that is known to be well-formed."""
    words = iter(data.decode("ascii").split())
    frames = int(next(words))
    ids, joints = [], []
    for _ in range(frames):
        for _ in range(int(next(words))):
            number, *_ = [next(words) for _ in range(10)]
            ids.append(int(number))
            rows = [[next(words) for _ in range(12)] for _ in range(int(next(words)))]
            joints.append([[float(word) for word in row[:3]] for row in rows])
    assert next(words, None) is None
    return frames, np.array(ids), np.array(joints, dtype=np.float32)


def check(data: bytes, cleaning: Cleaning) -> bool:
    """Whether the recording is read; right, if so."""
    try:
        clip = parse_skeleton(data, "fuzzed.skeleton")
    except DataError as error:
        assert str(error).startswith("fuzzed.skeleton") and "\n" not in str(error) and len(str(error)) < 300
        return False
    frames, ids, joints = obvious(data)
    assert clip.frames == frames
    np.testing.assert_array_equal(clip.body, ids)
    np.testing.assert_array_equal(clip.joints, joints)
    try:
        cleaned = clean(clip, cleaning)
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert cleaned.shape[2:] == (25, 3) and cleaned.shape[1] in (1, 2) and cleaned.dtype == np.float32
        assert 1 <= len(cleaned) <= max(frames, 50)
        assert np.isfinite(cleaned).all() and cleaned.any()
    return True


@pytest.mark.parametrize(("frames", "mutations"), [(2, 1000), (14, 150), (None, 12)])
def test_mutations_of_reference_recordings(shared: Path, frames: int | None, mutations: int) -> None:
    files = sorted((shared / "golden" / "raw_ntu").glob("*.skeleton"))
    random = np.random.default_rng(0 if frames is None else frames)
    read = 0
    for file in files:
        data = file.read_bytes()
        data = data if frames is None else shortened(data, frames)
        # Two files begin with empty frames.
        assert check(data, "reference") or frames == 2
        for number in range(mutations):
            mutated = data
            for _ in range(random.integers(1, 4)):
                mutated = MUTATIONS[random.integers(len(MUTATIONS))](mutated, random) or b" "
            cleaning: Cleaning = ("reference", "true_frames", "contrast")[number % 3]
            read += check(mutated, cleaning)
    assert 0 < read < len(files) * mutations  # some are read, most are refused


def test_numbers_are_read_as_python_reads_them() -> None:
    """Bit for bit, up to 15 characters; and all that look otherwise are given back."""
    random = np.random.default_rng(0)
    formats = ["%.7g", "%.3f", "%d", "%.14g", "%.1f", "%.0e", "%.9g", "%.12f", "%g."]
    words = [
        random.choice(formats) % number
        for number in random.normal(scale=10.0 ** random.integers(-8, 8, 5000))
    ]
    words += [
        "",
        "-",
        ".",
        "-.",
        ".5",
        "-.5",
        "5.",
        "1..2",
        "1.2.3",
        "+1",
        "1e5",
        "0x1",
        "--1",
        "1-",
        "/",
        ":",
        "00.10",
    ]
    words += ["123456789012345", "1234567890123456", "0.1234567890123", "-0.123456789012", "12345678.1234567"]
    text = " " * MARGIN + " ".join(words) + " "
    ends = MARGIN + np.cumsum([len(word) + 1 for word in words]) - 1
    starts = ends - np.array([len(word) for word in words])
    values, read = parse_decimals(np.frombuffer(text.encode(), dtype=np.uint8), starts, ends)
    plain = [
        0 < len(word.removeprefix("-")) <= 15
        and word.removeprefix("-") != "."
        and set(word.removeprefix("-")) <= set("0123456789.")
        and word.count(".") <= 1
        for word in words
    ]
    assert read.tolist() == plain
    expected = [float(word) for word, is_plain in zip(words, plain, strict=True) if is_plain]
    assert values[read].tobytes() == np.array(expected).tobytes()
