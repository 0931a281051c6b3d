"""One motion in many formats: every reader gives what the file holds, as the truth beside the files says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.clips import Clip, turn_upright
from skeleton_data.importing.importer import import_clips
from skeleton_data.layouts.joint_mapping import joint_map
from skeleton_data.readers import (
    c3d,
    camera_json,
    deeplabcut,
    detections,
    joint_table,
    movement,
    pose_file,
    sleap,
    trc,
)
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import FORMATS, find_format, read_clips
from skeleton_data.readers.listing import per_metre
from skeleton_data.readers.recording import Recording
from skeleton_data.store.store import SkeletonStore

GOLDEN = Path(__file__).parents[3] / "shared" / "cases" / "golden"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden files are not in ../shared/cases")

READERS: list[tuple[str, str, Callable[[Path], Recording]]] = [
    ("openpose/clip", "openpose", detections.read_openpose),
    ("alphapose.json", "alphapose", detections.read_alphapose),
    ("mmpose.json", "mmpose", detections.read_mmpose),
    ("mmpose_topdown.json", "mmpose", detections.read_mmpose),
    ("mediapipe.json", "mediapipe", camera_json.read_mediapipe),
    ("azure.json", "azure", camera_json.read_azure),
    ("mediapipe_world.csv", "table", joint_table.read_joint_table),
    ("kinect_v2.csv", "table", joint_table.read_joint_table),
    ("ezc3d.c3d", "c3d", c3d.read_c3d),
    ("c3d.c3d", "c3d", c3d.read_c3d),
    ("opensim.trc", "trc", trc.read_trc),
    ("opensim_adapter.trc", "trc", trc.read_trc),
    ("dlc_single.csv", "deeplabcut", deeplabcut.read_deeplabcut),
    ("dlc_single.h5", "deeplabcut", deeplabcut.read_deeplabcut),
    ("dlc_multi.h5", "deeplabcut", deeplabcut.read_deeplabcut),
    ("sleap.slp", "sleap", sleap.read_sleap),
    ("sleap.analysis.h5", "sleap", sleap.read_sleap),
    ("movement.nc", "movement", movement.read_movement),
    ("movement_0.15.nc", "movement", movement.read_movement),
    ("sign.pose", "pose", pose_file.read_pose),
    ("sign_v01.pose", "pose", pose_file.read_pose),
]
ANY_ORDER = {"openpose", "mmpose"}
"""Formats without ids: whom the tracker calls first is free."""


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "truth.npz") as entries:
        return dict(entries)


def in_metres(recording: Recording, up: str) -> np.ndarray:
    """Positions (T, M, V, C) as the truth has them: metres, y up; pixels as they are."""
    if recording.units == "pixels":
        return recording.measured()
    units = recording.units or ("mm" if np.nanmax(abs(recording.positions)) > 20 else "m")
    return turn_upright(recording.measured() / per_metre(units), recording.up or up)


def same_people(found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """(T, M, V, C): NaN in the same places, and as near as the tolerance."""
    np.testing.assert_array_equal(np.isnan(found).any(axis=-1), np.isnan(expected).any(axis=-1))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("file", "kind", "read"), READERS, ids=[file for file, _, _ in READERS])
def test_reads_the_truth(
    file: str, kind: str, read: Callable[[Path], Recording], truth: dict[str, np.ndarray]
) -> None:
    if kind in ("deeplabcut", "sleap", "movement") and not file.endswith(".csv"):
        pytest.importorskip("h5py")
    recording = read(GOLDEN / file)
    name = file.partition("/")[0]
    expected = truth[f"{name}/positions"].swapaxes(0, 1)
    found = in_metres(recording, FORMATS[kind].up)
    assert found.shape == expected.shape
    assert len(recording.joints) == found.shape[2]
    if kind in ANY_ORDER and np.isnan(found[0, 0]).all() != np.isnan(expected[0, 0]).all():
        found = found[:, ::-1]
    same_people(found, expected, float(truth[f"{name}/tolerance"]))
    np.testing.assert_equal(np.nan if recording.fps is None else recording.fps, truth[f"{name}/fps"])


@pytest.mark.parametrize(("file", "kind"), [(file, kind) for file, kind, _ in READERS])
def test_the_format_is_found(file: str, kind: str) -> None:
    if file.endswith(".h5"):
        pytest.importorskip("h5py")
    assert find_format(GOLDEN / file.partition("/")[0]) == kind


def clips_of(file: str, **options: object) -> dict[str, Clip]:
    source = read_clips(GOLDEN / file, ImportConfig.model_validate(options))
    return {clip.name: clip for clip in source.clips if isinstance(clip, Clip)}


def same_clip(clip: Clip, name: str, truth: dict[str, np.ndarray]) -> None:
    """A clip has the joints of the truth, NaN for a missing joint and zeros for an absent body."""
    expected = truth[f"{name}/positions"].swapaxes(0, 1)
    joints = np.where(clip.joints.any(axis=(2, 3), keepdims=True), clip.joints, np.nan)
    same_people(joints[..., : expected.shape[-1]], expected, float(truth[f"{name}/tolerance"]))
    if f"{name}/label" in truth:
        assert clip.facts["label"] == truth[f"{name}/label"]


def test_st_gcn(truth: dict[str, np.ndarray]) -> None:
    clips = clips_of("stgcn_data.npy")
    assert list(clips) == ["S001C001P001R001A007", "S001C001P001R001A050"]
    for number, clip in enumerate(clips.values()):
        same_clip(clip, f"stgcn_data.npy/{number}", truth)


def test_txt2npy(truth: dict[str, np.ndarray]) -> None:
    (clip,) = clips_of("ntu.skeleton.npy").values()
    assert clip.name == "ntu" and not clip.facts  # it is called after no recording
    same_clip(clip, "ntu.skeleton.npy", truth)


def test_pyskl_list(truth: dict[str, np.ndarray]) -> None:
    clips = clips_of("pyskl_list.pkl")
    assert [clip.picture for clip in clips.values()] == [(640, 480)] * 2
    for number, clip in enumerate(clips.values()):
        same_clip(clip, f"pyskl_list.pkl/{number}", truth)


def test_humanml3d(truth: dict[str, np.ndarray]) -> None:
    with refusal("units"):
        clips_of("humanml3d.npy", layout="smpl22", fps=20)
    clips = clips_of("humanml3d.npy", layout="smpl22", fps=20, units="m")
    same_clip(clips["humanml3d"], "humanml3d.npy", truth)


def test_mixamo(truth: dict[str, np.ndarray]) -> None:
    """Its layout is the file's own hierarchy, ends of limbs among it."""
    source = read_clips(GOLDEN / "mixamo.bvh", ImportConfig(units="cm"))
    (clip,) = source.clips
    assert isinstance(clip, Clip) and source.layout is not None and len(source.layout.pairs) == 10
    places = [source.joints.index(label) for label in truth["mixamo.bvh/labels"].tolist()]
    expected = truth["mixamo.bvh/positions"].swapaxes(0, 1)
    found = turn_upright(clip.joints, "z")[:, :, places]
    same_people(found, expected, float(truth["mixamo.bvh/tolerance"]))


SAID: dict[str, dict[str, object]] = {
    "sign.pose": {"units": "mm"},
    "sign_v01.pose": {"units": "mm"},
    "mediapipe_world.csv": {"fps": 30},
    "openpose": {"fps": 30},
    "alphapose.json": {"fps": 30},
    "mmpose.json": {"fps": 30},
    "mmpose_topdown.json": {"fps": 30},
    "dlc_single.csv": {"fps": 30},
    "dlc_single.h5": {"fps": 30},
    "dlc_multi.h5": {"fps": 30},
    "sleap.slp": {"fps": 30},
    "sleap.analysis.h5": {"fps": 30},
    "ntu.skeleton.npy": {},
    "stgcn_data.npy": {},
    "pyskl_list.pkl": {},
}
"""What the files do not say, and options do; of files in pixels also the size of the picture."""


@pytest.mark.parametrize("file", sorted({name.partition("/")[0] for name, _, _ in READERS} | set(SAID)))
def test_every_file_is_imported(file: str, truth: dict[str, np.ndarray], tmp_path: Path) -> None:
    """Measured joints stand in the store as the truth has them, upright; all others are filled and told."""
    if Path(file).suffix in (".h5", ".slp", ".nc"):
        pytest.importorskip("h5py")
    key = f"{file}/0" if f"{file}/0/positions" in truth else file
    pixels = str(truth[f"{key}/units"]) == "px"
    options = SAID.get(file, {}) | ({"picture": (640, 480)} if pixels and file != "pyskl_list.pkl" else {})
    done = import_clips(GOLDEN / file, tmp_path / "s", ImportConfig.model_validate(options))
    store = SkeletonStore.open(tmp_path / "s")
    expected = truth[f"{key}/positions"].swapaxes(0, 1)  # (T, M, V, C), NaN where missing
    found, measured = store.read(0), ~np.isnan(expected).any(axis=-1)
    names = truth[f"{key}/joint_names"].tolist()
    order = [next(iter(share)) for share in joint_map(names, store.layout.joints, derive=True).weights]
    expected, measured = expected[:, :, order], measured[:, :, order]
    if expected.shape[1] == 2 and np.isnan(expected[0, 0]).all() == found[0, 0].any():
        found = found[:, ::-1]
    if pixels:
        expected = (expected - [320, 240]) / 640 * [1, -1]
        assert store.meta.units == "picture" and (found[measured][:, 2] > 0).all()
    tolerance = float(truth[f"{key}/tolerance"]) / (640 if pixels else 1)
    np.testing.assert_allclose(
        found[..., : expected.shape[-1]][measured], expected[measured], rtol=0, atol=tolerance + 1e-6
    )
    assert np.isfinite(found).all()
    never = [
        joint for joint, seen in zip(store.layout.joints, measured.any(axis=(0, 1)), strict=True) if not seen
    ]
    never_warning = next((warning for warning in done.warnings if "measured in no frame" in warning), "")
    assert all(joint in never_warning for joint in never) and bool(never_warning) == bool(never)


def test_amass_is_named() -> None:
    with refusal("this looks like AMASS"):
        find_format(GOLDEN / "amass.npz")
