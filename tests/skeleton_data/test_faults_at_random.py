"""Faults in any format can be skipped, and no mutation of a file makes anything but a clip or a DataError."""

from pathlib import Path

import numpy as np
import pytest
from faults import Fault, content, cut
from mutations import read_mutations
from recording_samples import COLUMNS, RECORDED
from sample_sets import KINDS, annotation, ctr_gcn, write_ctr_gcn, write_pyskl

from skeleton_data.importing.importer import import_clips
from skeleton_data.readers import hdf5_process
from skeleton_data.readers.config import ImportConfig
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


@pytest.mark.parametrize("name", [*KINDS, *RECORDED, *COLUMNS])
def test_mutations_are_read_or_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never another error, nor a clip of a wrong shape."""
    hdf5 = name in ("movement", "sleap")
    monkeypatch.setattr(hdf5_process, "PATIENCE", 1.0)  # their library does not always end
    assert read_mutations((KINDS | RECORDED | COLUMNS)[name], tmp_path, 30 if hdf5 else 150, RANDOM) > 0
