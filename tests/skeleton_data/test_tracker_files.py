"""Files of DeepLabCut, SLEAP, movement and `.pose`: several people, gaps, and files that point elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from recording_samples import (
    FLAT_BODY,
    FLAT_NAMES,
    write_deeplabcut,
    write_movement,
    write_pose,
    write_sleap,
)
from refusal import refusal

from skeleton_data import SkeletonStore, import_clips
from skeleton_data.readers import hdf5_process
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.deeplabcut import read_deeplabcut
from skeleton_data.readers.formats import find_format, read_clips
from skeleton_data.readers.hdf5_file import words
from skeleton_data.readers.movement import read_movement
from skeleton_data.readers.pose_file import read_pose
from skeleton_data.readers.sleap import read_sleap


def test_deeplabcut_of_several(tmp_path: Path) -> None:
    path = write_deeplabcut(tmp_path, 2)
    path.write_text(path.read_text().replace("0.8", "0.1", 1))
    found = read_deeplabcut(path)
    assert found.joints == FLAT_NAMES and found.positions.shape == (3, 2, 17, 2)
    assert np.argwhere(np.isnan(found.measured()).all(axis=-1)).tolist() == [[0, 0, 0]]
    np.testing.assert_allclose(found.positions[:, 1], FLAT_BODY[..., :2])


def test_pictures_that_a_person_labelled_are_no_recording(tmp_path: Path) -> None:
    """A row of DeepLabCut's `CollectedData` is a picture of a video, named in one column or in three."""
    lines = write_deeplabcut(tmp_path).read_text().split("\n")
    for columns in (1, 3):
        cells = [["labeled-data", "wave", f"img{number * 37:04}.png"] for number in range(len(lines) - 3)]
        index = ["/".join(each) if columns == 1 else ",".join(each) for each in cells]
        head = [line.replace(",", "," * columns, 1) for line in lines[:3]]
        rows = [place + line[line.index(",") :] for place, line in zip(index, lines[3:], strict=True)]
        (tmp_path / "CollectedData_net.csv").write_text("\n".join([*head, *rows]))
        with refusal("pictures of a video, labelled by hand"):
            read_deeplabcut(tmp_path / "CollectedData_net.csv")


def test_a_person_who_is_in_no_frame_is_left_out(tmp_path: Path) -> None:
    path = write_deeplabcut(tmp_path, 2)
    head, rows = path.read_text().split("\n")[:4], path.read_text().split("\n")[4:]
    blank = [",".join([*row.split(",")[: 1 + 3 * 17], *[""] * 3 * 17]) for row in rows]
    path.write_text("\n".join([*head, *blank]))
    import_clips(path, tmp_path / "s", ImportConfig(layout="coco17", fps=30, picture=(640, 480)))
    store = SkeletonStore.open(tmp_path / "s")
    assert store.read(0).shape == (3, 1, 17, 3)
    np.testing.assert_allclose(store.read(0)[..., 2], 0.8, atol=1e-6)


def test_pose_of_version_0_1_has_more_frames_than_it_can_say(tmp_path: Path) -> None:
    long = np.tile(FLAT_BODY, (22_000, 1, 1))
    found = read_pose(write_pose(tmp_path, 0.1, long))
    assert len(found.positions) == 66_000 and found.fps == 30


@pytest.mark.parametrize(
    ("write", "entry", "frames"), [(write_sleap, "point_scores", 1), (write_movement, "confidence", 3)]
)
def test_a_point_whose_score_is_nan_was_measured(
    write: Callable[[Path], Path], entry: str, frames: int, tmp_path: Path
) -> None:
    """SLEAP writes NaN for what a person placed, movement for all points of a tracker without scores."""
    h5py = pytest.importorskip("h5py")
    path = write(tmp_path)
    with h5py.File(path, "a") as file:
        scores = file[entry]
        scores[(..., 1) if frames == 1 else ...] = np.nan
    done = import_clips(path, tmp_path / "s", ImportConfig(fps=30, picture=(640, 480)))
    found = SkeletonStore.open(tmp_path / "s").read(0)[:, 0]
    assert any(line.startswith("missing: 0 of") for line in done.report)
    np.testing.assert_allclose(found[:, :, 0], (FLAT_BODY[..., 0] - 320) / 640, atol=1e-6)
    assert (found[..., 2] == 1).all(axis=1).sum() == frames


def test_sleap_instances_without_tracks(tmp_path: Path) -> None:
    """Corrected instances take the place of those that were predicted; people are told apart by place."""
    h5py = pytest.importorskip("h5py")
    text = {"nodes": [{"name": name} for name in FLAT_NAMES]}
    text |= {"skeletons": [{"nodes": [{"id": number} for number in range(17)]}]}
    kind = [("instance_id", "i8"), ("instance_type", "u1"), ("track", "i4"), ("from_predicted", "i8")]
    kind += [("point_id_start", "u8"), ("point_id_end", "u8")]
    frame = [("frame_idx", "u8"), ("video", "u4"), ("instance_id_start", "u8"), ("instance_id_end", "u8")]
    point = [("x", "f8"), ("y", "f8"), ("visible", "?")]
    body = FLAT_BODY[0]
    with h5py.File(tmp_path / "own.slp", "w") as file:
        file.create_group("metadata").attrs["json"] = np.bytes_(json.dumps(text))
        file["frames"] = np.array([(0, 0, 0, 2), (2, 0, 2, 5)], frame)
        rows = [(0, 1, -1, -1, 0, 17), (1, 1, -1, -1, 17, 34)]
        rows += [(2, 1, -1, -1, 17, 34), (3, 1, -1, -1, 0, 17), (4, 0, -1, 3, 0, 17)]
        file["instances"] = np.array(rows, kind)
        file["points"] = np.array([(x + 1, y, True) for x, y, _ in body], point)
        predicted = [(x, y, True, 0.5) for x, y, _ in body]
        predicted += [(x + 300, y, joint > 0, 0.5) for joint, (x, y, _) in enumerate(body)]
        file["pred_points"] = np.array(predicted, [*point, ("score", "f8")])
    assert find_format(tmp_path) == "sleap"
    found = read_sleap(tmp_path / "own.slp").positions
    assert found.shape == (3, 2, 17, 2) and np.isnan(found[1]).all()
    np.testing.assert_allclose(found[[0, 2], 0, :, 0] - body[:, 0], [[0] * 17, [1] * 17], atol=1e-4)
    assert np.isnan(found[0, 1, 0]).all() and np.allclose(found[2, 1, 1:, 0] - body[1:, 0], 300)

    # Frames far away, and those that all name the same instances, would take time and memory without end.
    for column, row, value, named in (
        ("frame_idx", 1, 9_999_999, "frames"),
        ("instance_id_start", 1, 0, "7"),
    ):
        with h5py.File(tmp_path / "own.slp", "r+") as file:
            frames = file["frames"][()]
            changed = frames.copy()
            changed[column][row] = value
            file["frames"][...] = changed
        with refusal(rf"own\.slp: .*{named}"):
            read_sleap(tmp_path / "own.slp")
        with h5py.File(tmp_path / "own.slp", "r+") as file:
            file["frames"][...] = frames


@pytest.mark.parametrize("kind", ["link", "link of a group", "raw", "virtual"])
def test_hdf5_that_points_to_another_file_is_not_followed(tmp_path: Path, kind: str) -> None:
    """A service that reads what is sent to it must not read what else lies there."""
    h5py = pytest.importorskip("h5py")
    path, other = write_movement(tmp_path), tmp_path / "other.h5"
    with h5py.File(path, "a") as file, h5py.File(other, "w") as own:
        own["position"] = secret = file.pop("position")[()]
        match kind:
            case "link":
                file["position"] = h5py.ExternalLink("other.h5", "position")
            case "link of a group":
                file["x"] = h5py.ExternalLink("other.h5", "/")
                file["position"] = h5py.SoftLink("/x/position")
            case "raw":
                (tmp_path / "other.raw").write_bytes(secret.tobytes())
                raw = [("other.raw", 0, secret.nbytes)]
                file.create_dataset("position", secret.shape, secret.dtype, external=raw)
            case "virtual":
                shown = h5py.VirtualLayout(secret.shape, secret.dtype)
                shown[...] = h5py.VirtualSource("other.h5", "position", secret.shape)
                file.create_virtual_dataset("position", shown)
    with refusal(r"wave\.nc: (position|x): lies in another file"):
        list(read_clips(path, ImportConfig()).clips)


HANGS = "from skeleton_data.readers import hdf5_process as ours; ours._read = lambda *_: next(iter(int, 1)); "


@pytest.mark.parametrize("program", ["import os; os._exit(1)", HANGS + "ours.answer_requests()"])
def test_a_file_at_which_the_library_of_hdf5_crashes_or_does_not_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    pytest.importorskip("h5py")
    path, ours = write_movement(tmp_path), hdf5_process.PROGRAM
    monkeypatch.setattr(hdf5_process, "_reader", None)
    monkeypatch.setattr(hdf5_process, "PROGRAM", program)
    monkeypatch.setattr(hdf5_process, "PATIENCE", 0.5)
    with refusal(f"{path}.*damaged"):
        read_movement(path)
    monkeypatch.setattr(hdf5_process, "PATIENCE", 60.0)
    monkeypatch.setattr(hdf5_process, "PROGRAM", ours)
    assert read_movement(path).positions.size


def test_hdf5_keeps_texts_tables_and_attributes_on_its_way(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    table = np.array([(1, 0.5, True), (2, -1.5, False)], [("number", "<i8"), ("x", "<f4"), ("seen", "?")])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["table"], file["none"] = table, np.zeros((0, 3), np.float32)
        file["words"] = np.array(["links", "größer", ""], dtype=h5py.string_dtype())
        file.create_group("group").attrs["json"], file.attrs["fps"] = "{}", 30
    wanted = ("table", "none", "words", "missing")
    found = hdf5_process.read_hdf5(tmp_path / "a.h5", wanted, ("*@json", "@fps"))
    assert found.keys == ("group", "none", "table", "words") and list(found.data) == list(wanted[:3])
    np.testing.assert_array_equal(found.values("table"), table)
    assert found.values("none").shape == (0, 3) and words(found.values("words")) == ["links", "größer", ""]
    assert found.attributes["@fps"] == 30 and words(found.attributes["group@json"]) == ["{}"]
    with refusal("missing"):
        found.values("missing")


def test_hdf5_is_found_from_the_folder_of_the_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        write_movement(Path())
        assert read_movement(Path("wave.nc")).positions.size
        Path("wave.nc").unlink()
    with refusal("^gone.nc: no such file"):
        read_movement(Path("gone.nc"))
