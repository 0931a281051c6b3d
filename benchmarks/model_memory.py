"""Peak memory of a step for each clip, against the published block written plainly (`plain_sttformer.py`).

    python benchmarks/model_memory.py
    python benchmarks/model_memory.py --device cuda --batch 64

Each way runs in a process of its own, for two steps. On a CPU it is by how much the resident memory rises
from the built model to its peak, gradients and buffers of libraries included; on a GPU what torch allocates.
"""

import argparse
import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import torch
from model_work import WORK, Setting
from turns import in_precision


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", nargs="+", choices=WORK, default=list(WORK))
    parser.add_argument("--batch", type=int, default=8, help="clips (default: 8)")
    parser.add_argument("--frames", type=int, default=20, help="of a clip (default: 20)")
    parser.add_argument("--tuple-frames", type=int, default=5, help="frames of a tuple (default: 5)")
    parser.add_argument("--one-body", type=float, nargs="+", default=[0.8, 0], help="share of clips")
    parser.add_argument("--precision", nargs="+", default=["float32"], choices=["float32", "bfloat16"])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        work, name, precision, setting = json.loads(options.measure)
        print(json.dumps(peak(work, name, precision, Setting(*setting))))
        return
    for work, share, precision in product(options.work, options.one_body, options.precision):
        if work == "encoding" and share != options.one_body[0]:
            continue  # it is given present bodies alone
        setting = Setting(options.batch, options.frames, options.tuple_frames, share, options.device)
        found = {}
        for name in ("plain", "ours"):
            job = json.dumps([work, name, precision, setting])
            command = [sys.executable, __file__, "--measure", job]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[name] = json.loads(done.stdout) / options.batch
        print(
            f"{work}, {options.frames} frames, {share:.0%} with one body, {precision}:"
            f" plain {found['plain']:.1f} MB a clip, ours {found['ours']:.1f} MB,"
            f" {found['ours'] / found['plain']:.2f} of it"
        )


def peak(work: str, name: str, precision: str, setting: Setting) -> float:
    """MB by which memory rises in two steps."""
    way = in_precision(precision, setting.device, WORK[work](setting)[name])
    before = reset(setting.device)
    for _ in range(2):
        way()
    if setting.device == "cuda":
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    return (resident("VmHWM") - before) / 1e6


def reset(device: str) -> float:
    """Bytes in use now, from which on the peak is kept."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def resident(field: str) -> float:
    """Bytes of a field of the kernel's account of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * float(next(line for line in lines if line.startswith(field)).split()[1])


if __name__ == "__main__":
    main()
