"""Files as people have them, which once went wrong: each is imported, or refused with what to do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refusal import refusal

from skeleton_data import ImportConfig, SkeletonStore, divide, import_clips
from skeleton_data.importing.importer import Imported, verify_clips
from skeleton_data.readers.formats import read_clips


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    return shared / "cases"


def bring_in(source: Path, folder: Path, **options: Any) -> tuple[Imported, SkeletonStore]:
    """`import`, and `verify`, which must say the same."""
    config = ImportConfig(**options)
    done = import_clips(source, folder / "s", config)
    assert verify_clips(source, config) == done
    return done, SkeletonStore.open(folder / "s")


TAKEN: list[tuple[str, dict[str, Any], int, str, list[int]]] = [
    ("03_two_d.pkl", {}, 8, "coco17", [0, 1, 2, 3] * 2),
    ("07_unlabelled.pkl", {"layout": "ntu"}, 8, "ntu", [-1] * 8),
    ("08_ctr_17_joints.npz", {"layout": "coco17"}, 8, "coco17", [0, 1, 2, 3] * 2),
    ("08_ctr_one_body.npz", {}, 8, "ntu", [0, 1, 2, 3] * 2),
    ("08_pyskl_26_joints.pkl", {}, 8, "halpe26", [0, 1, 2, 3] * 2),
    ("09_alphapose", {"fps": 30, "picture": (640, 480)}, 1, "halpe26", [-1]),
    ("09_azure", {}, 1, "azure32", [-1]),
    ("09_mmaction_list.pkl", {"layout": "ntu"}, 8, "ntu", [0, 1, 2, 3] * 2),
    ("09_openpose", {"fps": 30, "picture": (640, 480)}, 1, "body25", [-1]),
    ("09_stgcn", {"source_layout": "ntu"}, 8, "ntu", [0, 1, 2, 3] * 2),
    ("09_txt2npy", {}, 1, "ntu", [0]),
    ("10_azure_names.npz", {}, 2, "azure32", [0, 1]),
    ("06_hik.bvh", {"units": "cm"}, 1, "bvh", [-1]),
    ("15_frames_glued.bvh", {"units": "cm"}, 1, "bvh", [-1]),
    ("14_millimetres_said_metres.npz", {"layout": "ntu", "units": "mm"}, 8, "ntu", [0, 1, 2, 3] * 2),
]


@pytest.mark.parametrize(
    ("name", "options", "clips", "layout", "labels"), TAKEN, ids=[row[0] for row in TAKEN]
)
def test_taken(
    name: str,
    options: dict[str, Any],
    clips: int,
    layout: str,
    labels: list[int],
    cases: Path,
    tmp_path: Path,
) -> None:
    done, store = bring_in(cases / name, tmp_path, **options)
    assert (done.clips, store.layout.name) == (clips, layout)
    assert store.index.label.tolist() == labels


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("06_hik.bvh", {"units": "cm", "layout": "ntu"}, "no joint named spine_base.*it has Hips, LeftUpLeg"),
    ("04_pyskl_own_split.pkl", {}, "25 joints .* body25 and ntu .*source_layout"),
    ("08_ctr_17_joints.npz", {}, "coco17 or h36m17.*source_layout"),
    ("09_mediapipe.csv", {"fps": 30}, "the option picture"),
    ("09_trc.trc", {}, "RHip, LHip, .*layout"),
    ("12_point.npz", {"layout": "ntu"}, "a body measures 0 m"),
    ("14_millimetres_said_metres.npz", {"layout": "ntu"}, "a body measures 1,5.. m.*units"),
]


@pytest.mark.parametrize(("name", "options", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_by_import_and_verify_alike(
    name: str, options: dict[str, Any], message: str, cases: Path, tmp_path: Path
) -> None:
    for read in (verify_clips, lambda source, config: import_clips(source, tmp_path / "s", config)):
        with refusal(message):
            read(cases / name, ImportConfig(**options))
    assert not (tmp_path / "s").exists()


def test_the_option_units_that_counts_is_told(cases: Path) -> None:
    notes = read_clips(cases / "14_millimetres_said_metres.npz", ImportConfig(units="mm")).notes
    assert any("14_millimetres" in note and "mm" in note for note in notes)


def test_the_own_split_of_a_file(cases: Path, tmp_path: Path) -> None:
    for name, options in (("04_ctr_gcn_own_split.npz", {}), ("04_pyskl_own_split.pkl", {"layout": "ntu"})):
        (tmp_path / name).mkdir()
        _, store = bring_in(cases / name, tmp_path / name, **options)
        sides = divide(store, "own")
        assert (sides.train.tolist(), sides.test.tolist()) == ([0, 1, 2, 3, 4, 5], [6, 7])


def test_a_body_in_one_point_is_imported_if_insisted(cases: Path, tmp_path: Path) -> None:
    _, store = bring_in(cases / "12_point.npz", tmp_path, layout="ntu", insist=True)
    assert len(store) == 8 and not np.ptp(store.read(0), axis=2).any()


def test_every_case_has_a_test(cases: Path) -> None:
    tests = Path(__file__).parents[1]
    text = "\n".join(file.read_text(encoding="utf-8") for file in tests.glob("*/test_*.py"))
    files = [file for folder in (cases, cases / "golden") for file in folder.iterdir()]
    elsewhere = {
        "README",
        "golden",
        "13_transformer_export",  # what it does is in tests/skeletonmae/test_transformer.py
        "stgcn_label",  # of stgcn_data.npy
    }
    named = {file.name.split(".")[0] for file in files} - elsewhere
    assert {name for name in named if name not in text} == set()
