"""Speed of STTFormer and SkeletonMAE against the published block written plainly (`plain_sttformer.py`).

    python benchmarks/model_speed.py
    python benchmarks/model_speed.py --batch 16 64 --threads 1 2 --frames 20 120 --rounds 10
    python benchmarks/model_speed.py --device cuda --batch 64 256 --rounds 30

Before anything is timed, both must give the same outputs and gradients. Then they take turns in a changing
order; a ratio is that of the medians, with the spread (10 % to 90 %) of the ratios of rounds. Ratios of
bfloat16 (autocast) are against the plain model in float32, as those of float32, and against it in bfloat16.
The share of the peak is that of the largest matrix products, measured in the same run and precision.

Works: training (a step of the classifier), inference, encoding (forward and backward of the encoder at 24 %
visible, against mask tokens) and pretraining (a whole step of SkeletonMAE).
"""

import argparse
from collections.abc import Callable
from itertools import product

import numpy as np
import torch
from model_work import CHECKS, WORK, Setting
from torch.utils.flop_counter import FlopCounterMode
from turns import in_precision, keep_freed_memory, matmul_peak, speedup, take_turns


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", nargs="+", choices=WORK, default=list(WORK))
    parser.add_argument("--batch", type=int, nargs="+", default=[16], help="clips (default: 16)")
    parser.add_argument("--frames", type=int, nargs="+", default=[20], help="of a clip (default: 20)")
    parser.add_argument("--tuple-frames", type=int, default=5, help="frames of a tuple (default: 5)")
    parser.add_argument("--threads", type=int, nargs="+", default=[torch.get_num_threads()])
    parser.add_argument(
        "--one-body", type=float, nargs="+", default=[0.8, 0], help="shares of clips with one body"
    )
    parser.add_argument(
        "--precision", nargs="+", choices=["float32", "bfloat16"], default=["float32", "bfloat16"]
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way (default: 3)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--free-memory", action="store_true", help="leave the system's allocator as it is")
    options = parser.parse_args()
    if not options.free_memory:
        keep_freed_memory()
    for threads in options.threads:
        torch.set_num_threads(threads)
        peaks = {name: matmul_peak(getattr(torch, name), options.device) for name in options.precision}
        measured = ", ".join(f"{name} {peak / 1e9:,.0f} GFLOP/s" for name, peak in peaks.items())
        print(f"{options.device}, threads: {threads}; peak of matrix products: {measured}")
        for frames, batch, work in product(options.frames, options.batch, options.work):
            # The encoder is given present bodies alone.
            for share in options.one_body[:1] if work == "encoding" else options.one_body:
                setting = Setting(batch, frames, options.tuple_frames, share, options.device)
                CHECKS[work](setting._replace(batch=3))
                measure(work, setting, peaks, options.rounds)


def measure(work: str, setting: Setting, peaks: dict[str, float], rounds: int) -> None:
    """Time all ways of a work in all precisions, and print a line for each."""
    print(f"{work}, {setting.batch} clips of {setting.frames} frames, {setting.one_body:.0%} with one body")
    ways = {
        (name, precision): in_precision(precision, setting.device, way)
        for name, way in WORK[work](setting).items()
        for precision in peaks
    }
    flops = {key: count(way) for key, way in ways.items()}
    names = {f"{name}, {precision}": (name, precision) for name, precision in ways}
    seconds = take_turns({label: ways[key] for label, key in names.items()}, rounds, device=setting.device)
    for label, (_, precision) in names.items():
        median = float(np.median(seconds[label]))
        rate = flops[names[label]] / median
        against = dict.fromkeys((f"plain, {next(iter(peaks))}", f"plain, {precision}"))
        ratios = [f"{speedup(seconds[other], seconds[label])} {other}" for other in against if other != label]
        print(
            f"  {label:<16} {median * 1e3:8.1f} ms, {setting.batch / median:7.1f} clips/s,"
            f" {rate / 1e9:7,.0f} GFLOP/s, {rate / peaks[precision]:4.0%} of the peak; {'; '.join(ratios)}"
        )


def count(way: Callable[[], object]) -> int:
    """Operations of its products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        way()
    return counter.get_total_flops()


if __name__ == "__main__":
    main()
