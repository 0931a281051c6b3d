"""A data set's own split, trained on from the command line and from Python: the same weights and accuracy."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from skeleton_data import ImportConfig, SkeletonStore, divide, import_clips
from skeleton_lab import SkeletonClassifier, finetune
from skeleton_lab.recipe.recipe import read_recipe

CLIPS, CLASSES, FRAMES = np.arange(30), 10, 10
LABEL, TEST = CLIPS // 3, CLIPS % 3 == 2


def walks(joints: int) -> np.ndarray:
    """(clip, frame, joint, coordinate): bodies that swing at a speed of their class."""
    rng = np.random.default_rng(0)
    pose = rng.normal(0, 0.02, (len(CLIPS), 1, joints, 3)) + np.linspace(0, 1.7, joints)[:, None]
    swing = np.sin(np.arange(FRAMES) * (0.1 + 0.1 * LABEL)[:, None])
    moved = np.repeat(pose, FRAMES, axis=1)
    moved[..., joints // 2 :, 0] += 0.2 * swing[..., None]
    return moved.astype(np.float32)


def write_ctr_gcn(folder: Path) -> Path:
    """Padded arrays (clip, frame, 150) with one-hot labels, a pair for each side."""
    x, y = np.zeros((len(CLIPS), FRAMES, 150), np.float32), np.eye(CLASSES)[LABEL]
    x[..., :75] = walks(25).reshape(len(CLIPS), FRAMES, 75)
    np.savez(folder / "set.npz", x_train=x[~TEST], y_train=y[~TEST], x_test=x[TEST], y_test=y[TEST])
    return folder / "set.npz"


def write_pyskl(folder: Path) -> Path:
    """A pickle of annotations, with clips' names by side."""
    items = [
        {"frame_dir": f"clip{clip}", "label": clip // 3, "keypoint": walk[None], "total_frames": FRAMES}
        for clip, walk in enumerate(walks(25))
    ]
    names = np.array([item["frame_dir"] for item in items])
    split = {"train": names[~TEST].tolist(), "val": names[TEST].tolist()}
    (folder / "set.pkl").write_bytes(pickle.dumps({"split": split, "annotations": items}))
    return folder / "set.pkl"


def write_nw_ucla(folder: Path) -> Path:
    """A file a clip, named by action, subject and camera: cameras 1 and 2 train, camera 3 tests."""
    (folder / "all_sqe").mkdir()
    for clip, walk in enumerate(walks(20)):
        table = {"file_name": "x", "skeletons": walk.astype(float).tolist(), "label": 1 + clip // 3}
        name = f"a{1 + clip // 3:02}_s{1 + clip // 6:02}_e{clip:02}_v{1 + clip % 3:02}"
        (folder / "all_sqe" / f"{name}.json").write_text(json.dumps(table))
    return folder / "all_sqe"


@pytest.mark.parametrize("kind", ["ctr-gcn", "pyskl", "nw-ucla"])
def test_it_is_the_same_from_python(kind, finetune_recipe, tmp_path):
    write = {"ctr-gcn": write_ctr_gcn, "pyskl": write_pyskl, "nw-ucla": write_nw_ucla}[kind]
    source = write(tmp_path)
    import_clips(
        source,
        tmp_path / "set",
        ImportConfig(format=kind, layout="kinect_v1" if kind == "nw-ucla" else "ntu"),
    )
    store = SkeletonStore.open(tmp_path / "set")
    sides = divide(store, "own")
    assert (len(sides.train), len(sides.test)) == (20, 10)

    options = {"data.validation": 0, "training.epochs": 2}
    line = [f"--{name}={value}" for name, value in options.items()]
    line += ["--data.store", str(store.path), "--data.protocol", "own", "--run.tracker", "none"]
    recipe = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *line], program="finetune")
    result = finetune.run(recipe, bar={"disable": True})

    model = SkeletonClassifier(store.layout.name, recipe=finetune_recipe, settings=options)
    clips = [np.array(store.read(clip)) for clip in range(len(store))]
    labels = np.array(store.index.label)
    model.fit([clips[clip] for clip in sides.train], labels[sides.train])
    assert model.result_.checksums == result.checksums
    assert model.score([clips[clip] for clip in sides.test], labels[sides.test]) == result.test.top1
