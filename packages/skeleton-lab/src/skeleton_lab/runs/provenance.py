"""What a run was made with: versions, the commit of the code, the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, Field

PACKAGES = (
    *("skeleton-lab", "skeleton-data", "skeleton-mask", "sttformer", "skeletonmae", "skeleton-baselines"),
    *("skeleton-runtime", "torch", "numpy", "accelerate", "safetensors"),
)
"""What every run rests on."""
IF_USED = {"sklearn": "scikit-learn", "aeon": "aeon", "timm": "timm"}
"""Further packages, by the module that is imported where they are used."""


class Provenance(BaseModel):
    """What a run was made with (in result.json)."""

    python: str
    packages: dict[str, str] = Field(description="Versions of the packages.")
    commit: str | None = Field(description="Commit of the code, with `+changes`; None outside a repository.")
    system: str
    processor: str
    cores: int = Field(description="Cores that the process may use.")
    devices: list[str] = Field(description="Accelerators that torch sees.")

    def rows(self) -> dict[str, str]:
        """Return what a table shows of it."""
        packages = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        rows = {"packages": f"Python {self.python}, {packages}"}
        if self.commit:
            rows["commit"] = self.commit
        hardware = f"{self.processor}, {self.cores} cores, {self.system}"
        return rows | {"hardware": ", ".join([*self.devices, hardware])}


def provenance() -> Provenance:
    """Return what this process runs with; torch and others are asked only where they are imported already."""
    torch = sys.modules.get("torch")
    used = [name for module, name in IF_USED.items() if module in sys.modules]
    count = torch.cuda.device_count() if torch and torch.cuda.is_available() else 0
    return Provenance(
        python=platform.python_version(),
        packages={name: number for name in (*PACKAGES, *used) if (number := _version(name))},
        commit=_commit(),
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        devices=[torch.cuda.get_device_name(each) for each in range(count)] if torch else [],
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def _commit() -> str | None:
    """Return the commit of the repository that this file is tracked in, if git says it."""
    here = Path(__file__).resolve()

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here.parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        if not git("ls-files", here.name):
            return None
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return None


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
