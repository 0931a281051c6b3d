"""Pickles: arrays and plain containers come out as they went in, nothing else is run or made."""

import collections
import os
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from refusal import refusal

from skeleton_data.errors import DataError
from skeleton_data.importing.importer import import_clips
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.plain_pickle import PlainArray, load_plain


def plain(value: Any) -> Any:
    """What was read, with arrays in the place of their notes."""
    if isinstance(value, PlainArray):
        return value.array()
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value)
    return value


@given(
    array=npst.arrays(
        st.sampled_from(["<f2", "<f4", ">f8", "<i8", "|u1", "?", "<U3"]),
        npst.array_shapes(min_dims=0, min_side=0),
    ),
    protocol=st.integers(2, pickle.HIGHEST_PROTOCOL),
    fortran=st.booleans(),
)
def test_arrays(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, protocol: int, fortran: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "array.pkl"
    array = np.asfortranarray(array) if fortran else array
    path.write_bytes(pickle.dumps({"a": [array, (array,)], "n": 3}, protocol=protocol))
    found = plain(load_plain(path))
    assert found["n"] == 3
    for copy in (found["a"][0], found["a"][1][0]):
        assert copy.dtype == array.dtype
        np.testing.assert_array_equal(copy, array)


def test_numbers_and_old_files(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(
        pickle.dumps([np.float32(1.5), np.int64(7), collections.OrderedDict(a=1), None, "ü", b"x"])
    )
    assert load_plain(path) == [1.5, 7, {"a": 1}, None, "ü", b"x"]
    # As numpy 1 names its modules.
    path.write_bytes(pickle.dumps(np.arange(3), protocol=2).replace(b"numpy._core", b"numpy.core"))
    assert plain(load_plain(path)).tolist() == [0, 1, 2]


class Call:
    """A pickle of it calls ``function``."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = function, arguments

    def __reduce__(self) -> Any:
        return self.reduced


class Mine:
    pass


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda mark: Call(os.system, f"touch {mark}"), r"it wants to call (posix|nt)\.system"),
        (lambda mark: Call(exec, f"open({str(mark)!r}, 'w')"), r"it wants to call \w+\.exec"),
        (lambda mark: Call(eval, f"open({str(mark)!r}, 'w')"), r"it wants to call \w+\.eval"),
        (lambda mark: Call(open, str(mark), "w"), r"it wants to call \w*io\.open"),
        (lambda mark: Call(getattr, "text", "upper"), r"it wants to call \w+\.getattr"),
        (lambda mark: Call(np.load, str(mark)), r"it wants to call numpy\.load"),
        (
            lambda mark: Call(subprocess.Popen, ["touch", str(mark)]),
            r"it wants to call (subprocess|commands)\.Popen",
        ),
        (lambda mark: Mine(), "it wants to call (copy_?reg|[\\w.]*test_plain_pickle)"),
        (lambda mark: {1, 2}, r"it wants to call \w+\.set|$"),
        (lambda mark: np.float32, r"it wants to call numpy\.float32"),
    ],
)
def test_a_malicious_pickle_does_not_run(make: Any, message: str, protocol: int, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = tmp_path / "bad.pkl"
    table = {"annotations": [{"frame_dir": make(mark), "keypoint": np.ones(3)}]}
    path.write_bytes(pickle.dumps(table, protocol=protocol))
    with refusal(message):
        import_clips(path, tmp_path / "s", ImportConfig())
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.pkl"]


def test_the_same_pickle_runs_elsewhere(tmp_path: Path) -> None:
    """Or the test above would show nothing."""
    mark = tmp_path / "mark"
    data = pickle.dumps(Call(open, str(mark), "w"))
    code = "import pickle, sys; pickle.loads(sys.stdin.buffer.read()).close()"
    subprocess.run([sys.executable, "-c", code], input=data, check=True)
    assert mark.exists()


@pytest.mark.parametrize(
    "data",
    [
        # What arrays consist of, called otherwise than arrays do.
        b"cnumpy\nndarray\n(I1000000000000\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I9999999999\nt(tR.",
        b"cnumpy\ndtype\n(VO8\ntR.",
        b"c_codecs\nencode\n(Va\nVrot13\ntR.",
        b"ccollections\nOrderedDict\n((ltR.",
        # Attributes instead of a call.
        b"\x80\x04cnumpy\ndtype\nN}\x8c\x04name\x8c\x06scalars\x86b(VO8\ntR.",
        # An extension, a persistent object.
        b"\x80\x02\x82\x01.",
        b"P1\n.",
        # Numbers for lengths that the file does not have.
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x00.",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x00.",
        b"",
        b".",
        b"\x80\x09.",
    ],
)
def test_made_by_hand(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(data)
    with refusal(r"x\.pkl: .*(refused|not a pickle)|expected a dictionary"):
        import_clips(tmp_path / "x.pkl", tmp_path / "s", ImportConfig())


@pytest.mark.parametrize(
    "state",
    [
        (1, (3,), np.dtype("f4"), False, b"1234"),
        (1, (-1, -4), np.dtype("f4"), False, b"1234" * 4),
        (1, (2**40, 2**40), np.dtype("f4"), False, b""),
        (1, (1.0,), np.dtype("f4"), False, b"1234"),
        (1, (1,), "f4", False, b"1234"),
        (1, (1,), np.dtype("O"), False, [1]),
        (1, (1,), np.dtype("f4,f4"), False, b"12345678"),
        "state",
    ],
)
def test_arrays_that_are_none(state: Any, tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(state))
    try:
        notes = PlainArray()
        notes.__setstate__(load_plain(tmp_path / "x.pkl"))
        with pytest.raises(ValueError, match="an array"):
            notes.array()
    except DataError as error:
        assert "refused" in str(error)


GOOD = pickle.dumps({"annotations": [{"keypoint": np.ones((1, 2, 25, 3), np.float32), "label": 1}]})


@settings(max_examples=200)
@given(data=st.data())
def test_mutations(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.pkl"
    start = data.draw(st.integers(0, len(GOOD) - 1))
    end = data.draw(st.integers(start, min(start + 8, len(GOOD))))
    path.write_bytes(GOOD[:start] + data.draw(st.binary(max_size=8)) + GOOD[end:])
    try:
        import_clips(path, path.with_name("mutated"), ImportConfig(), overwrite=True)
    except DataError as error:
        assert str(path) in str(error) or "layout" in str(error)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_long_arrays_stay_in_the_file_until_they_are_asked_for(tmp_path: Path, protocol: int) -> None:
    """Numbers of every byte are the same, and reading one takes no room for the others."""
    clips = [{"frame_dir": f"c{n}", "keypoint": np.arange(n, n + 100_000) % 255 / 7} for n in range(16)]
    clips[3]["keypoint"] = clips[2]["keypoint"]  # the same object twice
    path = tmp_path / "long.pkl"
    path.write_bytes(pickle.dumps({"annotations": clips}, protocol))
    tracemalloc.start()
    read = load_plain(path)["annotations"]
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 100_000 and most < path.stat().st_size / 2
    for clip, found in zip(clips, read, strict=True):
        assert found["frame_dir"] == clip["frame_dir"]
        np.testing.assert_array_equal(found["keypoint"].array(), clip["keypoint"])
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(ValueError, match="too early"):
        read[-1]["keypoint"].array()


def test_objects_that_are_elsewhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(b"\x8c\x050 9 0Q.")
    with refusal(r"x\.pkl: .*elsewhere"):
        load_plain(tmp_path / "x.pkl")
