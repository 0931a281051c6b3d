"""The store: what is written is read back, only what is asked for is read, and nothing damaged is opened."""

import json
import os
import pickle
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refusal
from small_stores import KINECT, damage_meta, some_clips, write_store

from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.raw_folder import RawFolder
from skeleton_data.readers.folder_detection import find_format
from skeleton_data.store.store import ClipIndex, SkeletonStore
from skeleton_data.store.writer import StoreWriter


@given(seed=st.integers(0, 10**6), count=st.integers(1, 6))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, seed: int, count: int) -> None:
    clips = some_clips(seed, count)
    store = write_store(
        tmp_path_factory.mktemp("stores") / "s", clips, class_names=["a", "b", "c"], source={"by": "me"}
    )
    assert len(store) == len(store.index) == count
    for number, joints in enumerate(clips):
        np.testing.assert_array_equal(store.read(number), joints)
        assert store.name(number) == f"clip {number} ü"
    assert store.index.frames.tolist() == [len(joints) for joints in clips]
    assert store.index.bodies.tolist() == [joints.shape[1] for joints in clips]
    assert store.index.label.tolist() == [number % 3 for number in range(count)]
    assert store.index.subject.tolist() == list(range(count))
    assert store.index.setup.tolist() == [-1] * count
    assert store.layout == KINECT
    assert store.class_names == ("a", "b", "c")
    assert store.fps == 25
    assert store.meta.source == {"by": "me"}
    store.verify()
    assert all(column.dtype == np.int32 for column in vars(store.index).values())


def test_clips_are_read_only_views_of_the_file(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s", some_clips())
    clip = store.read(1)
    assert type(clip) is np.ndarray
    assert clip.dtype == np.float32
    assert not clip.flags.writeable
    assert np.shares_memory(clip, store.rows)


@pytest.mark.parametrize("clip", [-1, 4])
def test_no_such_clip(tmp_path: Path, clip: int) -> None:
    store = write_store(tmp_path / "s", some_clips())
    with pytest.raises(IndexError, match=f"clip {clip} of a store with clips 0 to 3"):
        store.read(clip)
    with pytest.raises(IndexError):
        store.name(clip)


def test_a_pickled_store_is_its_path(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s", [np.ones((200, 1, 20, 3))])
    pickled = pickle.dumps(store)
    assert len(pickled) < 500
    np.testing.assert_array_equal(pickle.loads(pickled).read(0), store.read(0))


def test_opening_reads_no_joints(tmp_path: Path) -> None:
    """A joints file of 300 GB, all holes, opens and reads like any other."""
    store = write_store(tmp_path / "s", [np.ones((5, 1, 20, 3))])
    rows = 1_250_000_000
    joints, index = tmp_path / "s" / "joints.npy", tmp_path / "s" / "index.npy"
    with joints.open("r+b") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (rows, 20, 3)}
        )
        try:
            file.truncate(file.tell() + rows * 240)
        except OSError:
            pytest.skip("the file system has no files with holes of this size")
    meta = json.loads((tmp_path / "s" / "store.json").read_text())
    meta["rows"] = rows
    meta["files"]["joints.npy"]["bytes"] = joints.stat().st_size
    (tmp_path / "s" / "store.json").write_text(json.dumps(meta))
    records = np.load(index, mmap_mode="r+")
    records["row"] = rows - 5
    records.flush()
    del records, store
    assert not SkeletonStore.open(tmp_path / "s").read(0).any()


def test_two_processes_read_one_store(tmp_path: Path) -> None:
    clips = some_clips(count=20)
    write_store(tmp_path / "s", clips)
    code = (
        "import sys; from skeleton_data import SkeletonStore; store = SkeletonStore.open(sys.argv[1]);"
        "print(sum(float(store.read(clip).sum(dtype='f8')) for clip in range(len(store))))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "s")]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    sums = [float(reader.communicate()[0]) for reader in readers]
    assert sums == [pytest.approx(sum(joints.sum(dtype=np.float64) for joints in clips))] * 2


@pytest.mark.parametrize(
    ("joints", "facts", "message"),
    [
        (
            np.zeros((5, 1, 25, 3)),
            {},
            r"\(5, 1, 25, 3\), expected \(frames, bodies, 20, 3\) for layout 'kinect_v1'",
        ),
        (np.zeros((5, 20, 3)), {}, r"has the shape \(5, 20, 3\)"),
        (np.zeros((0, 1, 20, 3)), {}, r"has the shape \(0, 1, 20, 3\)"),
        (np.zeros((5, 0, 20, 3)), {}, r"has the shape \(5, 0, 20, 3\)"),
        (
            np.where(np.arange(5)[:, None, None, None] == 3, np.nan, np.ones((5, 1, 20, 3))),
            {},
            "finite in frame 3",
        ),
        (np.ones((5, 1, 20, 3)), {"label": 2}, "has the label 2, but there are 2 class names"),
        (np.ones((5, 1, 20, 3)), {"subject": -2}, "expected numbers from 0 to 2147483647 or -1, unknown"),
    ],
)
def test_a_bad_clip_is_named_and_nothing_is_written(
    tmp_path: Path, joints: np.ndarray, facts: dict[str, int], message: str
) -> None:
    with (
        refusal(f"clip 'bad'.*{message}"),
        StoreWriter(tmp_path / "s", layout=KINECT, fps=30, class_names=["a", "b"]) as writer,
    ):
        writer.add(np.ones((5, 1, 20, 3)), name="good")
        writer.add(joints, name="bad", **facts)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_is_not_written(tmp_path: Path) -> None:
    with refusal("s: not written, because there is no clip"):
        write_store(tmp_path / "s", [])
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_replaced_only_on_request(tmp_path: Path) -> None:
    write_store(tmp_path / "s", some_clips(count=2))
    with refusal("exists.*option overwrite"):
        write_store(tmp_path / "s", some_clips(count=3))
    assert len(SkeletonStore.open(tmp_path / "s")) == 2
    assert len(write_store(tmp_path / "s", some_clips(count=3), overwrite=True)) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_ended_meanwhile_in_the_place_of_a_store_is_replaced_only_on_request(
    tmp_path: Path, overwrite: bool
) -> None:
    def write(count: int) -> None:
        with StoreWriter(tmp_path / "s", layout=layout("ntu"), fps=30, overwrite=overwrite) as writer:
            for clip in range(count):
                writer.add(np.ones((2, 1, 25, 3)), name=f"{clip}")
            if count == 3:
                write(1)  # a twin begins later, and ends first

    with nullcontext() if overwrite else refusal("exists.*option overwrite"):
        write(3)
    assert len(SkeletonStore.open(tmp_path / "s")) == (3 if overwrite else 1)
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_folder_that_is_no_store_and_came_meanwhile_is_never_replaced(tmp_path: Path) -> None:
    with (
        refusal("is not a store"),
        StoreWriter(tmp_path / "s", layout=layout("ntu"), fps=30, overwrite=True) as writer,
    ):
        writer.add(np.ones((2, 1, 25, 3)), name="a")
        (tmp_path / "s").mkdir()
        (tmp_path / "s" / "thesis.doc").touch()
    assert (tmp_path / "s" / "thesis.doc").is_file()


def test_an_error_leaves_the_old_store(tmp_path: Path) -> None:
    write_store(tmp_path / "s", some_clips(count=2))
    with refusal("finite"):
        write_store(tmp_path / "s", [np.full((1, 1, 20, 3), np.inf)], overwrite=True)
    assert len(SkeletonStore.open(tmp_path / "s")) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_is_not_a_store_is_never_replaced(tmp_path: Path, what: str) -> None:
    path = tmp_path / "s"
    if what == "file":
        path.write_text("thesis")
    else:
        path.mkdir()
        (path / "thesis.txt").write_text("thesis")
    with refusal("exists and is not a store"):
        write_store(path, some_clips(), overwrite=True)
    assert (path if what == "file" else path / "thesis.txt").read_text() == "thesis"


WRITE_FOREVER = """
import sys, numpy as np
from skeleton_data.layouts.layout import layout
from skeleton_data.store.writer import StoreWriter
with StoreWriter(sys.argv[1], layout=layout("ntu"), fps=30, overwrite=True) as writer:
    while True:
        writer.add(np.ones((50, 2, 25, 3)), name="clip")
        print(flush=True)
"""


def test_a_killed_writer_leaves_the_old_store(tmp_path: Path) -> None:
    write_store(tmp_path / "s", some_clips(count=2))
    process = subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, tmp_path / "s"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(20):
        assert process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    store = SkeletonStore.open(tmp_path / "s")
    store.verify()
    assert len(store) == 2
    assert len(write_store(tmp_path / "s", some_clips(count=3), overwrite=True)) == 3


def test_a_clip_index_has_a_length() -> None:
    columns = {name: np.zeros(3, dtype=np.int32) for name in ClipIndex.__dataclass_fields__}
    assert len(ClipIndex(**columns)) == 3


def test_a_store_behind_a_symbolic_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    write_store(tmp_path / "disk" / "big", some_clips(count=2))
    link = tmp_path / "s"
    link.symlink_to("disk/big")
    assert len(write_store(link, some_clips(count=3), overwrite=True)) == 3
    assert link.is_symlink()
    assert len(SkeletonStore.open(tmp_path / "disk" / "big")) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "s"]
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["big"]


def test_a_symbolic_link_that_leads_nowhere_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "s").symlink_to("gone")
    for use in (
        lambda path: write_store(path, some_clips(), overwrite=True),
        SkeletonStore.open,
        find_format,
        RawFolder.find,
    ):
        with refusal("s: is a symbolic link to gone"):
            use(tmp_path / "s")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


FORGED = "wave\x1b[2J\nother: clap"


def test_names_with_control_characters_are_refused_and_those_of_other_writers_written_out(tmp_path: Path):
    clip, kinect = np.ones((1, 1, 20, 3)), {"layout": layout("kinect_v1"), "fps": 30}
    complaint = r"'wave\\x1b\[2J\\nother: clap' has a control character"
    with refusal(complaint):
        StoreWriter(tmp_path / "s", class_names=[FORGED], **kinect)
    with refusal(complaint), StoreWriter(tmp_path / "s", **kinect) as writer:
        writer.add(clip, name=FORGED)
    with StoreWriter(tmp_path / "s", class_names=["wave"], **kinect) as writer:
        writer.add(clip, name="c" * len(FORGED), label=0)
    (tmp_path / "s" / "names.bin").write_text(FORGED)
    assert SkeletonStore.open(tmp_path / "s").name(0) == r"wave\x1b[2J\nother: clap"
    assert str(DataError.at(FORGED, "is no store")) == r"wave\x1b[2J\nother: clap: is no store"
    damage_meta(tmp_path / "s", written_by=FORGED)
    with refusal(r"written_by: 'wave\\x1b\[2J\\nother: clap' has a control"):
        SkeletonStore.open(tmp_path / "s")
    damage_meta(tmp_path / "s", written_by="", class_names=[FORGED])
    with refusal(r"class_names.0: .*'wave\\x1b\[2J\\nother: clap' has a control"):
        SkeletonStore.open(tmp_path / "s")
