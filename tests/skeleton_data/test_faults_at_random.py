"""Faults in any format can be skipped, and no mutation of a file makes anything but a clip or a DataError."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from faults import Fault, content, cut
from recording_samples import RECORDED
from sample_sets import KINDS, annotation, ctr_gcn, write_ctr_gcn, write_pyskl

from skeleton_data.errors import DataError
from skeleton_data.importing.importer import import_clips
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import read_clips
from skeleton_data.store.store import SkeletonStore

RANDOM = np.random.default_rng(0)


def infinity_in_a_clip(folder: Path) -> None:
    x = ctr_gcn()["x_train"]
    x[1, 2, 7] = np.inf
    write_ctr_gcn(folder, x_train=x)


def no_label(folder: Path) -> None:
    write_pyskl(folder, {"annotations": [annotation(0), annotation(1, label=-2)]})


@pytest.mark.parametrize(
    ("name", "fault", "clips"),
    [
        ("ctr-gcn", infinity_in_a_clip, 2),
        ("pyskl", no_label, 1),
        ("nw-ucla", cut("all_sqe/a08_s02_e00_v03.json"), 1),
        ("pku-mmd", content("labels/0002-L.txt", b"8,1,4,2\n60,5,6,1\n9,5,10,1"), 4),
        ("kinetics", cut("kinetics_val/0aBc-_x.json"), 1),
        ("bvh", cut("mocap/wave.bvh"), 1),
    ],
)
def test_faults_can_be_skipped(name: str, fault: Fault, clips: int, tmp_path: Path) -> None:
    source = KINDS[name].write(tmp_path)
    fault(tmp_path)
    config = ImportConfig(**KINDS[name].config(tmp_path))
    done = import_clips(source, tmp_path / "s", config, on_error="skip")
    assert done.clips == len(SkeletonStore.open(tmp_path / "s")) == clips
    assert len(done.problems) == 1
    assert (tmp_path / "s.skipped.txt").read_text().splitlines() == list(done.problems)


PIECES = [
    b"",
    b" ",
    b"\n",
    b"-",
    b"9" * 20,
    b"NaN",
    b"null",
    b"\xff",
    b"\x00",
    b"{",
    b"}",
    b"[",
    b'"',
    b"1e999",
    b"--5",
]


def mutated(data: bytes) -> bytes:
    """With a piece put in the place of another, a bit turned over, or the end cut off."""
    start = int(RANDOM.integers(len(data)))
    match RANDOM.integers(4):
        case 0:
            return data[:start] + bytes([data[start] ^ 1 << int(RANDOM.integers(8))]) + data[start + 1 :]
        case 1:
            return data[:start]
        case _:
            end = start + int(RANDOM.choice([0, 1, 3, 40]))
            return data[:start] + PIECES[RANDOM.integers(len(PIECES))] + data[end:]


def mutated_inside(data: bytes) -> bytes:
    """A zip file with one entry mutated, most often in its head, and all checksums right."""
    packed = BytesIO()
    with ZipFile(BytesIO(data)) as archive, ZipFile(packed, "w") as changed:
        chosen = RANDOM.choice(archive.namelist())
        for name in archive.namelist():
            entry = archive.read(name)
            if name == chosen:
                head = int(RANDOM.choice([140, len(entry)]))
                entry = mutated(entry[:head]) + entry[head:]
            changed.writestr(name, entry)
    return packed.getvalue()


@pytest.mark.parametrize("name", [*KINDS, *RECORDED])
def test_mutations_are_read_or_refused(name: str, tmp_path: Path) -> None:
    """Never another error, nor a clip of a wrong shape."""
    kind = (KINDS | RECORDED)[name]
    source = kind.write(tmp_path)
    config = ImportConfig(format=name, **kind.config(tmp_path))
    files = [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".toml"]
    for _ in range(150):
        file = files[RANDOM.integers(len(files))]
        whole = file.read_bytes()
        inside = file.suffix == ".npz" and RANDOM.random() < 0.7
        file.write_bytes(mutated_inside(whole) if inside else mutated(whole))
        try:
            found = read_clips(source, config)
            clips = list(found.clips)
        except DataError as error:
            clips = [error]
        for clip in clips:
            if isinstance(clip, DataError):
                assert str(tmp_path) in str(clip) and "\n" not in str(clip) and len(str(clip)) < 600
            else:
                assert clip.joints.shape[2:] == (len(found.joints), 3) and clip.joints.size
                assert not np.isinf(clip.joints).any()
        file.write_bytes(whole)
