"""Speed and memory of pre-training by the default recipe, beside those of an earlier build.

    git worktree add ../before 665b04e
    python benchmarks/pretraining.py ../before

Both builds take turns in one run, as commands with one thread and with the libraries of one environment: the
earlier one runs its own `apps/pretrain.py` and its own sources. Both import the same random clips (20 joints,
60 frames, one body). Two lengths are run; the difference of their processor seconds is the time of the steps
between, without imports and the end of a run. A figure is the median over rounds, a ratio that of medians.
Then a profile says where the time of a step goes, with the clips and the network of the new build.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from serving import Cost, run, with_unit

from skeleton_lab import read_recipe
from skeleton_lab.pretrain import PretrainConfig

STEPS, BATCH = (20, 100), 64


def write_clips(file: Path) -> None:
    random, clips = np.random.default_rng(0), 512
    arm, leg = [1.4, 1.1, 0.9, 0.8], [0.9, 0.5, 0.1, 0.1]
    height = np.array([1.0, 1.2, 1.4, 1.6, *arm, *arm, *leg, *leg])
    places = random.normal(0, 0.1, (clips, 1, 20, 3)) + height[:, None] * [0, 1, 0]
    steps = 0.005 * random.normal(0, 1, (clips, 60, 20, 3)).cumsum(1)
    offsets = np.arange(clips + 1) * 60
    joints = (places + steps + [0, 0, 2]).reshape(-1, 20, 3).astype(np.float32)
    np.savez(file, positions_m=joints, offsets=offsets, label=np.arange(clips) % 4, fps=30.0)


def steps_of(command: list[str], folder: Path, sources: str, precision: str) -> tuple[float, Cost]:
    """Processor seconds of a step, and the cost of the longer of both runs."""
    os.environ["ACCELERATE_MIXED_PRECISION"] = precision
    costs = []
    for steps in STEPS:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            options = [
                "--training.steps",
                str(steps),
                "--run.folder",
                f"{place}/run",
                "--data.validation",
                "0",
            ]
            costs.append(run([*command, *options], folder=folder, sources=sources))
    return (costs[1].processor - costs[0].processor) / (STEPS[1] - STEPS[0]), costs[1]


def commands(before: Path, folder: Path) -> dict[str, tuple[list[str], str]]:
    """Command and sources of each build, on its own store of the same clips."""
    write_clips(folder / "clips.npz")
    scripts = Path(sys.executable).parent
    old = [sys.executable, str(before / "apps" / "pretrain.py"), str(before / "configs/pretrain/modern.toml")]
    new = [str(scripts / "skeleton-lab"), "pretrain", "pretrain/default"]
    found = {}
    places = os.pathsep.join(map(str, [*(before / "packages").glob("*/src"), before / "apps"]))
    for name, command, sources, module in (
        ("before", old, places, "skeleton_data.cli"),
        ("now", new, "", "skeleton_data.cli.main"),
    ):
        importing = [sys.executable, "-c", f"from {module} import main; main()", "import"]
        importing += ["clips.npz", name, "--layout", "kinect_v1"]
        subprocess.run(importing, env=os.environ | {"PYTHONPATH": sources}, check=True, cwd=folder)
        source = f'[{{"store": "{name}", "protocol": "all"}}]'
        found[name] = ([*command, "--data.sources", source], sources)
    return found


KINDS = {
    "matrix products and convolutions": ("mm", "conv"),
    "gathers and scatters": ("index", "gather", "scatter", "sort"),
    "normalisation": ("batch_norm",),
    "copies and conversions": ("copy", "cat", "clone", "fill", "zero"),
    "optimizer": ("Optimizer", "_foreach"),
}
REST = "functions of each element, sums and autograd"


def profile(clips: int = BATCH, steps: int = 10) -> dict[str, float]:
    """Share of the time of a step in bfloat16 that each kind of operator takes, of its own."""
    import torch

    from skeletonmae import SkeletonMAE

    torch.set_num_threads(1)
    recipe = read_recipe(PretrainConfig, ["pretrain/default"], program="pretrain", shortcuts={})
    encoder = recipe.model.encoder.model_copy(update={"joints": 20})
    model = SkeletonMAE(recipe.model.model_copy(update={"encoder": encoder}))
    optimizer = torch.optim.AdamW(model.parameters())
    joints, seeds = torch.randn(clips, 3, 20, 20, 1), torch.arange(clips)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(joints, generator=seeds).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(3):
        step()
    with torch.profiler.profile() as seen:
        for _ in range(steps):
            step()
    shares = dict.fromkeys((*KINDS, REST), 0.0)
    events = seen.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    for event in events:
        name = event.key.removeprefix("aten::")
        kind = next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), None)
        shares[kind or REST] += event.self_cpu_time_total / total
    return shares


def row(what: str, unit: str, *, before: float, now: float) -> None:
    cells = [what, with_unit(before, unit), with_unit(now, unit), f"{before / now:.2f}"]
    print("|", " | ".join(cells), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="a clone of the repository at the earlier build")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        both = commands(options.before.resolve(), folder)
        print("\n| | before | now | before / now |\n|---|---|---|---|", flush=True)
        for precision in ("no", "bf16"):
            turns: dict[str, list[tuple[float, Cost]]] = {name: [] for name in both}
            for _ in range(options.rounds):
                for name, (command, sources) in both.items():
                    turns[name].append(steps_of(command, folder, sources, precision))
            name = {"no": "float32", "bf16": "bfloat16"}[precision]
            seconds = {build: median(step for step, _ in turns[build]) for build in both}
            memory = {build: median(cost.memory / 1e6 for _, cost in turns[build]) for build in both}
            row(f"a step of {BATCH} clips, {name}", "s", **seconds)
            row(f"memory, {name}", "MB", **memory)
    print("\n| operators of a step in bfloat16 | share of its time |\n|---|---|")
    for kind, share in profile().items():
        print(f"| {kind} | {share:.0%} |")


if __name__ == "__main__":
    main()
