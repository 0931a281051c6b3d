"""The recordings that the documents name, in small."""

import json
import shutil
import tomllib
import zipfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from documents import REPO
from recording_samples import write_c3d, write_mediapipe, write_openpose, write_table
from sample_sets import write_pyskl

from skeleton_data import SyntheticConfig, layout, write_synthetic

HEIGHTS = {"head": 1.6, "neck": 1.5, "shoulder": 1.4, "spine": 1.2, "knee": 0.5, "ankle": 0.1, "foot": 0.1}
"""Metres above the floor of the joints of a standing body, by a word in their names; 1 for all others."""
TRACKER = "for frame in {frames!r}:\n    print(frame)\n"


def write_files(folder: Path) -> None:
    """Write raw NTU recordings, own data of both Kinects, recordings of other tools, and a tracker."""
    raw = folder / "nturgb+d_skeletons"
    write_synthetic(SyntheticConfig(classes=("wave", "salute"), subjects=8, views=3, repeats=1), raw)
    recording = min(raw.iterdir())
    shutil.copy(recording, raw / "S001C001P001R001A001.skeleton")
    shutil.copy(recording, folder / "recording.skeleton")
    (folder / "folder").mkdir()
    shutil.copy(recording, folder / "folder")
    with zipfile.ZipFile(folder / "nturgbd_skeletons_s001_to_s017.zip", "w") as archive:
        for path in sorted(raw.iterdir())[:4]:
            archive.write(path, path.name)
    write_pyskl(folder)
    for seed, name in enumerate(("utd_mhad.npz", "msrc12.npz", "mine.npz", "new.npz")):
        write_own(folder / name, layout("kinect_v1").joints, seed=seed)
    for name in ("own.npz", "long.npz"):
        write_own(folder / name, layout("ntu").joints, frames=90)
    write_takes(folder / "bnr2.npz")
    (folder / "recordings").mkdir()
    for name in ("wave_1", "wave_2", "clap_1", "clap_2"):
        write_mediapipe(folder / "recordings").rename(folder / "recordings" / f"{name}.json")
    for subject, label, take in product(range(1, 5), ("wave", "clap"), (1, 2)):
        name = f"P{subject:02}_{label}_{take}"
        write_openpose(folder, name)
        for kind, write in (
            ("mediapipe", write_mediapipe),
            ("sessions", write_mediapipe),
            ("c3d", write_c3d),
            ("tables", write_table),
            ("new_recordings", write_table),
        ):
            (folder / kind).mkdir(exist_ok=True)
            file = write(folder / kind)
            file.rename(file.with_stem(name))
    for file in (folder / "new_recordings").iterdir():  # tables that say their unit
        file.write_text(
            file.read_text().replace("_x,", "_x (m),").replace("_y,", "_y (m),").replace("_z", "_z (m)")
        )
    for subject in (1, 3):  # clips without a label
        file = write_table(folder / "tables")
        file.rename(file.with_stem(f"P{subject:02}__3"))
    sessions = sorted(file.name for file in (folder / "sessions").iterdir())
    cuts = [f"{name},{times}" for name in sessions for times in (",0.07", "0.07,")]
    (folder / "cuts.csv").write_text("\n".join(["file,start,end", *cuts]))
    stream = standing(layout("ntu").joints, 70).round(2).tolist()
    (folder / "tracker.py").write_text(TRACKER.format(frames=[json.dumps(frame) for frame in stream]))


def standing(joints: Sequence[str], frames: int, seed: int = 0) -> np.ndarray:
    """A body that stands and trembles, (frames, joints, 3) in metres: what import takes for a person."""
    rows = np.random.default_rng(seed).normal(0, 0.05, size=(frames, len(joints), 3))
    words = [next((word for word in HEIGHTS if word in joint.lower()), "") for joint in joints]
    rows[..., 1] += [HEIGHTS.get(word, 1.0) for word in words]
    return rows


def write_own(path: Path, joints: Sequence[str], *, frames: int = 24, seed: int = 0) -> None:
    """Two classes by eight subjects, four times each."""
    clips = np.arange(64)
    rows = standing(joints, len(clips) * frames, seed)
    np.savez(
        path,
        positions_m=rows.astype(np.float32),
        offsets=np.arange(len(clips) + 1) * frames,
        joint_names=list(joints),
        fps=30.0,
        label=clips % 2,
        subject=1 + clips // 8,
        class_names=["wave", "clap"],
    )


def write_takes(path: Path) -> None:
    """Two styles of two contents, in eight takes of each, as Bandai-Namco 2 names and numbers them."""
    fields = tomllib.loads((REPO / "configs/layouts/bandai_namco.toml").read_text())
    joints, clips, frames = [joint for joint, _ in fields["joints"]], np.arange(32), 24
    rows = standing(joints, len(clips) * frames)
    np.savez(
        path,
        positions_m=rows.astype(np.float32),
        offsets=np.arange(len(clips) + 1) * frames,
        joint_names=joints,
        fps=30.0,
        style=clips % 2,
        style_names=["active", "elderly"],
        content=clips // 2 % 2,
        take=1 + clips // 4,
    )
