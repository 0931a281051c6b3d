"""Speed, share of the peak and memory against the plain published block, and where the time goes."""

import gc
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np
import torch
from model_work import WORK, Setting
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from turns import in_precision, matmul_peak, speedup, take_turns

from .report import Report

WORKS = ("training", "pretraining")


def settings(device: str) -> Iterator[tuple[str, str, Setting]]:
    """Work, precision and setting, what matters most first; on a CPU a toy."""
    if device != "cuda":
        yield from ((work, "float32", Setting(2, 5, 5, 0.5, device, "tiny")) for work in WORKS)
        return
    for frames, size, batch, work in product((20, 120), ("base", "small"), (64, 256, 1024), WORKS):
        for precision in ("bfloat16", "float32") if batch == 64 else ("bfloat16",):
            yield work, precision, Setting(batch, frames, 5, 0.8, device, size)


def check_speed(report: Report, device: str, rounds: int) -> None:
    peaks: dict[str, float] = {}

    def peak(precision: str) -> str:
        peaks[precision] = matmul_peak(getattr(torch, precision), device, 4 * rounds)
        return f"{peaks[precision] / 1e12:.2f} TFLOP/s"

    for precision in ("bfloat16", "float32"):
        report.check(f"peak of matrix products, {precision}", partial(peak, precision))
    for work, precision, setting in settings(device):
        name = f"{work}, {setting.size}, {setting.frames} frames, batch {setting.batch}, {precision}"
        report.check(name, partial(measure, work, precision, setting, peaks, rounds))


def measure(work: str, precision: str, setting: Setting, peaks: dict[str, float], rounds: int) -> str:
    """Time both ways in turns, after a step of each that is weighed."""
    try:
        ways = {
            name: in_precision(precision, setting.device, way) for name, way in WORK[work](setting).items()
        }
        memory = {name: weigh(way, setting) for name, way in ways.items()}
        flops = {name: _count(way) for name, way in ways.items()}
        seconds = take_turns(ways, rounds, device=setting.device)
    except torch.OutOfMemoryError:
        return "out of memory"
    finally:
        gc.collect()
        if setting.device == "cuda":
            torch.cuda.empty_cache()
    told = []
    for name in ways:
        median = float(np.median(seconds[name]))
        share = flops[name] / median / peaks[precision]
        told.append(
            f"{name} {median * 1e3:.1f} ms, {setting.batch / median:.0f} clips/s, {share:.0%} of the peak,"
            f" {memory[name]}"
        )
    told.append(f"ours {speedup(seconds['plain'], seconds['ours'])} as fast")
    return "; ".join(told)


def weigh(way: Callable[[], object], setting: Setting) -> str:
    """Take a step, and return the most memory that torch held in it beyond what it held before."""
    if setting.device != "cuda":
        way()
        return "memory not measured (benchmarks/model_memory.py does)"
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    way()
    return f"{(torch.cuda.max_memory_allocated() - before) / setting.batch / 1e6:.1f} MB a clip"


def _count(way: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter:
        way()
    return counter.get_total_flops()


def check_profile(report: Report, device: str) -> None:
    """Tables of the operations that take most time in a step."""
    precision, size, batch = ("bfloat16", "base", 256) if device == "cuda" else ("float32", "tiny", 2)
    for work in WORKS:
        report.check(f"{work}, {size}, batch {batch}, {precision}", partial(table, work, precision, device))


def table(work: str, precision: str, device: str) -> str:
    setting = Setting(256, 20, 5, 0.8, device, "base") if device == "cuda" else next(settings(device))[2]
    way = in_precision(precision, device, WORK[work](setting)["ours"])
    way()
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device == "cuda" else [])]
    with profile(activities=activities) as profiled:
        way()
    order = "self_cuda_time_total" if device == "cuda" else "self_cpu_time_total"
    rows = profiled.key_averages().table(sort_by=order, row_limit=15, max_name_column_width=60)
    return "\n\n```text\n" + rows.strip() + "\n```\n"
