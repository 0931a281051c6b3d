"""`benchmarks/device_check.py` runs whole, from the source tree, on a CPU, with no more than it asks for."""

import importlib.metadata as metadata
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPO = Path(__file__).parents[1]
WANTED = ("torch", "numpy", "einops", "pydantic")
BARE = """\
import runpy, sys
others, script, *arguments = sys.argv[1:]
sys.modules.update(dict.fromkeys(others.split(",")))  # as if they were not installed
sys.argv[:] = [script, *arguments]
sys.path[0] = script.rpartition("/")[0]
runpy.run_path(script, run_name="__main__")
"""


def with_requirements(names: tuple[str, ...]) -> set[str]:
    """Return these distributions and all that they require."""
    found: set[str] = set()
    wanted = [canonicalize_name(name) for name in names]
    while wanted:
        if (name := wanted.pop()) in found:
            continue
        found.add(name)
        required = map(Requirement, metadata.requires(name) or ())
        wanted += [
            canonicalize_name(r.name) for r in required if not r.marker or r.marker.evaluate({"extra": ""})
        ]
    return found


def other_modules() -> list[str]:
    """Return the installed modules that belong neither to this project nor to what the script asks for."""
    allowed = with_requirements(WANTED) | {path.name for path in (REPO / "packages").iterdir()}
    modules = metadata.packages_distributions().items()
    return [name for name, owners in modules if not allowed & {canonicalize_name(o) for o in owners}]


def test_other_modules_are_those_of_other_libraries() -> None:
    assert {"pytest", "safetensors", "timm", "lazy_loader", "scipy"} <= set(other_modules())
    assert not {"torch", "numpy", "sympy", "sttformer"} & set(other_modules())


@pytest.mark.slow
def test_device_check_passes_on_a_cpu_with_only_what_it_asks_for() -> None:
    script = [
        str(REPO / "benchmarks/device_check.py"),
        "--device",
        "cpu",
        "--rounds",
        "1",
        "--seconds",
        "900",
    ]
    command = [sys.executable, "-c", BARE, ",".join(other_modules()), *script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "present: nothing of timm" in done.stdout
    assert "lazy_loader, huggingface_hub, safetensors" in done.stdout  # replaced
    checked = [line for line in done.stdout.splitlines() if line.startswith("- ")]
    for what in ("STTFormer, dense, bfloat16", "tube", "augment", "resume", "torch.compile", "DDP", "FSDP"):
        (line,) = (line for line in checked if line.startswith(f"- {what}"))
        assert "(limit" in line, line
    assert sum("% of the peak" in line for line in checked) == 2
