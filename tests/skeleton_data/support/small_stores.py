"""Small stores of Kinect v1 clips."""

import json
from pathlib import Path

import numpy as np

from skeleton_data import SkeletonStore, StoreWriter, layout

KINECT = layout("kinect_v1")


def write_store(path: Path, clips: list[np.ndarray], **arguments: object) -> SkeletonStore:
    """Write clips and open the store."""
    with StoreWriter(path, layout=KINECT, fps=25, **arguments) as writer:
        for number, joints in enumerate(clips):
            writer.add(joints, name=f"clip {number} ü", label=number % 3, subject=number, camera=2)
    return SkeletonStore.open(path)


def some_clips(seed: int = 0, count: int = 4) -> list[np.ndarray]:
    """Clips of random length and number of bodies."""
    generator = np.random.default_rng(seed)
    shapes = generator.integers([1, 1], [30, 3], size=(count, 2))
    return [generator.normal(size=(*shape, 20, 3)).astype(np.float32) for shape in shapes]


def damage_meta(folder: Path, **changes: object) -> None:
    """Change fields of the metadata of a store."""
    path = folder / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
