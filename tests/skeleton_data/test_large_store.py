"""A store of any size: opened, read and iterated at the cost of what is asked for."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_data.dataset.dataset import ClipSet, SkeletonDataset
from skeleton_data.layouts.layout import layout
from skeleton_data.store.files import INDEX, INDEX_DTYPE, JOINTS, META, NAMES
from skeleton_data.transforms.sampling import ClipSampling

NTU = layout("ntu")
FRAMES = 8


def sparse_store(folder: Path, clips: int) -> Path:
    """A store whose files have holes where all but the first and the last clip would be."""
    with StoreWriter(folder, layout=NTU, fps=30) as writer:
        writer.add(np.ones((FRAMES, 1, 25, 3)), name="a", label=0)
    meta = json.loads((folder / META).read_text())
    meta |= {"clips": clips, "rows": clips * FRAMES}
    record = np.zeros(1, INDEX_DTYPE)
    record[0]["row"], record[0]["frames"], record[0]["bodies"] = (clips - 1) * FRAMES, FRAMES, 1
    for name, shape, dtype, last in (
        (INDEX, (clips,), INDEX_DTYPE, record),
        (JOINTS, (clips * FRAMES, 25, 3), np.dtype("<f4"), np.full((FRAMES, 25, 3), 7, "<f4")),
    ):
        with (folder / name).open("r+b") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
            )
            file.seek(file.tell() + int(np.prod(shape)) * dtype.itemsize - last.nbytes)
            file.write(last.tobytes())
        meta["files"][name]["bytes"] = (folder / name).stat().st_size
    (folder / META).write_text(json.dumps(meta))
    return folder


def resident(folder: Path) -> int:
    """KiB of the files in a folder that this process holds in memory."""
    if not Path("/proc/self/smaps").exists():
        pytest.skip("no /proc/self/smaps on this system")
    total, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            inside = str(folder) in line
        elif inside and first == "Rss:":
            total += int(rest[0])
    return total


@pytest.mark.parametrize("clips", [1_000, 10_000_000])
def test_opening_and_reading_cost_the_same_at_any_size(tmp_path: Path, clips: int) -> None:
    """10 million clips are 24 GB of joints and 480 MB of index, nearly all of them holes of the file."""
    folder = sparse_store(tmp_path / "s", clips)
    tracemalloc.start()
    store = SkeletonStore.open(folder)
    first, last = store.read(0), store.read(clips - 1)
    label = int(store.index.label[clips - 1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (first == 1).all() and (last == 7).all() and label == 0
    assert len(store) == len(store.index) == clips
    assert peak < 1e6 and 0 < resident(folder) < 1024
    assert isinstance(store.name(0), str) and (folder / NAMES).stat().st_size < 100


def test_a_dataset_of_many_clips_holds_their_numbers_only(tmp_path: Path) -> None:
    store = SkeletonStore.open(sparse_store(tmp_path / "s", 10_000_000))
    clips = np.arange(9_000_000, 9_000_001)
    with pytest.raises(ValueError, match="damaged"):  # a hole: no frames
        ClipSet(store, clips)
    data = SkeletonDataset(
        [ClipSet(store, np.array([0, 9_999_999]))],
        ClipSampling(frames=4, rotation=0.0),
        bodies=1,
        training=True,
        seed=0,
    )
    batch = data[[(0, 1), (0, 0)]]
    assert torch.equal(batch.joints[0], torch.full((3, 4, 25, 1), 7.0))
    assert 0 < resident(tmp_path / "s") < 1024
