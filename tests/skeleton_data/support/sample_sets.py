"""A small data set in each format that is imported."""

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skeleton_data.importing.importer import import_clips
from skeleton_data.readers.config import ImportConfig
from skeleton_data.store.store import SkeletonStore

RANDOM = np.random.default_rng(0)


def walk(frames: int, joints: int) -> np.ndarray:
    """(frames, joints, 3) float32 metres."""
    return (0.3 * RANDOM.normal(size=(frames, joints, 3))).astype(np.float32)


WALKS = [walk(4, 25), walk(6, 25)]
SECOND = walk(6, 25)
UCLA = [walk(3, 20), walk(2, 20)]


def ctr_gcn(**changes: Any) -> dict[str, np.ndarray]:
    x = np.zeros((2, 300, 150), dtype=np.float32)
    for clip, joints in enumerate(WALKS):
        x[clip, : len(joints), :75] = joints.reshape(len(joints), 75)
    x[1, :6, 75:] = SECOND.reshape(6, 75)
    y = np.eye(60)[[3, 5]]
    arrays = {"x_train": x, "y_train": y, "x_test": x[:1], "y_test": y[:1]} | changes
    return {name: array for name, array in arrays.items() if array is not None}


def write_ctr_gcn(folder: Path, **changes: Any) -> Path:
    np.savez_compressed(folder / "NTU60_CS.npz", **ctr_gcn(**changes))
    return folder / "NTU60_CS.npz"


def annotation(number: int, **changes: Any) -> dict[str, Any]:
    bodies = [WALKS[0]] if number == 0 else [WALKS[1], SECOND]
    item = {
        "frame_dir": f"S001C002P003R00{number + 1}A00{number + 4}",
        "label": number + 3,
        "keypoint": np.stack(bodies),
        "total_frames": len(bodies[0]),
    }
    return {key: value for key, value in (item | changes).items() if value is not None}


def write_pyskl(folder: Path, table: Any = None, protocol: int = 4) -> Path:
    names = [annotation(number)["frame_dir"] for number in range(2)]
    good = {
        "split": {"xsub_train": names[:1], "xsub_val": names[1:]},
        "annotations": [annotation(0), annotation(1)],
    }
    path = folder / "ntu60_3danno.pkl"
    path.write_bytes(pickle.dumps(good if table is None else table, protocol=protocol))
    return path


def ucla_file(number: int, **changes: Any) -> str:
    table = {"file_name": "x", "skeletons": UCLA[number].astype(float).tolist(), "label": number + 7}
    return json.dumps(table | changes)


def write_ucla(folder: Path) -> Path:
    path = folder / "all_sqe"
    path.mkdir()
    for number in range(2):
        (path / f"a0{number + 8}_s02_e0{number}_v03.json").write_text(ucla_file(number))
    return path


def write_pku(folder: Path) -> Path:
    path, labels = folder / "skeleton", folder / "labels"
    for made in (path, labels):
        made.mkdir()
    for name in ("0002-L", "A01N13-R"):
        rows = np.concatenate([np.concatenate(WALKS), np.zeros((10, 25, 3))], axis=1).reshape(10, 150)
        rows[4:, 75:] = SECOND.reshape(6, 75)
        text = "\n".join(" ".join(f"{number:.9g}" for number in row) for row in rows)
        (path / f"{name}.txt").write_text(text + "\n")
        (labels / f"{name}.txt").write_text("8,1,4,2\n51,5,10,1\n")
    return path


def write_ut_kinect(folder: Path) -> Path:
    """Two recordings of frames 7 to 16: frame 9 is there twice, 12 is left out; the second ends early."""
    path = folder / "joints"
    path.mkdir()
    for name, frames in (("s01_e01", (7, 8, 9, 9, 10, 11, 13, 14, 15, 16)), ("s10_e02", range(7, 12))):
        body = UCLA[0][0]
        lines = [
            " ".join(map(str, [frame, *(body + np.float32(frame / 100 + (row == 3))).ravel()]))
            for row, frame in enumerate(frames)
        ]
        (path / f"joints_{name}.txt").write_text("\n".join(lines) + "\n")
    (folder / "actionLabel.txt").write_text(
        "s01_e01\nwalk: 8 10\nclapHands: 11 20\ns10_e02\nwalk: 7 9\ncarry: NaN NaN\n"
    )
    return path


def kinetics_file(**changes: Any) -> str:
    def body(shift: float, score: float) -> dict[str, Any]:
        pose = (np.linspace(0.2, 0.7, 36) + shift).tolist()
        return {"pose": pose, "score": [score] * 17 + [0.0]}

    frames = [
        {"frame_index": 3, "skeleton": [body(0, 0.5), body(0.1, 0.9), body(0.2, 0.1)]},
        {"frame_index": 4, "skeleton": []},
        {"frame_index": 6, "skeleton": [body(0, 0.5)]},
    ]
    return json.dumps({"data": frames, "label": "abseiling", "label_index": 1} | changes)


def write_kinetics(folder: Path) -> Path:
    path = folder / "kinetics_val"
    path.mkdir()
    for name in ("0aBc-_x", "1yyyyyy", "2nobody"):
        (path / f"{name}.json").write_text(kinetics_file())
    facts: dict[str, Any] = {
        name: {"has_skeleton": True, "label": "abseiling", "label_index": 1}
        for name in ("0aBc-_x", "1yyyyyy")
    }
    facts["2nobody"] = {"has_skeleton": False, "label": "archery", "label_index": 0}
    (folder / "kinetics_val_label.json").write_text(json.dumps(facts))
    return path


BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 90 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {
    OFFSET 0 20 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 30 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0333333
0 100 0 0 0 0 0 0 0
10 100 0 0 0 90 90 0 0
"""

BVH_LAYOUT = """
name = "stick"
centre = "hips"
shoulders = ["hips", "spine"]
hips = ["hips", "spine"]
joints = [["hips", ""], ["spine", "hips"], ["spine_end", "spine"]]
"""


def write_bvh(folder: Path) -> Path:
    path = folder / "mocap"
    path.mkdir()
    for name in ("walk", "wave"):
        (path / f"{name}.bvh").write_text(BVH)
    (folder / "stick.toml").write_text(BVH_LAYOUT)
    return path


def write_own(folder: Path) -> Path:
    rows = np.concatenate(WALKS)
    np.savez(folder / "mine.npz", positions_m=rows, offsets=[0, 4, 10], fps=30.0)
    return folder / "mine.npz"


@dataclass(frozen=True)
class Kind:
    """A format, how to write a good data set in it, and what to say about it."""

    name: str
    write: Callable[[Path], Path]
    config: Callable[[Path], dict[str, Any]]


KINDS = {
    kind.name: kind
    for kind in (
        Kind("own", write_own, lambda folder: {"layout": "ntu"}),
        Kind("ctr-gcn", write_ctr_gcn, lambda folder: {}),
        Kind("pyskl", write_pyskl, lambda folder: {}),
        Kind("nw-ucla", write_ucla, lambda folder: {}),
        Kind("pku-mmd", write_pku, lambda folder: {"labels": folder / "labels"}),
        Kind("ut-kinect", write_ut_kinect, lambda folder: {}),
        Kind("kinetics", write_kinetics, lambda folder: {}),
        Kind("bvh", write_bvh, lambda folder: {"units": "cm", "layout": str(folder / "stick.toml")}),
    )
}


def bring_in(name: str, folder: Path, source: Path | None = None, **options: Any) -> SkeletonStore:
    kind = KINDS[name]
    source = kind.write(folder) if source is None else source
    import_clips(source, folder / "s", ImportConfig(**(kind.config(folder) | options)))
    store = SkeletonStore.open(folder / "s")
    store.verify()
    return store
