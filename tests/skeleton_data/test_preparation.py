"""From raw recordings to a store: the same for any number of processes, bad files named or reported."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.errors import DataError
from skeleton_data.ntu.cleaning import clean
from skeleton_data.ntu.facts import ntu_class_names, samples_without_skeleton
from skeleton_data.ntu.preparation import prepare
from skeleton_data.ntu.raw_folder import RawFolder
from skeleton_data.ntu.recording import RawClip, read_skeleton, write_skeleton
from skeleton_data.ordered_map import CHUNK, ordered_map
from skeleton_data.store.store import SkeletonStore


def write(folder: Path, *names: str, frames: int = 3) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        joints = np.random.default_rng(number).normal(size=(frames, 25, 3)).astype(np.float32)
        clip = RawClip(frames, np.arange(frames), np.full(frames, 7), joints)
        write_skeleton(folder / f"{name}.skeleton", clip)


def test_reference_recordings(shared: Path, tmp_path: Path) -> None:
    raw = shared / "golden" / "raw_ntu"
    done = prepare(raw, tmp_path / "s", workers=1)
    store = SkeletonStore.open(tmp_path / "s")
    assert done.clips == len(store) == 11
    assert store.layout.name == "ntu"
    assert store.class_names == ntu_class_names()[:60]
    for clip, file in enumerate(sorted(raw.glob("*.skeleton"))):
        assert store.name(clip) == file.stem
        np.testing.assert_array_equal(store.read(clip), clean(read_skeleton(file)))
        facts = [int(file.stem[start : start + 3]) for start in (1, 5, 9, 13, 17)]
        columns = (store.index.setup, store.index.camera, store.index.subject, store.index.replication)
        assert [int(column[clip]) for column in columns] == facts[:4]
        assert store.index.label[clip] == facts[4] - 1


def test_two_processes_make_the_same_store(tmp_path: Path) -> None:
    names = [f"S{number:03}C001P001R001A001" for number in range(1, 2 * CHUNK)]
    write(tmp_path / "raw", *names)
    for workers in (1, 2):
        prepare(tmp_path / "raw", tmp_path / f"{workers}", workers=workers)
    for file in sorted((tmp_path / "1").iterdir()):
        assert file.read_bytes() == (tmp_path / "2" / file.name).read_bytes(), file.name


def test_files_in_folders_below_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "b", "S001C001P001R001A001")
    write(tmp_path / "raw" / "a", "S001C001P001R001A002")
    write(tmp_path / "raw", "S001C001P001R001A003")
    (tmp_path / "raw" / "notes.txt").write_text("not a recording")
    prepare(tmp_path / "raw", tmp_path / "s", workers=1)
    store = SkeletonStore.open(tmp_path / "s")
    assert store.index.label.tolist() == [0, 1, 2]


def test_samples_listed_without_skeleton_are_left_out(tmp_path: Path) -> None:
    listed = sorted(samples_without_skeleton())[0]
    write(tmp_path / "raw", listed, "S001C001P001R001A001")
    (tmp_path / "raw" / f"{listed}.skeleton").write_text("0\n")
    done = prepare(tmp_path / "raw", tmp_path / "s", workers=1)
    assert (done.clips, done.left_out) == (1, 1)


def test_a_set_with_its_own_class_names_is_not_ntu(tmp_path: Path) -> None:
    listed = sorted(samples_without_skeleton())[0]
    write(tmp_path / "raw", listed, "S001C001P001R001A001")
    (tmp_path / "raw" / "class_names.txt").write_text(
        "\n".join(f"action {number}" for number in range(60)) + "\n"
    )
    done = prepare(tmp_path / "raw", tmp_path / "s", workers=1)
    assert (done.clips, done.left_out) == (2, 0)
    assert SkeletonStore.open(tmp_path / "s").class_names[:2] == ("action 0", "action 1")


def test_recordings_of_ntu_120_get_120_class_names(tmp_path: Path) -> None:
    write(tmp_path / "raw", "S018C001P001R001A061")
    prepare(tmp_path / "raw", tmp_path / "s", workers=1)
    assert SkeletonStore.open(tmp_path / "s").class_names == ntu_class_names()


@pytest.fixture
def with_bad_files(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    write(raw, *[f"S001C001P001R001A00{action}" for action in range(1, 6)], "walk")
    (raw / "S001C001P001R001A002.skeleton").write_text("3\n1\n")
    ghosts = RawClip(9, np.arange(9), np.arange(9) // 5, np.ones((9, 25, 3), np.float32))
    write_skeleton(raw / "S001C001P001R001A004.skeleton", ghosts)
    return raw


def test_a_bad_file_stops_and_nothing_is_written(with_bad_files: Path, tmp_path: Path) -> None:
    with refusal(r"A002\.skeleton, line 2: expected"):
        prepare(with_bad_files, tmp_path / "s", workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_bad_files_are_skipped_and_reported(with_bad_files: Path, tmp_path: Path) -> None:
    done = prepare(with_bad_files, tmp_path / "s", workers=1, on_error="skip")
    assert done.clips == 3
    report = (tmp_path / "s.skipped.txt").read_text().splitlines()
    assert report == list(done.problems)
    assert "A002.skeleton, line 2: expected the 10 tracking numbers" in report[0]
    assert "A004.skeleton: none of its 2 bodies is seen in at least 12 frames" in report[1]
    assert "walk.skeleton: 'walk' is not a name like S001C002P003R001A050" in report[2]
    for line in report:
        Path(line.split(":")[0].split(",")[0]).unlink()
    prepare(with_bad_files, tmp_path / "s", workers=1, on_error="skip", overwrite=True)
    assert not (tmp_path / "s.skipped.txt").exists()


def test_a_recording_of_no_known_class_is_named_and_can_be_skipped(tmp_path: Path) -> None:
    write(tmp_path / "raw", "S001C001P001R001A001", "S001C001P001R001A121")
    message = r"A121\.skeleton: clip 'S001C001P001R001A121' has the label 120, but there are 120 class names"
    with refusal(message):
        prepare(tmp_path / "raw", tmp_path / "s", workers=1)
    done = prepare(tmp_path / "raw", tmp_path / "s", workers=1, on_error="skip")
    assert done.clips == len(done.problems) == 1


def test_what_is_no_set_of_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"none: no such folder; expected (one with )?\.skeleton or \.zip files"
    ):
        prepare(tmp_path / "none", tmp_path / "s")
    with refusal(r"there is no \.skeleton file in it, nor in a \.zip"):
        prepare(tmp_path, tmp_path / "s")
    write(tmp_path / "raw" / "a", "S001C001P001R001A001")
    shutil.copytree(tmp_path / "raw" / "a", tmp_path / "raw" / "b")
    with refusal("there is another recording of that name"):
        RawFolder.find(tmp_path / "raw")
    (tmp_path / "raw" / "b" / "class_names.txt").write_bytes(b"\xff")
    with refusal(r"class_names\.txt: cannot be read"):
        RawFolder.find(tmp_path / "raw" / "b")


def test_the_facts_about_ntu() -> None:
    assert len(set(ntu_class_names())) == 120
    assert all(len(name) == 20 for name in samples_without_skeleton())
    # What is left are the published numbers of samples.
    assert 56_880 - sum(name[1:4] <= "017" for name in samples_without_skeleton()) == 40_091 + 16_487
    assert 114_480 - len(samples_without_skeleton()) == 63_026 + 50_919


def test_the_map_keeps_the_order_and_can_be_left() -> None:
    items = list(range(-3 * CHUNK, 0))
    assert list(ordered_map(abs, items, workers=2)) == [-item for item in items]
    results = ordered_map(abs, items, workers=2)
    assert next(results) == 3 * CHUNK
    results.close()


KILLED_WHILE_READING = """
import sys
from skeleton_data.ordered_map import ordered_map
if __name__ == "__main__":
    results = ordered_map(abs, range(1000), workers=2)
    print(next(results), flush=True)
    sys.stdin.read()
"""


def test_workers_end_when_their_parent_is_killed() -> None:
    """They hold its standard output, which ends only when the last of them does."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED_WHILE_READING], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"0\n"
    process.kill()
    assert process.communicate(timeout=60)[0] == b""
