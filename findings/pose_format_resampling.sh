#!/usr/bin/env bash
# pose-format 0.15.0: `PoseBody.interpolate(new_fps=15)` of 6 frames at 30 frames per second gives 3 frames that lie
# 2.5 old frames apart, which are 12 frames per second, and says 15; no warning. It spreads the new frames from the
# first old one to the last. Expected: places 0, 2 and 4. The difference is 1.7 % for 60 frames, and less for more.
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pose-format==0.15.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import numpy as np
from pose_format.numpy import NumPyPoseBody


def halved(frames):
    """Where the frames at half the rate lie among the old ones."""
    places = np.arange(frames, dtype=np.float32).reshape(-1, 1, 1, 1).repeat(2, axis=-1)
    body = NumPyPoseBody(30, places, np.ones((frames, 1, 1), np.float32)).interpolate(new_fps=15)
    return body.fps, np.ma.getdata(body.data)[:, 0, 0, 0]


(fps, few), (_, many) = halved(6), halved(60)
print(f"6 frames at 30 frames per second, interpolate(new_fps=15): {fps} frames per second, places {few.tolist()}")
print(f"60 frames: {len(many)} places, {np.diff(many).mean():.3f} apart")
sys.exit(0 if fps == 15 and few.tolist() == [0, 2.5, 5] and np.diff(many).mean() > 2.03 else 1)
PYTHON
