"""Raw recordings straight from zip files: the same store as from a folder, and words for damaged ones."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.cli.main import main
from skeleton_data.ntu.facts import samples_without_skeleton
from skeleton_data.ntu.preparation import prepare
from skeleton_data.ntu.raw_file import RawFile, zip_entries
from skeleton_data.ntu.raw_folder import RawFolder
from skeleton_data.ntu.recording import RawClip, write_skeleton

FILES = ("joints.npy", "index.npy", "names.bin")
NAMES = [f"S{setup:03}C001P001R001A{action:03}" for setup, action in ((1, 1), (1, 2), (18, 61), (18, 62))]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        joints = np.random.default_rng(number).normal(size=(3, 25, 3)).astype(np.float32)
        write_skeleton(folder / f"{name}.skeleton", RawClip(3, np.arange(3), np.full(3, 7), joints))
    return folder


def pack(
    path: Path, files: list[Path], method: int = zipfile.ZIP_DEFLATED, below: str = "nturgb+d_skeletons/"
) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.mkdir(below)
        for file in files:
            archive.write(file, below + file.name)
    return path


def same(one: Path, other: Path) -> bool:
    return all((one / file).read_bytes() == (other / file).read_bytes() for file in FILES)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_official_zip_files(raw: Path, tmp_path: Path, method: int) -> None:
    """Two of them in one folder, one with its files in a folder, one without."""
    files = sorted(raw.iterdir())
    pack(tmp_path / "zips" / "nturgbd_skeletons_s001_to_s017.zip", files[:2], method)
    pack(tmp_path / "zips" / "nturgbd_skeletons_s018_to_s032.zip", files[2:], method, below="./")
    prepare(raw, tmp_path / "one", workers=1)
    assert prepare(tmp_path / "zips", tmp_path / "two", workers=1).clips == 4
    assert same(tmp_path / "one", tmp_path / "two")
    assert not list(tmp_path.rglob("zips/*.skeleton"))
    done = prepare(tmp_path / "zips" / "nturgbd_skeletons_s001_to_s017.zip", tmp_path / "three", workers=1)
    assert done.clips == 2


def test_other_processes_can_read(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skeleton_data.ordered_map.CHUNK", 2)
    pack(tmp_path / "all.zip", sorted(raw.iterdir()))
    for workers in (1, 2):
        prepare(tmp_path / "all.zip", tmp_path / f"{workers}", workers=workers)
    assert same(tmp_path / "1", tmp_path / "2")


def test_own_class_names_and_hidden_files(raw: Path, tmp_path: Path) -> None:
    listed = sorted(samples_without_skeleton())[0]
    (raw / f"{NAMES[0]}.skeleton").rename(raw / f"{listed}.skeleton")
    (raw / "class_names.txt").write_text("\n".join(f"action {number}" for number in range(100)))
    path = pack(tmp_path / "all.zip", sorted(raw.iterdir()))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"__MACOSX/._{NAMES[1]}.skeleton", b"\x00")
    folder = RawFolder.find(path)
    assert (len(folder.files), folder.left_out, folder.class_names[60]) == (4, 0, "action 60")
    (raw / "class_names.txt").unlink()
    folder = RawFolder.find(pack(path, sorted(raw.iterdir())))
    assert (len(folder.files), folder.left_out, len(folder.class_names)) == (3, 1, 120)


def test_bad_files_are_listed_skipped_and_reported(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (raw / f"{NAMES[1]}.skeleton").write_text("2\n1\nx\n")
    (raw / f"{NAMES[2]}.skeleton").rename(raw / "walk.skeleton")
    path = pack(tmp_path / "all.zip", sorted(raw.iterdir()))
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(path), "--workers", "1"])
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert f"{path}/nturgb+d_skeletons/{NAMES[1]}.skeleton, line 3: expected the 10 tracking numbers" in out
    assert "walk.skeleton: 'walk' is not a name like" in out
    assert "2 of 4 recordings can be used" in out
    with refusal("line 3: expected the 10"):
        prepare(path, tmp_path / "s", workers=1)
    done = prepare(path, tmp_path / "s", workers=1, on_error="skip")
    assert done.clips == 2
    assert len((tmp_path / "s.skipped.txt").read_text().splitlines()) == 2


def test_damaged_zip_files(raw: Path, tmp_path: Path) -> None:
    good = pack(tmp_path / "all.zip", sorted(raw.iterdir())).read_bytes()
    entries = list(zip_entries(tmp_path / "all.zip", ".skeleton"))
    bad = tmp_path / "all.zip"
    bad.write_bytes(good[: len(good) // 2])
    with refusal(r"all\.zip: cannot be read as a zip file"):
        RawFolder.find(bad)
    with refusal(r"all\.zip/nturgb\+d_skeletons/.*: (damaged|the zip file ends)"):
        entries[3].read()
    bad.write_bytes(b"")
    with refusal("cannot be read as a zip file"):
        RawFolder.find(bad)
    place = entries[1].start + 200
    bad.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
    done = prepare(bad, tmp_path / "s", workers=1, on_error="skip")
    assert done.clips == 3
    assert f"{NAMES[1]}.skeleton: damaged: " in done.problems[0]
    bad.write_bytes(good[: entries[1].start] + b"XX" + good[entries[1].start + 2 :])
    with refusal("there is no entry where it should be"):
        entries[1].read()
    bad.write_bytes(b"PK\x05\x06" + bytes(18))
    with refusal(r"there is no \.skeleton file in it"):
        RawFolder.find(bad)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flags": 1}, "it is encrypted"),
        ({"method": 14}, "compressed by method 14, expected 0 or 8"),
        ({"size": 2**40}, "1099511627776 bytes, expected at most"),
        ({"size": 10}, "checksum"),
    ],
)
def test_entries_that_are_not_read(raw: Path, tmp_path: Path, changes: dict[str, int], message: str) -> None:
    (entry,) = zip_entries(pack(tmp_path / "all.zip", sorted(raw.iterdir())[:1]), ".skeleton")
    facts = {name: getattr(entry, name) for name in RawFile.__slots__} | changes
    with refusal(message):
        RawFile(**facts).read()


def test_a_recording_twice(raw: Path, tmp_path: Path) -> None:
    pack(raw / "all.zip", sorted(raw.iterdir())[:1])
    with refusal("there is another recording of that name"):
        RawFolder.find(raw)
