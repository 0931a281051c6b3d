"""Project the clips of a Kinect v1 store to a picture, as own data in pixels with the joints of COCO-17.

    python benchmarks/pictures.py data/utd-mhad utd-mhad-pictures.npz
    skeleton-data import utd-mhad-pictures.npz data/utd-mhad-pictures

It makes 2D joints of real people, to measure recipes on pictures. The camera is that of the Kinect, so
people are as large as in its picture. Joints are off by some pixels, like those of a detector. The nose
stands for the head; eyes and ears have confidence 0.
"""

import argparse
from pathlib import Path

import numpy as np

from skeleton_data import SkeletonStore, layout

FACTS = ("label", "subject", "camera", "replication")
WIDTH, HEIGHT, FOCAL = 640, 480, 580  # of the Kinect, in pixels
FROM = {joint: joint for joint in layout("kinect_v1").joints} | {"nose": "head"}


def in_pixels(clip: np.ndarray, noise: float, random: np.random.Generator) -> np.ndarray:
    """Return joints (T, V, 3), metres in front of the camera, in pixels (T, V, 2), y down."""
    points = clip[..., :2] / clip[..., 2:] * FOCAL * [1, -1] + [WIDTH / 2, HEIGHT / 2]
    return points + random.normal(0, noise, points.shape)


def main() -> None:
    """Write the first body of each clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("npz", type=Path)
    parser.add_argument("--noise", type=float, default=2.0, help="deviation of a joint, in pixels")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    store, random = SkeletonStore.open(asked.store), np.random.default_rng(asked.seed)
    joints = layout("coco17").joints
    seen = np.array([joint in FROM for joint in joints])
    order = [store.layout.joints.index(FROM.get(joint, "head")) for joint in joints]
    clips = [in_pixels(store.read(clip)[:, 0, order], asked.noise, random) for clip in range(len(store))]
    positions = np.concatenate(clips).astype(np.float32)
    np.savez(
        asked.npz,
        positions_px=np.where(seen[:, None], positions, 0),
        confidence=np.broadcast_to(seen.astype(np.float32), positions.shape[:2]),
        picture=[WIDTH, HEIGHT],
        offsets=np.cumsum([0, *map(len, clips)]),
        joint_names=list(joints),
        class_names=list(store.class_names),
        clip_names=[store.name(clip) for clip in range(len(store))],
        fps=store.fps,
        **{fact: getattr(store.index, fact) for fact in FACTS},
    )


if __name__ == "__main__":
    main()
