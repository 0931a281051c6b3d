"""A small recording in each format of one file, or one folder, a clip; people stand upright."""

import json
import pickle
import struct
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sample_sets import Kind

from skeleton_data.layouts.layout import layout

HEIGHTS = {"head": 1.7, "nose": 1.7, "eye": 1.72, "ear": 1.7, "mouth": 1.65, "neck": 1.5, "shoulder": 1.45}
HEIGHTS |= {"elbow": 1.2, "wrist": 0.95, "hand": 0.9, "hip": 0.95, "pelvis": 0.95, "spine": 1.2, "knee": 0.5}
HEIGHTS |= {"ankle": 0.1, "heel": 0.05, "toe": 0.02, "foot": 0.03, "thumb": 0.9, "pinky": 0.9, "index": 0.9}


def standing(names: Sequence[str], frames: int = 4) -> np.ndarray:
    """(frames, joints, 3) metres, y up; the person faces -z, so that the left side is at -x, and sways."""
    rest = np.zeros((len(names), 3))
    for joint, name in enumerate(names):
        low = name.lower()
        rest[joint, 1] = next(height for part, height in HEIGHTS.items() if part in low)
        rest[joint, 0] = -0.2 if "left" in low or low.startswith("l_") else 0.2 if "right" in low else 0.0
        toes = 0.15 if "foot" in low or "toe" in low else 0.0
        rest[joint, 2] = 0.001 * joint - toes
    sway = 0.01 * np.arange(frames)[:, None, None]
    return (rest + sway).astype(np.float32)


MARKERS = layout("kinect_v1").joints
BODY = standing(MARKERS)


def write_mediapipe(folder: Path) -> Path:
    down = standing(layout("mediapipe33").joints) * [1, -1, -1] + [0, 0.95, 0]
    frames = [
        {
            "timestamp_ms": round(1000 * number / 30),
            "pose_landmarks": [],
            "pose_world_landmarks": [
                [{"x": x, "y": y, "z": z, "visibility": 0.9} for x, y, z in frame.round(4).tolist()]
            ],
        }
        for number, frame in enumerate(down)
    ]
    (folder / "wave.json").write_text(json.dumps(frames))
    return folder / "wave.json"


def write_azure(folder: Path, **changes: Any) -> Path:
    down = standing(MARKERS) * [1, -1, -1] * 1000
    frames = [
        {
            "frame_id": number,
            "timestamp_usec": round(1e6 * number / 30),
            "bodies": [{"body_id": 7, "joint_positions": frame.round(1).tolist()}],
        }
        for number, frame in enumerate(down)
    ]
    table = {"joint_names": list(MARKERS), "bone_list": [], "frames": frames} | changes
    (folder / "azure.json").write_text(json.dumps(table))
    return folder / "azure.json"


def pixels(frames: int, name: str) -> np.ndarray:
    """(frames, joints, 3): x, y, score of a person in a picture of 640 x 480, y down."""
    body = standing(layout(name).joints, frames)
    return np.concatenate(
        [320 + 200 * body[..., :1], 440 - 200 * body[..., 1:2], 0 * body[..., 2:] + 0.8], -1
    )


def write_openpose(folder: Path, video: str = "wave") -> Path:
    (folder / "openpose").mkdir(exist_ok=True)
    for number, body in enumerate(pixels(3, "body25").round(2)):
        people = [{"person_id": [-1], "pose_keypoints_2d": body.ravel().tolist()}]
        name = f"{video}_{number:012}_keypoints.json"
        (folder / "openpose" / name).write_text(json.dumps({"version": 1.3, "people": people}))
    return folder / "openpose"


def alphapose_entry(frame: int, body: np.ndarray, **more: Any) -> dict[str, Any]:
    keypoints = body.round(2).ravel().tolist()
    return {"image_id": f"{frame}.jpg", "category_id": 1, "keypoints": keypoints, "score": 2.5} | more


def write_alphapose(folder: Path, entries: Any = None) -> Path:
    entries = entries or [alphapose_entry(frame, body) for frame, body in enumerate(pixels(3, "halpe26"))]
    (folder / "alphapose-results.json").write_text(json.dumps(entries))
    return folder / "alphapose-results.json"


def write_mmpose(folder: Path) -> Path:
    frames = [
        {
            "frame_id": number,
            "instances": [
                {
                    "keypoints": body[:, :2].tolist(),
                    "keypoint_scores": body[:, 2].tolist(),
                    "bbox": [[0, 0, 9, 9]],
                }
            ],
        }
        for number, body in enumerate(pixels(3, "coco17").round(2))
    ]
    (folder / "mmpose.json").write_text(json.dumps(frames))
    return folder / "mmpose.json"


def write_table(folder: Path, rows: np.ndarray = BODY, names: Sequence[str] = MARKERS) -> Path:
    header = ["frame", "time", *(f"{name}_{axis}" for name in names for axis in "xyz"[: rows.shape[-1]])]
    lines = [
        ",".join(map(str, [number, number / 30, *row.ravel().round(4).tolist()]))
        for number, row in enumerate(rows)
    ]
    (folder / "wave.csv").write_text("\n".join([",".join(header), *lines]).replace("nan", "") + "\n")
    return folder / "wave.csv"


def write_trc(folder: Path) -> Path:
    count = len(MARKERS)
    lines = [
        "PathFileType\t4\t(X/Y/Z)\twave.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"30.00\t30.00\t{len(BODY)}\t{count}\tm\t30.00\t1\t{len(BODY)}",
        "Frame#\tTime\t" + "\t\t\t".join(MARKERS),
        "\t\t" + "\t".join(f"{axis}{number}" for number in range(1, count + 1) for axis in "XYZ"),
        "",
    ]
    lines += [
        "\t".join(map(str, [number + 1, number / 30, *row.ravel().round(4).tolist()]))
        for number, row in enumerate(BODY)
    ]
    (folder / "wave.trc").write_text("\n".join(lines))
    return folder / "wave.trc"


def c3d_parameter(group: int, name: str, value: Any) -> bytes:
    """A parameter of a C3D file: a list of words, or of numbers (16-bit, or floats)."""
    if isinstance(value, list) and isinstance(value[0], str):
        width = max(map(len, value))
        head = struct.pack("<bBBB", -1, 2, width, len(value))
        data = b"".join(word.ljust(width).encode() for word in value)
    elif isinstance(value, float):
        head, data = struct.pack("<bB", 4, 0), struct.pack("<f", value)
    else:
        numbers = value if isinstance(value, list) else [value]
        head, data = struct.pack("<bBB", 2, 1, len(numbers)), struct.pack(f"<{len(numbers)}H", *numbers)
    body = head + data + b"\0"
    return struct.pack("<bb", len(name), group) + name.encode() + struct.pack("<H", len(body) + 2) + body


def c3d_file(
    points: np.ndarray, parameters: dict[str, Any], *, frames: int | None = None, group: str = "TRIAL"
) -> bytes:
    """A C3D file of points (T, V, 4): x, y, z, residual; parameters of POINT, or of another group."""
    block = struct.pack("<bb", -5, -1) + b"POINT" + struct.pack("<H", 3) + b"\0"
    block += struct.pack("<bb", -len(group), -2) + group.encode() + struct.pack("<H", 3) + b"\0"
    for name, value in parameters.items():
        other, _, short = name.rpartition(":")
        block += c3d_parameter(2 if other else 1, short, value)
    blocks = (4 + len(block)) // 512 + 1
    head = struct.pack("<BBHH", 2, 0x50, points.shape[1], 0)
    last = min(frames or len(points), 65_535)
    head += struct.pack("<HHHfHHf", 1, last, 0, -1.0, 2 + blocks, 0, 30.0)
    head = head.ljust(512, b"\0")
    section = (struct.pack("<BBBB", 1, 0x50, blocks, 84) + block).ljust(512 * blocks, b"\0")
    data = points.astype("<f4").tobytes()
    return head + section + data + b"\0" * (-len(data) % 512)


def write_c3d(folder: Path) -> Path:
    up = np.stack([BODY[..., 0], -BODY[..., 2], BODY[..., 1]], axis=-1) * 1000
    points = np.concatenate([up, np.zeros_like(up[..., :1])], axis=-1)
    labels = [f"Anna:{name}" for name in MARKERS]
    (folder / "wave.c3d").write_bytes(c3d_file(points, {"LABELS": labels, "UNITS": ["MM"], "RATE": 30.0}))
    return folder / "wave.c3d"


def write_array(folder: Path) -> Path:
    np.save(folder / "wave.npy", BODY)
    return folder / "wave.npy"


NTU = standing([name.replace("tip", "hand") for name in layout("ntu").joints])
NTU_NAME = "S001C002P003R001A004"


def write_st_gcn(folder: Path, names: Sequence[str] = (NTU_NAME,)) -> Path:
    padded = np.zeros((1, 3, 9, 25, 2), np.float32)
    padded[0, :, : len(NTU), :, 0] = NTU.transpose(2, 0, 1)
    np.save(folder / "train_data_joint.npy", padded)
    with (folder / "train_label.pkl").open("wb") as file:
        pickle.dump(([f"{name}.skeleton" for name in names], [3] * len(names)), file)
    return folder / "train_data_joint.npy"


def write_txt2npy(folder: Path) -> Path:
    table = {"file_name": NTU_NAME, "nbodys": [1] * 3, "njoints": 25, "skel_body0": NTU}
    np.save(folder / f"{NTU_NAME}.skeleton.npy", table, allow_pickle=True)  # type: ignore[arg-type]
    return folder / f"{NTU_NAME}.skeleton.npy"


FLAT_BODY = pixels(3, "coco17").round(2)
FLAT_NAMES = layout("coco17").joints


def write_deeplabcut(folder: Path, people: int = 1) -> Path:
    parts = [(f"p{person}", name, axis) for person in range(people) for name in FLAT_NAMES for axis in "xyl"]
    words = {"x": "x", "y": "y", "l": "likelihood"}
    heads = [
        ["scorer", *["net"] * len(parts)],
        *([["individuals", *(person for person, _, _ in parts)]] if people > 1 else []),
        ["bodyparts", *(name for _, name, _ in parts)],
        ["coords", *(words[axis] for _, _, axis in parts)],
    ]
    rows = [[number, *np.tile(frame.ravel(), people).tolist()] for number, frame in enumerate(FLAT_BODY)]
    (folder / "wave.csv").write_text("\n".join(",".join(map(str, row)) for row in [*heads, *rows]))
    return folder / "wave.csv"


def write_pose(folder: Path, version: float = 0.2, frames: np.ndarray = FLAT_BODY) -> Path:
    def text(word: str) -> bytes:
        return struct.pack("<H", len(word)) + word.encode()

    data = struct.pack("<f4H", version, 640, 480, 0, 1) + text("BODY") + text("XYC")
    data += struct.pack("<3H", len(FLAT_NAMES), 1, 1) + b"".join(map(text, FLAT_NAMES))
    data += struct.pack("<2H3H", 0, 1, 255, 0, 0)
    rate = (
        struct.pack("<2H", 30, len(frames) % 2**16) if version < 0.2 else struct.pack("<fI", 30, len(frames))
    )
    data += rate + struct.pack("<H", 1)
    data += frames[..., :2].astype("<f4").tobytes() + frames[..., 2].astype("<f4").tobytes()
    (folder / "wave.pose").write_bytes(data)
    return folder / "wave.pose"


def write_movement(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "wave.nc", "w") as file:
        file.attrs["fps"], file.attrs["time_unit"] = 30.0, "seconds"
        file["position"] = FLAT_BODY[..., :2].transpose(0, 2, 1)[..., None]
        file["confidence"] = FLAT_BODY[..., 2:]
        file["time"] = np.arange(len(FLAT_BODY)) / 30
        texts = {"space": ["x", "y"], "keypoint": FLAT_NAMES, "individual": ["a"]}
        for name, words in texts.items():
            file[name] = np.array(words, dtype=h5py.string_dtype())
    return folder / "wave.nc"


def write_sleap(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "wave.h5", "w") as file:
        file["node_names"] = np.array(FLAT_NAMES, dtype="S")
        file["tracks"] = FLAT_BODY[None, ..., :2].transpose(0, 3, 2, 1)
        file["point_scores"] = FLAT_BODY[None, ..., 2].transpose(0, 2, 1)
    return folder / "wave.h5"


def huggingface_rows(clips: Sequence[np.ndarray] = (BODY,)) -> Any:
    """Rows as `export --to huggingface` writes them, of clips (T, V, 3) of the first Kinect."""
    import pyarrow

    nested = pyarrow.float32()
    for _ in range(4):
        nested = pyarrow.list_(nested)
    kinect, same = layout("kinect_v1").model_dump_json(), len(clips)
    columns = {
        "name": pyarrow.array([f"clip{number}" for number in range(same)]),
        "joints": pyarrow.array([clip[:, None].tolist() for clip in clips], nested),
        "label": pyarrow.array([0] * same, pyarrow.int64()),
        "fps": pyarrow.array([30.0] * same, pyarrow.float32()),
        "units": pyarrow.array(["m"] * same),
        "layout": pyarrow.array([kinect] * same),
    }
    about = {"info": {"features": {"label": {"names": ["wave"]}}}}
    return pyarrow.table(columns).replace_schema_metadata({"huggingface": json.dumps(about)})


def write_huggingface(folder: Path) -> Path:
    import pyarrow
    from pyarrow import parquet

    rows = huggingface_rows()
    for side in ("train", "test"):
        (folder / "saved" / side).mkdir(parents=True)
    with pyarrow.ipc.new_stream(folder / "saved/train/data-00000-of-00001.arrow", rows.schema) as stream:
        stream.write(rows)
    parquet.write_table(rows, folder / "saved/test.parquet")
    return folder / "saved"


def write_parquet(folder: Path) -> Path:
    import pyarrow
    from pyarrow import csv, parquet

    rows = csv.read_csv(pyarrow.py_buffer(write_table(folder).read_bytes()))
    parquet.write_table(rows, folder / "wave.parquet")
    (folder / "wave.csv").unlink()
    return folder / "wave.parquet"


def said(**options: Any) -> Callable[[Path], dict[str, Any]]:
    return lambda folder: options


FLAT: dict[str, Any] = {"fps": 30.0, "picture": (640, 480)}

RECORDED = {
    kind.name: kind
    for kind in (
        Kind("mediapipe", write_mediapipe, said()),
        Kind("azure", write_azure, said(layout="kinect_v1")),
        Kind("openpose", write_openpose, said(**FLAT)),
        Kind("alphapose", write_alphapose, said(**FLAT)),
        Kind("mmpose", write_mmpose, said(**FLAT)),
        Kind("table", write_table, said(layout="kinect_v1", units="m")),
        Kind("trc", write_trc, said(layout="kinect_v1")),
        Kind("array", write_array, said(layout="kinect_v1", units="m", fps=30.0)),
        Kind("deeplabcut", write_deeplabcut, said(layout="coco17", **FLAT)),
        Kind("pose", write_pose, said(layout="coco17", **FLAT)),
        Kind("st-gcn", write_st_gcn, said()),
        Kind("txt2npy", write_txt2npy, said()),
        Kind("c3d", write_c3d, said(layout="kinect_v1")),
    )
}

if find_spec("h5py"):
    RECORDED |= {
        "movement": Kind("movement", write_movement, said(**FLAT)),
        "sleap": Kind("sleap", write_sleap, said(**FLAT)),
    }

COLUMNS = (
    {
        "parquet": Kind("table", write_parquet, said(layout="kinect_v1", units="m")),
        "huggingface": Kind("huggingface", write_huggingface, said()),
    }
    if find_spec("pyarrow")
    else {}
)
"""Files of columns, Parquet and Arrow, which `pyarrow` reads."""
