"""`benchmarks/data_files.py` makes the data files of docs/results from files of the published forms."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from documents import REPO
from toy_files import standing

from skeleton_data import layout

SCRIPT = REPO / "benchmarks/data_files.py"
BANDAI_NAMCO = layout(str(REPO / "configs/layouts/bandai_namco.toml"))


def made(monkeypatch: pytest.MonkeyPatch, data: str, folder: Path) -> dict[str, np.ndarray]:
    """What the script writes."""
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, data, str(folder), str(folder / "made.npz")])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    with np.load(folder / "made.npz") as arrays:
        return dict(arrays)


def test_utd_mhad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    savemat = pytest.importorskip("scipy.io").savemat
    joints = {"a27_s3_t2": standing(numbers(), 5), "a3_s8_t1": standing(numbers(), 4)}
    for name, places in joints.items():
        savemat(tmp_path / f"{name}_skeleton.mat", {"d_skel": places.transpose(1, 2, 0)})
    arrays = made(monkeypatch, "utd-mhad", tmp_path)
    assert arrays["clip_names"].tolist() == ["a27_s3_t2_skeleton", "a3_s8_t1_skeleton"]
    assert (arrays["offsets"].tolist(), arrays["label"].tolist()) == ([0, 5, 9], [26, 2])
    assert (arrays["subject"].tolist(), arrays["take"].tolist()) == ([3, 8], [2, 1])
    assert arrays["class_names"][[26, 2]].tolist() == ["squat", "wave"]
    assert arrays["joint_names"][[0, 3, 4, 12]].tolist() == [
        "head",
        "hip_center",
        "left_shoulder",
        "left_hip",
    ]
    np.testing.assert_allclose(
        arrays["positions_mm"] / 1000, np.concatenate(list(joints.values())), atol=6e-4
    )


def numbers() -> list[str]:
    return [str(number) for number in range(20)]


def test_msrc12(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten frames a second; tags at 3, 5 and 15 s; nobody is seen before 2.5 s."""
    rows = np.ones((200, 81))
    rows[:, 0] = np.arange(200) * 100_000 + 1
    rows[:, 1:] *= np.arange(200)[:, None] / 1000  # millimetres that count the frames
    rows[:25, 1:] = 0
    np.savetxt(tmp_path / "P1_2_12A_p07.csv", rows, fmt="%.3f")
    tags = "".join(f"{second * 49_875_000};G12 Kick\n" for second in (3, 5, 15))
    (tmp_path / "p1_2_12A_p07.tagstream").write_text("XQPCTick;Tag\n" + tags)
    arrays = made(monkeypatch, "msrc12", tmp_path)
    assert arrays["clip_names"].tolist() == [f"P1_2_12A_p07#00{number}" for number in range(3)]
    begins, ends = arrays["offsets"][:-1], arrays["offsets"][1:] - 1
    frames = arrays["positions_mm"][:, 0, 0]
    # The middle of 3 and 5 s; two seconds from a tag, not the middle of 5 and 15 s.
    assert [*zip(frames[begins].tolist(), frames[ends].tolist(), strict=True)] == [
        (25, 39),
        (40, 69),
        (130, 169),
    ]
    assert (set(arrays["label"].tolist()), set(arrays["subject"].tolist())) == ({11}, {7})


def test_bandai_namco(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = standing(BANDAI_NAMCO.joints, 1)[0] * 100
    for name in ("run_elderly_001", "run_active_012", "wave-left-hand_active_002"):
        (tmp_path / f"dataset-2_{name}.bvh").write_text(bvh(body))
    arrays = made(monkeypatch, "bandai-namco", tmp_path)
    assert arrays["style_names"][arrays["style"]].tolist() == ["active", "elderly", "active"]
    assert arrays["content_names"][arrays["content"]].tolist() == ["run", "run", "wave-left-hand"]
    assert arrays["take"].tolist() == [12, 1, 2]
    order = [arrays["joint_names"].tolist().index(joint) for joint in BANDAI_NAMCO.joints]
    np.testing.assert_allclose(arrays["positions_mm"][0, order], body * 10, atol=0.6)


def bvh(body: np.ndarray) -> str:
    """A body (V, 3) that stands for two frames, below a root on the ground."""
    parents = BANDAI_NAMCO.parents

    def hierarchy(joint: int) -> str:
        offset = " ".join(f"{number:.6f}" for number in body[joint] - (body[parents[joint]] if joint else 0))
        below = "".join(hierarchy(child) for child, parent in enumerate(parents) if parent == joint and child)
        below = below or "End Site\n{\nOFFSET 0 1 0\n}\n"
        return f"JOINT {BANDAI_NAMCO.joints[joint]}\n{{\nOFFSET {offset}\nCHANNELS 1 Zrotation\n{below}}}\n"

    root = f"ROOT joint_Root\n{{\nOFFSET 0 0 0\nCHANNELS 1 Zrotation\n{hierarchy(0)}}}\n"
    still = " ".join(["0"] * (1 + len(body)))
    return f"HIERARCHY\n{root}MOTION\nFrames: 2\nFrame Time: 0.0333333\n{still}\n{still}\n"
