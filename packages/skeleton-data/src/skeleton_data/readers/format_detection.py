"""Which format a file has, by its ending and its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from skeleton_data.errors import DataError
from skeleton_data.files.arrays import open_zip, read_header, reading
from skeleton_data.files.json_file import load_json
from skeleton_data.readers.config import Format

HEAD_BYTES = 2**16
"""Read of a file in order to recognise it."""

_RAW = "raw NTU recordings are not imported but prepared: skeleton-data prepare"

_BY_ENDING: dict[str, Format] = {
    ".bvh": "bvh",
    ".c3d": "c3d",
    ".trc": "trc",
    ".slp": "sleap",
    ".nc": "movement",
    ".pose": "pose",
    ".pkl": "pyskl",
    ".pickle": "pyskl",
}

_JSON: tuple[tuple[Format, str], ...] = (
    ("openpose", r'"people"\s*:'),
    ("mediapipe", r'"pose_world_landmarks"\s*:'),
    ("azure", r'"(body_id|bone_list|joint_positions)"\s*:'),
    ("mmpose", r'"(instances|instance_info)"\s*:|"meta_info"\s*:'),
    ("alphapose", r'"image_id"\s*:.{0,200}"(keypoints|category_id)"\s*:'),
    ("kinetics", r'"(frame_index|label_index|skeleton)"\s*:'),
)
"""Keys that only that format has near the beginning of a file."""

_LANDMARKS = r'(?i)"((pose_?)?(world_?)?landmarks?|visibility)"\s*:'
"""Keys of MediaPipe's results in other forms: in the picture, of JavaScript, of its older interface."""

_JSON_LOOKS = {
    r'"keypoints"\s*:\s*\[\s*\{.{0,200}"(name|score)"\s*:': "poses of TensorFlow.js",
    r'"box"\s*:.{0,400}"keypoints"\s*:\s*\{': "results of Ultralytics",
    r'"body_list"\s*:': "bodies of a ZED camera",
}
_COLUMNS = "frame, person, joint, x, y, confidence, and z where the joints are in space"

LOOKS: dict[str, str] = {
    ".fbx": "FBX, whose joints only the Autodesk SDK reads: write BVH",
    ".glb": "glTF: write BVH",
    ".gltf": "glTF: write BVH",
    ".amc": "Acclaim AMC: write BVH or C3D",
    ".asf": "Acclaim ASF: write BVH or C3D",
    ".mat": "MATLAB: write .npz, see the guide to own data",
    ".tsv": "a Qualisys TSV: write C3D or TRC",
    ".xlsx": "a spreadsheet: write CSV",
    ".mvnx": "an Xsens MVNX: write C3D or BVH",
    ".bag": "a ROS bag: write CSV",
    **dict.fromkeys((".mp4", ".avi", ".mkv", ".mov", ".webm"), "a video: run a pose detector on it first"),
    **dict.fromkeys((".pt", ".pth", ".safetensors"), "weights of a model, no recording"),
}
"""What is recognised and not read, and what to do."""

_CSV_LOOKS: dict[str, str] = {
    r"Format Version[,;\t]": "a CSV of OptiTrack Motive, with several lines of header: write C3D, TRC or BVH",
    r"(Trajectories|Devices|Model Outputs)[,;\t]*\r?\n": "a CSV of Vicon Nexus, of several tables:"
    " import the C3D of the trial",
}
"""How tables of motion capture begin that have more than one line of header, and what to do."""

_MSR_ACTION_3D = r"a\d\d_s\d\d_e\d\d_skeleton(3D)?"
"""Names of its text files; those who read them disagree about which side their first shoulder is on."""


def format_of_file(path: Path) -> Format:
    """Find the format of a file by its ending and its first bytes.

    Raises:
        DataError: Nothing that is read; says what it looks like.
    """
    match path.suffix.lower():
        case ".npz":
            return _of_npz(path)
        case ".parquet":
            return _of_parquet(path)
        case ".npy":
            return _of_npy(path)
        case ".json":
            return _of_json(path)
        case ".csv":
            return _of_csv(path)
        case ".h5" | ".hdf5":
            return _of_hdf5(path)
        case ".txt":
            return _of_txt(path)
        case ".zip" | ".skeleton":
            raise DataError.at(path, _RAW)
        case ending if ending in _BY_ENDING:
            return _BY_ENDING[ending]
        case ending if ending in LOOKS:
            raise DataError.at(path, f"this looks like {LOOKS[ending]}")
    known = ", ".join([".npz", ".npy", ".json", ".csv", ".parquet", ".h5", *_BY_ENDING])
    raise DataError.at(path, f"its format is not known by its ending: expected {known} or a folder")


def _of_csv(path: Path) -> Format:
    head = head_of(path).removeprefix("\ufeff")
    for begins, looks in _CSV_LOOKS.items():
        if re.match(begins, head):
            raise DataError.at(path, f"this looks like {looks}")
    return "deeplabcut" if head.startswith("scorer,") else "table"


def _of_txt(path: Path) -> Format:
    from skeleton_data.readers.ut_kinect import LABELS, NAME

    if re.fullmatch(_MSR_ACTION_3D, path.stem):
        raise DataError.at(
            path,
            "this looks like MSR-Action3D, which does not name its joints, left or right: write a table, CSV"
            " with the columns frame, NAME_x, NAME_y, NAME_z",
        )
    if NAME.fullmatch(path.stem) or path.name == LABELS:
        return "ut-kinect"
    if not re.match(r"\s*[-+.\d]", head_of(path)):
        raise DataError.at(
            path,
            "its format is not known: expected the numbers of PKU-MMD or UTKinect; a table of joints must"
            " end in .csv",
        )
    return "pku-mmd"


def _of_parquet(path: Path) -> Format:
    from skeleton_data.readers.huggingface import is_huggingface

    return "huggingface" if is_huggingface(path) else "table"


def _of_npy(path: Path) -> Format:
    try:
        with reading(path), path.open("rb") as file:
            shape, _, dtype = read_header(file)
    except DataError:
        return "array"  # the reader will say what is wrong
    if dtype.kind == "O":
        return "txt2npy"
    return "st-gcn" if len(shape) == 5 else "array"


def _of_npz(path: Path) -> Format:
    try:
        with open_zip(path) as archive:
            entries = {name.removesuffix(".npy") for name in archive.namelist()}
    except DataError:
        return "own"  # the reader will say what is wrong
    if {"poses", "trans"} <= entries:
        raise DataError.at(
            path,
            "this looks like AMASS: rotations of a body model, from which joints follow only with that model"
            " (SMPL-H, licensed apart). Write its joints, (frames, 22, 3), to one .npy a recording, and"
            " import that with the option layout=smpl22, the option units=m, the option up=z, and"
            " mocap_framerate as the option fps",
        )
    return "own" if entries.isdisjoint({"x_train", "x_test"}) else "ctr-gcn"


def _of_hdf5(path: Path) -> Format:
    from skeleton_data.readers.hdf5_process import read_hdf5

    file = read_hdf5(path, attributes=("*@non_index_axes",))
    keys = sorted(file.keys)
    if file.attributes:
        return "deeplabcut"
    if {"tracks", "node_names"} <= set(keys):
        return "sleap"
    if {"position", "space"} <= set(keys):
        return "movement"
    raise DataError.at(path, f"its keys are those of no format that is read: {', '.join(keys)[:200]}")


def _of_json(path: Path) -> Format:
    from skeleton_data.readers.nw_ucla import NAME

    if NAME.fullmatch(path.stem):
        return "nw-ucla"
    head = head_of(path)
    if re.search(r'"(images|annotations)"\s*:\s*\[', head):
        raise DataError.at(path, "this looks like annotations of COCO, single pictures and no recording")
    found = next((kind for kind, keys in _JSON if re.search(keys, head, re.DOTALL)), None)
    if found is not None:
        return found
    if re.search(_LANDMARKS, head):
        raise DataError.at(
            path,
            "this looks like landmarks of MediaPipe in another form: write a list of results, one for each"
            " frame, with pose_world_landmarks, a list of landmarks x, y, z and visibility for each person",
        )
    for keys, looks in _JSON_LOOKS.items():
        if re.search(keys, head, re.DOTALL):
            raise DataError.at(path, f"this looks like {looks}: write a table with the columns {_COLUMNS}")
    load_json(path)  # says where the file is damaged
    keys = ", ".join(list(dict.fromkeys(re.findall(r'"(\w{1,40})"\s*:', head)))[:6]) or "it has none"
    raise DataError.at(path, f"its keys are those of no format that is read: {keys}")


def head_of(path: Path) -> str:
    """Return the beginning of a text file, `HEAD_BYTES` at most."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        raise DataError.at(path, error.strerror or str(error)) from None
