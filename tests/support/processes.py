"""Two real processes on the CPU, as `accelerate launch` starts them."""

import contextlib
import os
from pathlib import Path

import psutil

# `--cpu --num_processes 2` would start a single process.
TWO_PROCESSES = (
    *("--multi_gpu", "--num_processes", "2", "--num_machines", "1", "--main_process_port", "0"),
    *("--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", "1"),
)
"""Options of `accelerate launch`."""


def of_this_machine(home: Path) -> dict[str, str]:
    """The environment without what another launcher left there, for processes of this machine, on its CPU."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MASTER_", "ACCELERATE_", "TORCHELASTIC_"))
        and name not in {"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"}
    }
    return inherited | {"CUDA_VISIBLE_DEVICES": "", "GLOO_SOCKET_IFNAME": "lo", "HF_HOME": str(home)}


def kill(process: int) -> None:
    """End a process and what it started at once, so that none of them can save anything."""
    started = psutil.Process(process)
    for each in [*started.children(recursive=True), started]:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
