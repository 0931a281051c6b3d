"""Preparation that is cut off: the old store or none, and the next one goes on from what is whole."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.preparation import prepare
from skeleton_data.ntu.raw_file import RawFile
from skeleton_data.ntu.recording import RawClip, write_skeleton
from skeleton_data.store.store import SkeletonStore
from skeleton_data.store.writer import StoreWriter

CHUNK = 3
FILES = ("joints.npy", "index.npy", "names.bin")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skeleton_data.ntu.preparation.CHUNK", CHUNK)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = tmp_path_factory.mktemp("recordings") / "raw"
    raw.mkdir()
    for number in range(1, 11):
        joints = np.random.default_rng(number).normal(size=(2 + number, 25, 3)).astype(np.float32)
        clip = RawClip(len(joints), np.arange(len(joints)), np.full(len(joints), 7), joints)
        write_skeleton(raw / f"S001C001P001R001A{number:03}.skeleton", clip)
    return raw


@pytest.fixture
def raw(recordings: Path, tmp_path: Path) -> Path:
    shutil.copytree(recordings, tmp_path / "raw")
    return tmp_path / "raw"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read; the one that is called like ``stop_at`` interrupts."""
    read, names = RawFile.read, []

    def noted(file: RawFile) -> bytes:
        names.append(file.stem[-3:])
        if names[-1] == os.environ.get("STOP_AT"):
            raise KeyboardInterrupt
        return read(file)

    monkeypatch.setattr(RawFile, "read", noted)
    return names


def interrupted(raw: Path, store: Path, monkeypatch: pytest.MonkeyPatch, at: str, **options: object) -> None:
    monkeypatch.setenv("STOP_AT", at)
    with pytest.raises(KeyboardInterrupt):
        prepare(raw, store, workers=1, **options)  # type: ignore[arg-type]
    monkeypatch.delenv("STOP_AT")


def same(one: Path, other: Path) -> bool:
    return all((one / file).read_bytes() == (other / file).read_bytes() for file in FILES)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_goes_on_after_an_interruption(
    raw: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(raw, tmp_path / "whole", workers=1)
    reads.clear()
    interrupted(raw, tmp_path / "s", monkeypatch, "008")
    assert not (tmp_path / "s").exists()
    assert len(left(tmp_path)) == 2  # the folder and its lock
    reads.clear()
    done = prepare(raw, tmp_path / "s", workers=1)
    assert (done.clips, done.resumed) == (10, 2 * CHUNK)
    assert reads == ["007", "008", "009", "010"]
    assert same(tmp_path / "s", tmp_path / "whole")
    SkeletonStore.open(tmp_path / "s").verify()
    assert left(tmp_path) == []


def test_again_and_again(
    raw: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in ("005", "008", "010"):
        interrupted(raw, tmp_path / "s", monkeypatch, at)
    reads.clear()
    assert prepare(raw, tmp_path / "s", workers=1).resumed == 3 * CHUNK
    prepare(raw, tmp_path / "whole", workers=1)
    assert same(tmp_path / "s", tmp_path / "whole")


@pytest.mark.parametrize("change", ["first file", "fifth file", "cleaning", "joints", "journal", "names"])
def test_what_is_not_the_same_is_made_anew(
    change: str, raw: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(raw, tmp_path / "s", monkeypatch, "008")
    (partial,) = (path for path in tmp_path.iterdir() if path.is_dir() and path.name.startswith("."))
    cleaning, resumed = "reference", 0
    match change:
        case "first file" | "fifth file":
            number = 1 if change == "first file" else 5
            shutil.copy(raw / "S001C001P001R001A010.skeleton", raw / f"S001C001P001R001A{number:03}.skeleton")
            resumed = CHUNK * (number == 5)
        case "cleaning":
            cleaning = "true_frames"
        case "joints":
            with (partial / "joints.npy").open("r+b") as file:
                file.seek(-1, os.SEEK_END)
                file.write(b"\xff")  # beyond the last chunk, or in it
            with (partial / "joints.npy").open("r+b") as file:
                file.seek(128 + 3 * 100)
                file.write(b"\xff\xff")
        case "journal":
            (partial / "journal.jsonl").write_bytes(b"{")
        case "names":
            (partial / "names.bin").write_bytes(b"")
    done = prepare(raw, tmp_path / "s", workers=1, cleaning=cleaning)  # type: ignore[arg-type]
    assert done.resumed == resumed
    prepare(raw, tmp_path / "whole", workers=1, cleaning=cleaning)  # type: ignore[arg-type]
    assert same(tmp_path / "s", tmp_path / "whole")
    assert left(tmp_path) == []


def test_skipped_files_stay_in_the_report(
    raw: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw / "S001C001P001R001A002.skeleton").write_text("2\n")
    interrupted(raw, tmp_path / "s", monkeypatch, "008", on_error="skip")
    done = prepare(raw, tmp_path / "s", workers=1, on_error="skip")
    assert (done.clips, done.resumed, len(done.problems)) == (9, 2 * CHUNK, 1)
    assert "A002.skeleton, line 1" in (tmp_path / "s.skipped.txt").read_text()
    interrupted(raw, tmp_path / "t", monkeypatch, "008", on_error="skip")
    with refusal(r"A002\.skeleton, line 1"):
        prepare(raw, tmp_path / "t", workers=1)  # to stop at bad files is to stop at this one too


def test_a_mended_file_needs_no_new_beginning(raw: Path, tmp_path: Path, reads: list[str]) -> None:
    good = (raw / "S001C001P001R001A009.skeleton").read_bytes()
    (raw / "S001C001P001R001A009.skeleton").write_text("2\n")
    with refusal(r"A009\.skeleton, line 1"):
        prepare(raw, tmp_path / "s", workers=1)
    (raw / "S001C001P001R001A009.skeleton").write_bytes(good)
    assert prepare(raw, tmp_path / "s", workers=1).resumed == 2 * CHUNK


KILLED = """
import sys
import skeleton_data.ntu.preparation
from skeleton_data.ntu.raw_file import RawFile
skeleton_data.ntu.preparation.CHUNK = 3
read = RawFile.read
def slow(file):
    if file.stem.endswith("008"):
        print(flush=True)
        sys.stdin.read()
    return read(file)
RawFile.read = slow
skeleton_data.ntu.preparation.prepare(sys.argv[1], sys.argv[2], workers=1, overwrite=True)
"""


@pytest.fixture
def killed(raw: Path, tmp_path: Path) -> Iterator[Path]:
    """The store of a process that was killed, by the kernel, at the eighth of ten recordings."""
    with StoreWriter(tmp_path / "s", layout=layout("ntu"), fps=30) as writer:
        writer.add(np.ones((3, 1, 25, 3)), name="old")
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, raw, tmp_path / "s"], stdin=pipe, stdout=pipe
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        # A writer that lives keeps its folder: another one of the same store begins anew.
        prepare(raw, tmp_path / "s", workers=1, overwrite=True)
        assert len(left(tmp_path)) == 2
        shutil.rmtree(tmp_path / "s")
        with StoreWriter(tmp_path / "s", layout=layout("ntu"), fps=30) as writer:
            writer.add(np.ones((3, 1, 25, 3)), name="old")
        os.kill(process.pid, signal.SIGKILL)
    yield tmp_path / "s"


def test_killed(killed: Path, raw: Path, tmp_path: Path) -> None:
    store = SkeletonStore.open(killed)
    store.verify()
    assert store.name(0) == "old"
    done = prepare(raw, killed, workers=1, overwrite=True)
    assert (done.clips, done.resumed) == (10, 2 * CHUNK)
    assert left(tmp_path) == []
    prepare(raw, tmp_path / "whole", workers=1)
    assert same(killed, tmp_path / "whole")


def write(path: Path, name: str) -> None:
    with StoreWriter(path, layout=layout("ntu"), fps=30, overwrite=True) as writer:
        writer.add(np.ones((3, 1, 25, 3)), name=name)


def test_an_old_store_that_was_stepping_aside_is_put_back(tmp_path: Path) -> None:
    """Killed between the two renames: the old store stands aside, the new one is complete but hidden."""
    write(tmp_path / ".s.partial-0badcafe-old", "old")
    write(tmp_path / ".s.partial-0badcafe", "new")
    (tmp_path / ".s.partial-0badcafe.lock").touch()
    with (
        refusal("finite"),
        StoreWriter(tmp_path / "s", layout=layout("ntu"), fps=30) as w,
    ):
        w.add(np.full((1, 1, 25, 3), np.nan), name="bad")
    assert SkeletonStore.open(tmp_path / "s").name(0) == "old"
    assert left(tmp_path) == []


READS = """
import sys, numpy as np
from skeleton_data.store.store import SkeletonStore
store = SkeletonStore.open(sys.argv[1])
print(sum(float(np.abs(store.read(clip)).sum()) for clip in range(len(store))), flush=True)
sys.stdin.read()
print(store.name(3), float(store.read(3)[0, 0, 0, 0]))
"""


def test_two_processes_read_one_store_while_it_is_replaced(raw: Path, tmp_path: Path) -> None:
    prepare(raw, tmp_path / "s", workers=1)
    store = SkeletonStore.open(tmp_path / "s")
    total = sum(float(np.abs(store.read(clip)).sum()) for clip in range(len(store)))
    fourth = float(store.read(3)[0, 0, 0, 0])
    pipe = subprocess.PIPE
    readers = [
        subprocess.Popen([sys.executable, "-c", READS, tmp_path / "s"], stdin=pipe, stdout=pipe, text=True)
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert float(reader.stdout.readline()) == total
    write(tmp_path / "s", "new")
    for reader in readers:  # still map the store that they opened
        assert reader.communicate()[0] == f"S001C001P001R001A004 {fourth}\n"
    assert SkeletonStore.open(tmp_path / "s").name(0) == "new"
