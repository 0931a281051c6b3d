"""Import: memory of large files, and time of many small ones, against the plain library call in the same run.

    python benchmarks/importing.py
    python benchmarks/importing.py --clips 2000 --files 500

*Memory*: pyskl and CTR-GCN files of a tenth of the clips and of all, each imported in its own process;
told is what the process takes at its peak beyond what it took before, beside that of `pickle.load` and of
`numpy.load` of the arrays.

*Time*: folders of small files of 60 frames, a clip each, are imported by one process into a store, "import";
of that, "read" is our reader alone, which gives joints (T, M, V, 3), and the rest is what a
library does not do: joints by name, gaps, checks, a store with checksums. "library" gives joints (T, V, 3)
by the call that one would write oneself: `json.load` and a list of the coordinates, `pandas.read_csv`,
`ezc3d.c3d` (where installed); "parse" is its call without an array. Milliseconds are of the processor, for
a file, the median over the folders, in each of which all are timed in turn, so that what else runs counts
little.
"""

import argparse
import json
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

REPO = Path(__file__).parents[1]
sys.path.append(str(REPO / "tests/skeleton_data/support"))

import recording_samples as samples  # noqa: E402

from skeleton_data import ImportConfig, import_clips, layout, open_clips  # noqa: E402

FOLDERS = 5
FRAMES = 60
JOINTS = layout("kinect_v1").joints


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=20_000, help="clips of the large files")
    parser.add_argument("--files", type=int, default=5_000, help=f"files, in {FOLDERS} folders")
    options = parser.parse_args()
    print(f"{'one file':<10} {'clips':>7} {'MB':>7} {'peak MB':>8} {'library':>8} {'share':>6}")
    for kind in ("pyskl", "ctr-gcn"):
        for clips in (options.clips // 10, options.clips):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"all{SUFFIX[kind]}"
                in_a_child(lambda kind=kind, path=path, clips=clips: LARGE[kind](path, clips))
                ours = peak(lambda path=path: bring_in(path, layout="ntu"))
                theirs = peak(lambda kind=kind, path=path: PLAIN[kind](path))
                size = path.stat().st_size / 1e6
                print(f"{kind:<10} {clips:>7} {size:7.1f} {ours:8.1f} {theirs:8.1f} {ours / theirs:6.0%}")
    print(f"{'folders':<10}", "files     kB  import   read  library  parse  times")
    for kind in SMALL:
        with tempfile.TemporaryDirectory() as name:
            time_folders(kind, Path(name), options.files)


def time_folders(kind: str, parent: Path, count: int) -> None:
    """Print milliseconds of a file of one kind."""
    folders = [parent / str(number) for number in range(FOLDERS)]
    for folder in folders:
        folder.mkdir()
        copies(SMALL[kind](folder), folder, count // FOLDERS)
    files = [sorted(folder.iterdir()) for folder in folders]
    suffix = files[0][0].suffix
    size = files[0][0].stat().st_size / 1e3
    calls = [lambda folder, _: bring_in(folder, **SAID[kind]), lambda folder, _: read(folder, **SAID[kind])]
    known = suffix != ".c3d" or find_spec("ezc3d") is not None
    if known:
        calls += [each(lambda file: LIBRARY[suffix][1](LIBRARY[suffix][0](file))), each(LIBRARY[suffix][0])]
    for call in calls:  # what is imported on first use is no part of it
        call(folders[0], files[0][:2])
    times = [
        [seconds(lambda call=call, given=given: call(*given)) for call in calls]
        for given in zip(folders, files, strict=True)
    ]
    ours, reader, *theirs = np.median(times, axis=0) / len(files[0]) * 1e3
    print(f"{kind:<10} {count:>5} {size:6.1f} {ours:7.2f} {reader:6.2f}", end="")
    if known:
        print(f" {theirs[0]:8.2f} {theirs[1]:6.2f} {theirs[0] / ours:6.1f}")
    else:
        print(" (ezc3d is not installed)")


def read(path: Path, **options: object) -> None:
    """Let the reader alone go through all clips."""
    for _ in open_clips(path, ImportConfig(insist=True, **options)).source.clips:
        pass


def each(read: Callable[[Path], object]) -> Callable[[Path, list[Path]], object]:
    return lambda _, files: [read(file) for file in files]


def bring_in(path: Path, **options: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        import_clips(path, Path(folder) / "store", ImportConfig(insist=True, **options))


def peak(work: Callable[[], object]) -> float:
    """Return how many MB a process takes at its peak for some work, beyond what it takes before."""

    def measured() -> float:
        Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
        before = memory("VmRSS")
        work()
        return (memory("VmHWM") - before) / 1e6

    return float(in_a_child(measured))


def in_a_child(work: Callable[[], object]) -> str:
    """Return what comes of some work in a process of its own, which leaves no freed memory here."""
    read, write = os.pipe()
    if child := os.fork():
        os.close(write)
        with open(read) as told:
            found = told.read()
        assert os.waitpid(child, 0)[1] == 0, "the work failed"
        return found
    status = 1
    try:
        os.write(write, str(work()).encode())
        status = 0
    finally:
        os._exit(status)


def memory(field: str) -> int:
    """Return bytes of memory of this process, by a field of its status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def seconds(work: Callable[[], object]) -> float:
    """Return processor time of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def poses(clips: int) -> Iterator[np.ndarray]:
    """Yield clips (T, 25, 3) of people who stand about."""
    random = np.random.default_rng(0)
    standing = random.normal(size=(25, 3)) * 0.3
    for _ in range(clips):
        yield (standing + random.normal(size=(FRAMES, 1, 3)) * 0.05 + 3).astype(np.float32)


def write_pyskl(path: Path, clips: int) -> None:
    notes = [
        {"frame_dir": f"clip{number}", "label": number % 60, "total_frames": FRAMES, "keypoint": clip[None]}
        for number, clip in enumerate(poses(clips))
    ]
    with path.open("wb") as file:
        pickle.dump({"split": {"train": [note["frame_dir"] for note in notes]}, "annotations": notes}, file)


def write_ctr_gcn(path: Path, clips: int) -> None:
    x = np.zeros((clips, FRAMES, 150), np.float32)
    for row, clip in zip(x, poses(clips), strict=True):
        row[:, :75] = clip.reshape(FRAMES, 75)
    np.savez(path, x_train=x, y_train=np.eye(60)[np.arange(clips) % 60])


def write_mediapipe(folder: Path) -> Path:
    path = samples.write_mediapipe(folder)
    frames = json.loads(path.read_text())
    long = [frames[number % len(frames)] | {"timestamp_ms": 100 * number // 3} for number in range(FRAMES)]
    path.write_text(json.dumps(long))
    return path


def write_table(folder: Path) -> Path:
    return samples.write_table(folder, np.resize(samples.BODY, (FRAMES, *samples.BODY.shape[1:])))


def write_c3d(folder: Path) -> Path:
    body = np.resize(samples.BODY, (FRAMES, *samples.BODY.shape[1:]))
    points = np.concatenate([body, np.zeros_like(body[..., :1])], axis=-1)
    (folder / "a.c3d").write_bytes(samples.c3d_file(points, {"LABELS": list(JOINTS), "UNITS": ["m"]}))
    return folder / "a.c3d"


def copies(path: Path, folder: Path, count: int) -> None:
    """Put copies of a file into a folder, and take the file away."""
    data = path.read_bytes()
    for number in range(count):
        (folder / f"{number:05}{path.suffix}").write_bytes(data)
    path.unlink()


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


def load_pickle(path: Path) -> object:
    with path.open("rb") as file:
        return pickle.load(file)


def load_json(path: Path) -> object:
    with path.open() as file:
        return json.load(file)


def load_csv(path: Path) -> object:
    import pandas

    return pandas.read_csv(path)


def landmarks(frames: list[dict[str, list[list[dict[str, float]]]]]) -> np.ndarray:
    """Return joints (T, V, 3) of one person, as one would write it."""
    return np.array(
        [[[p["x"], p["y"], p["z"]] for p in frame["pose_world_landmarks"][0]] for frame in frames]
    )


def load_c3d(path: Path) -> object:
    import ezc3d

    return ezc3d.c3d(str(path))["data"]["points"]


def points(data: np.ndarray) -> np.ndarray:
    return data[:3].transpose(2, 1, 0)


SUFFIX = {"pyskl": ".pkl", "ctr-gcn": ".npz"}
PLAIN = {"pyskl": load_pickle, "ctr-gcn": load_arrays}
LARGE = {"pyskl": write_pyskl, "ctr-gcn": write_ctr_gcn}
SMALL = {"mediapipe": write_mediapipe, "table": write_table, "c3d": write_c3d}
SAID: dict[str, dict[str, object]] = {"mediapipe": {}, "table": {"units": "m"}, "c3d": {}}
LIBRARY = {
    ".json": (load_json, landmarks),
    ".csv": (load_csv, lambda table: table.iloc[:, 2:].to_numpy().reshape(len(table), -1, 3)),
    ".c3d": (load_c3d, points),
}


if __name__ == "__main__":
    main()
