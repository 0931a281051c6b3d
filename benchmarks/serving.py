"""What answers cost without torch, beside those of an earlier build that ran the model in torch.

    git worktree add ../before 665b04e
    python benchmarks/serving.py ../before

Both builds take turns in one run, as commands and with the libraries of one environment: the earlier one runs
its own `apps/predict.py` and its own sources, compiled before, as pip leaves them. A figure is the
median over rounds, a ratio that of medians. `--part` measures one part of the table alone.
Both are given one network (4 blocks of 32 to 64 channels, tuples of 2 of 20 frames, 20 joints, 27 classes)
with the same weights, and must give the same classes, and probabilities within 1e-4.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
from packaging.requirements import Requirement

REPO = Path(__file__).parents[1]
BEFORE = ("torch", "accelerate", "huggingface-hub", "safetensors", "matplotlib", "tensorboard", "einops")
"""What the earlier build asks for."""

GOALS = {
    "command to first answer, processor": "15",
    "memory of that command": "6",
    "installed size": "15",
    "network, one clip, one thread": "4",
    "network, per clip in batches of 64, one thread": "2",
    "a stream of 30 frames a second, share of a core": "10 %",
    "long recording, processor": "5",
}
"""Ratios, and the largest share of a core."""

NETWORK = """
import json, statistics, sys, time
import numpy as np, torch
torch.set_num_threads(1)
from sttformer import STTFormer
model = STTFormer.from_pretrained(sys.argv[1]).eval()
def run(clips):
    with torch.inference_mode():
        return model(torch.from_numpy(clips)).numpy()
"""
EXPORTED = """
import json, statistics, sys, time
import numpy as np
from skeleton_runtime import Recogniser
run = Recogniser.load(sys.argv[1]).network.scores
"""
TIMED = """
told = {}
for batch, rounds in ((1, 100), (64, 5)):
    clips = np.random.default_rng(0).normal(0, 0.4, (batch, 3, 20, 20, 1)).astype(np.float32)
    run(clips), run(clips)
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run(clips)
        times.append(time.process_time() - start)
    told[batch] = statistics.median(times)
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Cost:
    """Of a command: seconds of the clock and of the processor, bytes of memory at most, what it printed."""

    clock: float
    processor: float
    memory: int
    printed: str


def run(command: list[str], *, folder: Path, stdin: Path | None = None, sources: str = "") -> Cost:
    compiled = {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    environment = os.environ | compiled | {"PYTHONPATH": sources, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as out, (stdin or Path(os.devnull)).open() as given:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stdin=given)
        _, status, used = os.wait4(process.pid, 0)
        clock = time.perf_counter() - start
        out.seek(0)
        printed = out.read()
    assert status == 0, (command, status)
    return Cost(clock, used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss, printed)


def installed(names: tuple[str, ...]) -> int:
    """Bytes of distributions and all that they need, in this environment."""
    sizes: dict[str, int] = {}
    todo = list(names)
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in sizes:
            continue
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        files = [Path(str(found.locate_file(file))) for file in found.files or []]
        sizes[name] = sum(file.stat().st_size for file in files if file.is_file())
        wanted = [Requirement(each) for each in found.requires or []]
        todo += [each.name for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    return sum(sizes.values())


def write_model(folder: Path) -> None:
    """Write one network for both builds, trained a little so that BatchNorm has statistics."""
    import torch

    from skeleton_data import ClipSampling, Preprocessing, layout
    from skeleton_lab import SavedModel, export_with_examples, save_network, write_int8
    from skeleton_runtime import OnnxNetwork
    from sttformer import STTFormer, STTFormerConfig

    torch.set_num_threads(1)
    torch.manual_seed(0)
    blocks = ((32, 8), (32, 8), (64, 16), (64, 16))
    config = STTFormerConfig(
        joints=20, width=32, blocks=blocks, tuple_frames=2, pool="by_joint", num_classes=27
    )
    network = STTFormer(config)
    for _ in range(20):
        network(torch.randn(16, 3, 20, 20, 1) * 0.4)
    preprocessing = Preprocessing(
        layout=layout("kinect_v1"),
        bodies=1,
        sampling=ClipSampling(frames=20, origin="first_frame", face_forward=True),
        classes=tuple(f"action {number}" for number in range(27)),
        fps=30,
    )
    save_network(network.eval(), folder / "new", preprocessing)
    exported = folder / "new" / "model.onnx"
    print(export_with_examples([SavedModel.open(folder / "new")], exported))
    shown = np.random.default_rng(2).normal(0, 0.4, (64, 3, 20, 20, 1)).astype(np.float32)
    label = OnnxNetwork(exported).scores(shown).argmax(axis=1)
    print(write_int8(exported, folder / "new" / "model.int8.onnx", shown, shown, label, most=100))
    (folder / "new" / "SHA256SUMS").unlink()  # which would have to name the new file, too
    # The earlier build knows fewer fields.
    old = folder / "old"
    old.mkdir()
    (old / "model.safetensors").symlink_to(folder / "new" / "model.safetensors")
    known = json.loads((folder / "new" / "config.json").read_text())
    known["config"].pop("tuples")
    (old / "config.json").write_text(json.dumps(known))
    told = preprocessing.model_dump(mode="json", exclude={"fps", "units"})
    sampling = told["sampling"]
    sampling["heading"] = sampling.pop("face_forward")
    sampling.pop("augment")
    (old / "preprocessing.json").write_text(json.dumps(told))


def write_recordings(folder: Path, long: int) -> None:
    from skeleton_data import layout

    rng, names = np.random.default_rng(1), layout("kinect_v1").joints
    pose = rng.normal(0, 0.2, (20, 3)) + np.linspace(0, 1.7, 20)[:, None] * [0, 1, 0]
    for name, frames in (("short", 90), ("long", long), ("tenth", long // 10)):
        moving = 0.1 * np.sin(np.arange(frames) * 0.3)[:, None, None] * rng.normal(0, 1, (1, 20, 3))
        joints = (pose + moving + [0.0, 0.0, 2.0]).astype(np.float32)
        np.savez(folder / f"{name}.npz", positions_m=joints, offsets=[0, frames], joint_names=names, fps=30.0)
        with (folder / f"{name}.txt").open("w") as file:
            file.writelines(f"{json.dumps(frame.round(4).tolist())}\n" for frame in joints)
    with (folder / "long.txt").open() as file:
        lines = list(islice(file, 1500))
    (folder / "short.txt").write_text("".join(lines[:300]))
    (folder / "longer.txt").write_text("".join(lines[:1500]))


class Builds:
    """The commands of both builds."""

    def __init__(self, before: Path, folder: Path) -> None:
        self.folder = folder
        places = [*(before / "packages").glob("*/src"), before / "apps"]
        self.sources = os.pathsep.join(map(str, places))
        self.old = [sys.executable, str(before / "apps" / "predict.py"), "old"]
        self.new = [str(Path(sys.executable).parent / "skeleton-predict"), "new"]

    def turns(
        self, options: list[str], rounds: int, stdin: Path | None = None
    ) -> tuple[list[Cost], list[Cost]]:
        """Costs of both, in turns."""
        old, new, told = [], [], ["--format", "json"]
        for _ in range(rounds):
            given = {"folder": self.folder, "stdin": stdin}
            old.append(run([*self.old, *options, *told], sources=self.sources, **given))
            new.append(run([*self.new, *options, *told, "--insist"], **given))
            compare(old[-1].printed, new[-1].printed)
        return old, new

    def int8(self, options: list[str]) -> Cost:
        """Cost of the present build in int8, whose answers are not quite the same."""
        command = [self.new[0], "new/model.int8.onnx", *options, "--format", "json", "--insist"]
        return run(command, folder=self.folder)

    def networks(self, rounds: int) -> list[dict[str, float]]:
        """Median CPU seconds of a batch, by its size: before, now, and now in int8."""
        command, told = [sys.executable, "-W", "ignore", "-c"], [[], [], []]
        kinds = ((NETWORK, "old", self.sources), (EXPORTED, "new", ""), (EXPORTED, "new/model.int8.onnx", ""))
        for _ in range(rounds):
            for each, (program, model, sources) in zip(told, kinds, strict=True):
                done = run([*command, program + TIMED, model], folder=self.folder, sources=sources)
                each.append(json.loads(done.printed.splitlines()[-1]))  # behind what the Hub's library says
        return [{batch: median(each[batch] for each in kind) for batch in kind[0]} for kind in told]


def compare(old: str, new: str) -> None:
    """Both must have answered alike."""
    before, after = (
        {(a["first_frame"], a["last_frame"]): a["classes"] for a in map(json.loads, text.splitlines())}
        for text in (old, new)
    )
    assert before.keys() == after.keys() and before
    for window, classes in before.items():
        assert next(iter(classes)) == next(iter(after[window])), window
        for name, probability in after[window].items():
            assert abs(classes.get(name, probability) - probability) < 1e-4, (window, name)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("before", type=Path, help="a clone of the repository at the earlier build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=PARTS, action="append", help="part of the table (default: all)")
    parser.add_argument("--long", type=int, default=200_000, help="frames of the long recording")
    options = parser.parse_args()
    if options.prepare:
        write_model(options.prepare)
        write_recordings(options.prepare, options.long)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        # In another process: the memory of a command counts from that of the process which starts it.
        prepare = ["--prepare", str(folder), "--long", str(options.long)]
        subprocess.run([sys.executable, __file__, str(options.before), *prepare], check=True)
        print(
            "\n| | now | now, int8 | before | ratio | ratio, int8 | goal |\n|---|---|---|---|---|---|---|",
            flush=True,
        )
        for part in options.part or PARTS:
            PARTS[part](Builds(options.before.resolve(), folder), options.rounds)


def measure_command(builds: Builds, rounds: int) -> None:
    old, new = (each[1:] for each in builds.turns(["short.npz"], rounds + 1))  # the first one compiles
    for what, unit, cost in (
        ("command to first answer, processor", "s", lambda each: each.processor),
        ("command to first answer, clock", "s", lambda each: each.clock),
        ("memory of that command", "MB", lambda each: each.memory / 1e6),
    ):
        row(what, unit, median(map(cost, old)), median(map(cost, new)))
    row("installed size", "MB", *(installed(names) / 1e6 for names in (BEFORE, ("skeleton-runtime",))))


def measure_network(builds: Builds, rounds: int) -> None:
    before, now, short = builds.networks(rounds)
    for size, what in (("1", "one clip"), ("64", "per clip in batches of 64")):
        times = (1000 * each[size] / int(size) for each in (before, now, short))
        row(f"network, {what}, one thread", "ms", *times)


def measure_stream(builds: Builds, rounds: int) -> None:
    live = ["--live", "--window", "60", "--stride", "15"]
    few, many = (
        builds.turns(live, min(rounds, 3), builds.folder / f"{name}.txt") for name in ("short", "longer")
    )
    shares = [
        100 * (median(c.processor for c in long) - median(c.processor for c in short)) / 40
        for short, long in zip(few, many, strict=True)
    ]
    row("a stream of 30 frames a second, share of a core", "%", *shares)


def measure_long(builds: Builds, rounds: int) -> None:
    before, now, _ = builds.networks(1)
    sliding = ["--window", "60", "--stride", "30"]
    tenth, whole = (builds.turns([f"{name}.npz", *sliding], 1) for name in ("tenth", "long"))
    windows, int8 = len(whole[1][0].printed.splitlines()), builds.int8(["long.npz", *sliding])
    row("long recording, processor", "s", *(each[0].processor for each in whole), int8.processor)
    row("long recording, of it the network", "s", *(windows * each["64"] / 64 for each in (before, now)))
    row("long recording, memory", "MB", *(each[0].memory / 1e6 for each in whole))
    row("a tenth of the long recording, memory", "MB", *(each[0].memory / 1e6 for each in tenth))
    piece, stream = (
        builds.turns(["--live", *sliding], 1, builds.folder / f"{name}.txt") for name in ("tenth", "long")
    )
    row("long recording as a stream, processor", "s", *(each[0].processor for each in stream))
    row("long recording as a stream, memory", "MB", *(each[0].memory / 1e6 for each in stream))
    tenths = (each[0].memory / 1e6 for each in piece)
    row("a tenth of the long recording as a stream, memory", "MB", *tenths)


PARTS = {
    "command": measure_command,
    "network": measure_network,
    "stream": measure_stream,
    "long": measure_long,
}


def row(what: str, unit: str, before: float, now: float, int8: float | None = None) -> None:
    shown = [with_unit(now, unit), "" if int8 is None else with_unit(int8, unit), with_unit(before, unit)]
    ratios = [f"{before / now:.1f}", "" if int8 is None else f"{before / int8:.1f}", GOALS.get(what, "")]
    print("|", " | ".join([what, *shown, *ratios]), "|", flush=True)


def with_unit(value: float, unit: str) -> str:
    return f"{value / 1000:.3g} GB" if unit == "MB" and value >= 1000 else f"{value:.3g} {unit}"


if __name__ == "__main__":
    main()
