"""Resident memory of a training loader, for stores of growing size.

    python benchmarks/loader_memory.py
    python benchmarks/loader_memory.py --clips 16000 --workers 8 --start fork spawn forkserver

Each store is read in a process of its own: one epoch of shuffled batches, first by the process alone, then
with workers. *own* is what the process allocated (anonymous memory, with that of its workers), as growth
after the first batch; *all own* is what there is of it at the end. *mapped* are pages of files, above all of
the store, which belong to the system: they are shared, and given back when memory is short.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

STARTS = ("fork", "spawn", "forkserver")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, nargs="+", default=[1_000, 4_000, 16_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--batches", type=int, default=100, help="batches of 64 clips that are read")
    parser.add_argument("--start", nargs="+", choices=STARTS, default=["fork"], help="how workers start")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        return measure(options.read, options.workers[0], options.start[0], options.batches)
    with tempfile.TemporaryDirectory() as folder:
        for clips in options.clips:
            path = f"{folder}/{clips}"
            size = write_store(path, clips)
            for workers, start in product(options.workers, options.start):
                command = [sys.executable, __file__, "--read", path, "--workers", str(workers)]
                command += ["--start", start]
                done = subprocess.run(
                    [*command, "--batches", str(options.batches)], check=True, capture_output=True, text=True
                )
                found = json.loads(done.stdout)
                print(
                    f"{clips:>8,} clips, {size / 1e6:>7,.0f} MB, {workers} workers, {start}: opened in"
                    f" {found['opened_ms']:.1f} ms, own {found['own_mb']:+.0f} MB,"
                    f" mapped {found['mapped_mb']:+.0f} MB, all own {found['all_mb']:.0f} MB",
                    flush=True,
                )


def write_store(path: str, clips: int) -> int:
    """Clips of 80 frames and one body, all with the same motion, which memory does not mind."""
    import numpy as np

    from skeleton_data import StoreWriter, layout

    motion = np.random.default_rng(0).normal(size=(80, 1, 25, 3)).astype(np.float32)
    with StoreWriter(path, layout=layout("ntu"), fps=30) as writer:
        for clip in range(clips):
            writer.add(motion, name=f"{clip:08d}", label=clip % 60)
    return sum(file.stat().st_size for file in Path(path).iterdir())


def measure(path: str, workers: int, start: str, batches: int) -> None:
    """Prints how the memory of this process and its workers grows from the first to the last batch."""
    import numpy as np
    import torch
    from torch.utils.data import DataLoader

    from skeleton_data import ClipSampling, ClipSet, SkeletonDataset, SkeletonStore

    torch.set_num_threads(1)
    begun = time.perf_counter()
    store = SkeletonStore.open(path)
    opened = time.perf_counter() - begun
    clips = ClipSet(store, np.arange(len(store)))
    data = SkeletonDataset([clips], ClipSampling(), bodies=2, training=True)
    how = {"persistent_workers": True, "multiprocessing_context": start} if workers else {}
    feed = DataLoader(data, 64, shuffle=True, num_workers=workers, **how)
    number = 0
    while number < batches:
        for _ in feed:
            number += 1
            if number == 1:
                before = {field: memory(field) for field in ("RssAnon", "RssFile")}
            if number == batches:
                own, mapped = (memory(field) - before[field] for field in before)
                found = {"opened_ms": opened * 1e3, "own_mb": own, "mapped_mb": mapped}
                found["all_mb"] = memory("RssAnon")
                break
    print(json.dumps(found))


def memory(field: str, process: str = "self") -> float:
    """MB of a process and all that it has started."""
    folder = Path("/proc") / process
    status = (folder / "status").read_text().splitlines()
    own = int(next(line for line in status if line.startswith(field)).split()[1]) / 1e3
    children = [
        pid for task in (folder / "task").iterdir() for pid in (task / "children").read_text().split()
    ]
    return own + sum(memory(field, pid) for pid in children)


if __name__ == "__main__":
    main()
