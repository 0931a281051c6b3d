#!/usr/bin/env bash
# ezc3d 1.7.2 writes a C3D file of 70,000 frames and reads 65,535 of them back, without a word.
# Expected: 70,000 frames, or an error. The bytes of all frames are in the file; c3d 0.6.0 keeps all of its own.
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ezc3d==1.7.2 c3d==0.6.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import os, sys
import c3d, ezc3d
import numpy as np

frames, file, other = 70_000, f"{sys.argv[1]}/long.c3d", f"{sys.argv[1]}/other.c3d"
written = ezc3d.c3d()
written["parameters"]["POINT"]["RATE"]["value"] = [100]
written["parameters"]["POINT"]["LABELS"]["value"] = ["marker"]
written["data"]["points"] = np.ones((4, 1, frames))
written.write(file)
found = ezc3d.c3d(file)["data"]["points"].shape[2]
writer = c3d.Writer(point_rate=100.0)
writer.set_point_labels(["marker"])
writer.add_frames([(np.ones((1, 5)), np.zeros((0, 0)))] * frames)
with open(other, "wb") as handle:
    writer.write(handle)
with open(other, "rb") as handle:
    kept = sum(1 for _ in c3d.Reader(handle).read_frames())
print(f"frames written: {frames}; bytes in the file of ezc3d: {os.path.getsize(file)}, 16 a frame")
print(f"ezc3d 1.7.2 reads {found} of its own, c3d 0.6.0 reads {kept} of its own")
sys.exit(0 if (found, kept) == (65_535, frames) and os.path.getsize(file) > 16 * frames else 1)
PYTHON
