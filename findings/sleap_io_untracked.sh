#!/usr/bin/env bash
# sleap-io 0.9.5: `Labels.numpy()` of predictions that no tracker has seen has no instance at all, and no warning.
# Expected: the two instances of each frame; they are there with `untracked=True`, and in `save_analysis_h5`.
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sleap-io==0.9.5
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import numpy as np
from sleap_io import LabeledFrame, Labels, PredictedInstance, Skeleton, Video

skeleton, video = Skeleton(["head", "tail"]), Video(filename="clip.mp4")
points = np.array([[1.0, 2.0], [3.0, 4.0]])


def instance(shift):
    scores = np.array([0.9, 0.9])
    return PredictedInstance.from_numpy(points + shift, skeleton=skeleton, score=0.9, point_scores=scores)


frames = [LabeledFrame(video=video, frame_idx=i, instances=[instance(0), instance(100)]) for i in (0, 2)]
labels = Labels(frames)
plain, untracked = labels.numpy().shape, labels.numpy(untracked=True).shape
print(f"two instances in each of two frames: numpy() has the shape {plain}, numpy(untracked=True) {untracked}")
sys.exit(0 if plain == (3, 0, 2, 2) and untracked == (3, 2, 2, 2) else 1)
PYTHON
