"""Make gaps in the clips of a store: runs of frames in which a joint is missing, as own data with NaN.

    python benchmarks/made_gaps.py data/utd-mhad gaps.npz --share 0.2 --frames 15
    skeleton-data import gaps.npz data/utd-mhad-gaps --layout kinect_v1 --max-gap 60s

For docs/results/ablations.md: pre-training with missing joints filled, and masked.
"""

import argparse
from pathlib import Path

import numpy as np

from skeleton_data import SkeletonStore

FACTS = ("label", "subject", "camera", "replication")


def missing_runs(
    frames: int, joints: int, share: float, length: int, random: np.random.Generator
) -> np.ndarray:
    """Return which joints (T, V) are missing: runs of some frames, until the share of the clip is reached."""
    missing = np.zeros((frames, joints), dtype=np.bool_)
    while missing.mean() < share:
        start = int(random.integers(1 - length, frames))
        missing[max(start, 0) : start + length, random.integers(joints)] = True
    missing[:, missing.all(axis=0)] = False  # each joint is seen at least once
    return missing


def main() -> None:
    """Write the clips of one body."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("npz", type=Path)
    parser.add_argument("--share", type=float, default=0.2, help="share of the joints that is missing")
    parser.add_argument("--frames", type=int, default=15, help="length of a gap")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    store, random = SkeletonStore.open(asked.store), np.random.default_rng(asked.seed)
    clips = []
    for number in range(len(store)):
        clip = store.read(number)[:, 0].copy()
        clip[missing_runs(*clip.shape[:2], asked.share, asked.frames, random)] = np.nan
        clips.append(clip)
    np.savez(
        asked.npz,
        positions_m=np.concatenate(clips),
        offsets=np.cumsum([0, *map(len, clips)]),
        joint_names=list(store.layout.joints),
        class_names=list(store.class_names),
        fps=store.fps,
        **{fact: getattr(store.index, fact) for fact in FACTS},
    )


if __name__ == "__main__":
    main()
