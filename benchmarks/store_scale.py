"""Time and memory of a store by its number of clips: opened, split, labelled in part, and its first batch.

    python benchmarks/store_scale.py
    python benchmarks/store_scale.py --clips 1000000 10000000

The index of each store is written whole, 48 bytes a clip. The joints are a file with a hole where all clips
but the first are, which takes no room on the disk: 2.4 GB for a million clips, to the reader all zero. Each
store is read in a process of its own; memory is what a step adds to what the process itself allocated at its
peak, beside pages of files, which the system takes back when memory is short.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FRAMES = 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--read", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        return measure(Path(options.read))
    print(f"{'clips':>11}  {'step':<28} {'seconds':>8} {'MB':>7}")
    for clips in options.clips:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder) / "large.store", clips)
            command = [sys.executable, __file__, "--read", f"{folder}/large.store"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        for step, seconds, grown in json.loads(done.stdout):
            print(f"{clips:>11,}  {step:<28} {seconds:>8.3f} {grown:>7.1f}", flush=True)


def write(folder: Path, clips: int) -> None:
    """Write a store of clips of 60 classes by 40 subjects, whose joints take no room."""
    from skeleton_data import StoreWriter, layout

    with StoreWriter(folder, layout=layout("ntu"), fps=30) as writer:
        writer.add(np.ones((FRAMES, 1, 25, 3)), name="a", label=0, subject=1)
    meta = json.loads((folder / "store.json").read_text())
    first = np.load(folder / "index.npy")
    index = np.lib.format.open_memmap(folder / "index.npy", "w+", first.dtype, (clips,))
    for start in range(0, clips, 2**18):
        part, number = index[start : start + 2**18], np.arange(start, min(clips, start + 2**18))
        part[:] = first
        part["row"], part["label"], part["subject"] = number * FRAMES, number % 60, 1 + number // 60 % 40
    index.flush()
    with (folder / "joints.npy").open("r+b") as file:
        head = {"descr": "<f4", "fortran_order": False, "shape": (clips * FRAMES, 25, 3)}
        np.lib.format.write_array_header_1_0(file, head)
        file.truncate(file.tell() + clips * FRAMES * 300)
    meta |= {"clips": clips, "rows": clips * FRAMES}
    for name in meta["files"]:
        meta["files"][name]["bytes"] = (folder / name).stat().st_size
    (folder / "store.json").write_text(json.dumps(meta))


def measure(path: Path) -> None:
    """Print what each step takes."""
    from torch.utils.data import BatchSampler

    from skeleton_data import (
        ClipSampling,
        ClipSet,
        EpochSampler,
        SkeletonDataset,
        SkeletonStore,
        label_subset,
        split,
    )

    found: list[tuple[str, float, float]] = []

    def step(name: str, work: Callable[[], Any]) -> Any:
        before, start = own_memory(), time.perf_counter()
        with Peak() as peak:
            result = work()
        found.append((name, time.perf_counter() - start, (peak.bytes - before) / 1e6))
        return result

    store = step("open", lambda: SkeletonStore.open(path))
    sides = step("split, validation of 10 %", lambda: split(store.index, "odd-subjects", validation=0.1))
    labels = store.index.label[sides.train]
    step("1 % of the labels", lambda: label_subset(labels, fraction=0.01, seed=0))
    sampling = ClipSampling(frames=4)
    data = step(
        "data set of the training side",
        lambda: SkeletonDataset([ClipSet(store, sides.train)], sampling, bodies=1, training=True),
    )
    sampler = EpochSampler(len(data), seed=0, shuffle=True)
    order = step("order of an epoch", lambda: iter(BatchSampler(sampler, 64, drop_last=True)))
    keys = step("first keys", lambda: next(order))
    step("first batch of 64", lambda: data[keys])
    print(json.dumps(found))


class Peak:
    """The most memory of this process while a block runs, looked up a thousand times a second."""

    def __enter__(self) -> "Peak":
        self.bytes, self._ended = own_memory(), threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def _look(self) -> None:
        while not self._ended.wait(0.001):
            self.bytes = max(self.bytes, own_memory())

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()
        self.bytes = max(self.bytes, own_memory())


def own_memory() -> int:
    """Bytes that this process has allocated, without pages of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("RssAnon")).split()[1])


if __name__ == "__main__":
    main()
