"""Speed of training batches (random crop, resize, rotation) against two feeders that sample clip by clip.

    python benchmarks/clip_sampling.py

All read the same store and end with the same (N, C, T, V, M) batch; they take turns in a changing order, in
one thread, and the processor time is compared. A turn is many batches in a row, as a loader's worker makes
them; the first few after a change of turn take longer. As in training, freed memory stays with the process,
where the system's library allows it: else each way pays for clearing the same pages again and again.

- *published*: the steps of the feeders of the field for each clip: slice, copy, bilinear ``interpolate`` of
  a (1, 1, C V M, L) image, one rotation matrix a frame, one ``matmul`` over the frames; the clips are
  stacked at the end.
- *lean*: the same with one-dimensional ``interpolate`` and one matrix a clip, the least that a clip-by-clip
  feeder must do.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import ctypes
import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from skeleton_data import ClipSampling, ClipSet, SkeletonDataset, SkeletonStore, StoreWriter, layout
from skeleton_data.transforms import Draw, uniform

DRAWS = (Draw.CROP_LENGTH, Draw.CROP_START, Draw.ROTATION_X, Draw.ROTATION_Y, Draw.ROTATION_Z)
IN_A_ROW = 60  # batches in one turn


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=2000, help="clips in the store")
    parser.add_argument("--batch", type=int, default=64, help="clips in a batch")
    parser.add_argument("--frames", type=int, nargs="+", default=[20, 120], help="frames of a sampled clip")
    parser.add_argument("--two-bodies", type=float, default=1.0, help="share of the clips with two bodies")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each way")
    options = parser.parse_args()

    torch.set_num_threads(1)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        store = write_store(f"{folder}/walks", options.clips, options.two_bodies)
        for frames in options.frames:
            compare(store, ClipSampling(frames=frames), options.batch, options.rounds)


def keep_freed_memory() -> None:
    """glibc's thresholds for mapping (-3) and trimming (-1), as in the apps."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for parameter in (-3, -1):
            libc.mallopt(parameter, 1 << 30)


def write_store(path: str, clips: int, two_bodies: float) -> SkeletonStore:
    """Clips of 40 to 120 frames in which every joint walks at random, about 2 cm a frame."""
    random = np.random.default_rng(0)
    with StoreWriter(path, layout=layout("ntu"), fps=30) as writer:
        for clip in range(clips):
            shape = (random.integers(40, 121), 1 + (random.random() < two_bodies), 25, 3)
            steps = random.normal(scale=0.02, size=shape)
            writer.add(random.normal(scale=0.5, size=shape[1:]) + steps.cumsum(axis=0), name=f"{clip:06d}")
    return SkeletonStore.open(path)


def compare(store: SkeletonStore, sampling: ClipSampling, batch: int, rounds: int) -> None:
    dataset = SkeletonDataset(
        [ClipSet(store, np.arange(len(store)))], sampling, bodies=2, training=True, seed=0
    )
    random = np.random.default_rng(1)
    seconds: dict[str, list[float]] = {"published": [], "lean": [], "batched": []}
    for epoch in range(-1, rounds):  # the first round fills caches
        chosen = [random.choice(len(store), batch, replace=False) for _ in range(IN_A_ROW)]
        keys = [[(epoch, int(clip)) for clip in clips] for clips in chosen]
        drawn = [uniform(0, epoch, clips, DRAWS).tolist() for clips in chosen]
        ways: dict[str, Callable[[int], Tensor]] = {
            "published": lambda k: feeder(store, chosen[k], drawn[k], sampling, published),  # noqa: B023
            "lean": lambda k: feeder(store, chosen[k], drawn[k], sampling, lean),  # noqa: B023
            "batched": lambda k: dataset[keys[k]].joints,  # noqa: B023
        }
        last = {}
        for way in random.permutation(list(ways)):
            start = time.process_time()
            for number in range(IN_A_ROW):
                last[way] = ways[way](number)
            if epoch >= 0:
                seconds[way].append((time.process_time() - start) / IN_A_ROW)
        torch.testing.assert_close(last["batched"], last["published"], rtol=0, atol=1e-5)
        torch.testing.assert_close(last["batched"], last["lean"], rtol=0, atol=1e-5)

    batched = np.array(seconds.pop("batched"))
    print(f"{batch} clips x {sampling.frames} frames: batched {np.median(batched) * 1e3:.2f} ms")
    for way, theirs in seconds.items():
        low, high = np.quantile(theirs / batched, [0.1, 0.9])
        ratio = np.median(theirs) / np.median(batched)
        print(
            f"  {way} {np.median(theirs) * 1e3:.2f} ms, ratio of medians {ratio:.1f}"
            f" (of rounds, 10 % to 90 %: {low:.1f} to {high:.1f})"
        )


def feeder(
    store: SkeletonStore,
    clips: np.ndarray,
    drawn: list[list[float]],
    sampling: ClipSampling,
    sample: Callable[[Tensor, Tensor, int], Tensor],
) -> Tensor:
    """Clip by clip; the random numbers are handed to it, so that all ways draw the same."""
    batch = []
    for number, (crop_length, crop_start, *angles) in zip(clips, drawn, strict=True):
        clip = store.read(int(number))
        low, high = sampling.train_crop
        length = max(int(len(clip) * (low + (high - low) * crop_length)), 1)
        start = int(crop_start * (len(clip) - length + 1))
        data = torch.tensor(clip[start : start + length].transpose(3, 0, 2, 1))  # (C, L, V, M)
        turn = (2 * torch.tensor(angles) - 1) * sampling.rotation
        joints = sample(data, turn, sampling.frames)
        batch.append(F.pad(joints, (0, 2 - joints.shape[-1])))
    return torch.stack(batch)


def published(data: Tensor, angles: Tensor, frames: int) -> Tensor:
    channels, length, joints, bodies = data.shape
    image = data.permute(0, 2, 3, 1).contiguous().view(1, 1, channels * joints * bodies, length)
    image = F.interpolate(
        image, size=(channels * joints * bodies, frames), mode="bilinear", align_corners=False
    )
    data = image.view(channels, joints, bodies, frames).permute(3, 0, 1, 2).contiguous()
    turned = rotation(angles.expand(frames, 3)) @ data.view(frames, channels, joints * bodies)
    return turned.view(frames, channels, joints, bodies).permute(1, 0, 2, 3).contiguous()


def lean(data: Tensor, angles: Tensor, frames: int) -> Tensor:
    channels, length, joints, bodies = data.shape
    rows = data.permute(0, 2, 3, 1).reshape(1, channels * joints * bodies, length)
    rows = F.interpolate(rows, size=frames, mode="linear", align_corners=False)
    turned = rotation(angles[None])[0] @ rows.view(channels, joints * bodies * frames)
    return turned.view(channels, joints, bodies, frames).permute(0, 3, 1, 2).contiguous()


def rotation(angles: Tensor) -> Tensor:
    """(n, 3) angles -> (n, 3, 3)."""
    (cx, cy, cz), (sx, sy, sz) = angles.cos().unbind(-1), angles.sin().unbind(-1)
    zero, one = torch.zeros_like(cx), torch.ones_like(cx)
    x = torch.stack([one, zero, zero, zero, cx, sx, zero, -sx, cx], dim=-1).view(-1, 3, 3)
    y = torch.stack([cy, zero, -sy, zero, one, zero, sy, zero, cy], dim=-1).view(-1, 3, 3)
    z = torch.stack([cz, sz, zero, -sz, cz, zero, zero, zero, one], dim=-1).view(-1, 3, 3)
    return z @ y @ x


if __name__ == "__main__":
    main()
