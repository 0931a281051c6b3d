"""An option that a format, or data of that dimension, has no use for is refused, or said to be idle."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recording_samples import RECORDED
from sample_sets import KINDS

from skeleton_data import DataError, ImportConfig, layout
from skeleton_data.importing.importer import verify_clips
from skeleton_data.readers.formats import FORMATS

ALL = KINDS | RECORDED
FLAT = {"kinetics", "openpose", "alphapose", "mmpose", "deeplabcut", "pose", "sleap", "movement"}
SURE = FLAT | {"mediapipe"}
OPTIONS: dict[str, Any] = {
    "source_layout": "nope",
    "picture": (640, 480),
    "up": "z",
    "part": "nope",
    "replication": "nope",
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    source = ALL[name].write(tmp_path)
    said = ALL[name].config(tmp_path)
    idle = {"source_layout", "part", "replication"} | ({"up"} if name in FLAT else {"picture"})
    for option in sorted(idle):
        with pytest.raises(DataError, match=f"no layout 'nope': choose from .*ntu|{option}|nope"):
            verify_clips(source, ImportConfig(**(said | {option: OPTIONS[option]})))


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_least_confidence_without_any_is_said_to_be_idle(name: str, tmp_path: Path) -> None:
    source = ALL[name].write(tmp_path)
    config = ImportConfig(**(ALL[name].config(tmp_path) | {"min_confidence": 0.1, "insist": True}))
    warned = any("min_confidence" in line for line in verify_clips(source, config).warnings)
    assert warned == (name not in SURE)


def test_a_source_layout_beside_names(tmp_path: Path) -> None:
    own = ALL["own"].write(tmp_path)
    (tmp_path / "names.txt").write_text("a\nb\n")
    with pytest.raises(DataError, match=r"joints.*source_layout"):
        verify_clips(own, ImportConfig(source_layout="ntu", joints=tmp_path / "names.txt"))
    with np.load(own) as arrays:
        np.savez(own, joint_names=layout("ntu").joints, **arrays)
    with pytest.raises(DataError, match=r"mine.*source_layout"):
        verify_clips(own, ImportConfig(source_layout="ntu"))


def test_every_format_has_a_sample() -> None:
    assert set(FORMATS) - {"store", "huggingface"} - set(ALL) <= {"movement", "sleap"}
