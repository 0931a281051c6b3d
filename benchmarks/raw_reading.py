"""Speed of the raw NTU reader against readers that go line by line, and of `skeleton-data prepare`.

    python benchmarks/raw_reading.py [FOLDER with .skeleton files]

Without a folder, synthetic recordings are read, of one body in 80 frames on average. All readers end with
the same arrays; they take turns in a changing order, in one thread, and the processor time is compared.

- *published*: as the readers of the field go about it: each line is read and split, each of its numbers kept
  under its name in a dictionary, and the coordinates collected at the end.
- *lean*: line by line with nothing but what is needed: three numbers of a joint.

Then thousands of files are prepared (read, cleaned, stored) by one process and by two, which gives files per
second, the time that 120,000 files would take at that speed, and the peak of the resident memory of each
process. The files are a few recordings under many names, so that they come from memory, not from the disk.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skeleton_data import RawClip, read_skeleton, write_skeleton

FILES = 120_000
RECORDINGS = 60
BODY = ("id", "clipped", "lhc", "lhs", "rhc", "rhs", "restricted", "lean_x", "lean_y", "tracking")
JOINT = ("x", "y", "z", "depth_x", "depth_y", "colour_x", "colour_y", "qw", "qx", "qy", "qz", "tracking")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="recordings; default: synthetic ones")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each reader")
    parser.add_argument("--files", type=int, default=20, help="files read in a turn")
    parser.add_argument("--prepare", type=int, default=4000, help="files prepared")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        synthetic = Path(scratch) / "raw"
        write_recordings(synthetic, max(options.files, options.prepare))
        files = sorted((options.folder or synthetic).rglob("*.skeleton"))[: options.files]
        compare(files, options.rounds)
        for workers in (1, 2):
            prepare(synthetic, Path(scratch), workers)


def write_recordings(folder: Path, count: int) -> None:
    """Bodies whose joints walk at random, in 40 to 120 frames, written as the recorder does."""
    folder.mkdir()
    random = np.random.default_rng(0)
    names = [
        f"S001C001P{1 + number // 900:03}R{1 + number // 60 % 15:03}A{1 + number % 60:03}.skeleton"
        for number in range(count)
    ]
    for name in names[:RECORDINGS]:
        frames = int(random.integers(40, 121))
        steps = random.normal(scale=0.02, size=(frames, 25, 3)).cumsum(axis=0)
        joints = (random.normal([0, 0, 3], 0.4, size=(25, 3)) + steps).astype(np.float32)
        ids = np.full(frames, 72057594037931101)
        write_skeleton(folder / name, RawClip(frames, np.arange(frames), ids, joints))
        # The recorder writes seven digits and orientations, not zeros.
        lines = (folder / name).read_text().splitlines()
        for at, line in enumerate(lines):
            words = line.split()
            if len(words) == 12:
                turn = [f"{value:.7g}" for value in random.normal(size=4)]
                place = [f"{float(word):.7g}" for word in words[:7]]
                lines[at] = " ".join([*place, *turn, words[11]])
        (folder / name).write_text("\r\n".join(lines) + "\r\n", newline="")
    for number, name in enumerate(names[RECORDINGS:]):
        (folder / name).hardlink_to(folder / names[number % RECORDINGS])


def compare(files: list[Path], rounds: int) -> None:
    ways: dict[str, Callable[[Path], RawClip]] = {
        "published": published,
        "lean": lean,
        "bulk": read_skeleton,
    }
    for file in files:
        ours = read_skeleton(file)
        for theirs in (published(file), lean(file)):
            np.testing.assert_array_equal(ours.joints, theirs.joints)
            np.testing.assert_array_equal(ours.body, theirs.body)
            np.testing.assert_array_equal(ours.frame, theirs.frame)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    random = np.random.default_rng(0)
    for _ in range(rounds):
        for way in random.permutation(list(ways)):
            start = time.process_time()
            for file in files:
                ways[way](file)
            seconds[way].append((time.process_time() - start) / len(files))
    bulk = np.array(seconds.pop("bulk"))
    size = np.mean([file.stat().st_size for file in files])
    records = np.mean([len(read_skeleton(file).frame) for file in files])
    print(
        f"{len(files)} files of {size / 1e3:.0f} kB, {records:.0f} bodies in frames, on average; one thread"
    )
    print(f"  bulk {np.median(bulk) * 1e3:.2f} ms a file, {size / np.median(bulk) / 1e6:.0f} MB/s")
    for way, theirs in seconds.items():
        low, high = np.quantile(np.array(theirs) / bulk, [0.1, 0.9])
        ratio = np.median(theirs) / np.median(bulk)
        print(
            f"  {way} {np.median(theirs) * 1e3:.2f} ms, ratio of medians {ratio:.1f}"
            f" (of rounds, 10 % to 90 %: {low:.1f} to {high:.1f})"
        )


def published(path: Path) -> RawClip:
    with path.open() as file:
        recording: dict[str, Any] = {"frames": int(file.readline()), "bodies_in_frames": []}
        for _ in range(recording["frames"]):
            bodies = []
            for _ in range(int(file.readline())):
                words = file.readline().split()
                body: dict[str, Any] = {name: float(word) for name, word in zip(BODY, words, strict=True)}
                body["id"] = int(words[0])
                body["joints"] = []
                for _ in range(int(file.readline())):
                    words = file.readline().split()
                    body["joints"].append(
                        {name: float(word) for name, word in zip(JOINT, words, strict=True)}
                    )
                bodies.append(body)
            recording["bodies_in_frames"].append(bodies)
    seen = [(frame, body) for frame, bodies in enumerate(recording["bodies_in_frames"]) for body in bodies]
    joints = [[[joint[axis] for axis in "xyz"] for joint in body["joints"]] for _, body in seen]
    return collected(
        recording["frames"], [frame for frame, _ in seen], [body["id"] for _, body in seen], joints
    )


def lean(path: Path) -> RawClip:
    with path.open() as file:
        frames = int(file.readline())
        frame, ids, joints = [], [], []
        for at in range(frames):
            for _ in range(int(file.readline())):
                frame.append(at)
                ids.append(int(file.readline().split(None, 1)[0]))
                rows = []
                for _ in range(int(file.readline())):
                    x, y, z, _ = file.readline().split(None, 3)
                    rows.append((float(x), float(y), float(z)))
                joints.append(rows)
    return collected(frames, frame, ids, joints)


def collected(frames: int, frame: list[int], ids: list[int], joints: list[Any]) -> RawClip:
    return RawClip(frames, np.array(frame), np.array(ids), np.array(joints, dtype=np.float32))


MEASURED = """
import resource, sys, time
from skeleton_data import prepare
if __name__ == "__main__":
    start = time.perf_counter()
    done = prepare(sys.argv[1], sys.argv[2], workers=int(sys.argv[3]))
    seconds = time.perf_counter() - start
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    busy = sum(use.ru_utime + use.ru_stime for use in uses)
    print(done.clips, seconds, busy, *[use.ru_maxrss for use in uses])
"""


def prepare(raw: Path, scratch: Path, workers: int) -> None:
    command = [sys.executable, "-c", MEASURED, str(raw), str(scratch / f"{workers}.store"), str(workers)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    clips, seconds, busy = int(out[0]), float(out[1]), float(out[2])
    own, child = int(out[3]) / 1024, int(out[4]) / 1024
    minutes = FILES * seconds / clips / 60
    print(
        f"prepare, {workers} process{'es' * (workers > 1)}: {clips} files in {seconds:.1f} s, start and all,"
        f" {busy / clips * 1e3:.2f} ms of processor time each; {FILES:,} would take {minutes:.1f} minutes;"
        f" at most {own:.0f} MiB resident" + (f", {child:.0f} in each of the others" if workers > 1 else "")
    )


if __name__ == "__main__":
    main()
