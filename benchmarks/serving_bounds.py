"""What bounds the answers of `skeleton-predict`: the processor's speed, operators, and memory.

    python benchmarks/serving_bounds.py

The network is that of `benchmarks/serving.py`, in one thread. The operations of a body's clip are counted in
the graph that is exported; the processor's speed is that of a product of large matrices in NumPy. Then the
operators of `model.onnx` by ONNX Runtime's profiler, what a frame and an answer of a stream cost, and what
the same recording costs in each format that is read part by part.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from serving import REPO, run

BODIES, ROUNDS = 4, 50

OPERATIONS = """
import sys, torch
from sttformer import FoldedSTTFormer, STTFormer
from torch.utils.flop_counter import FlopCounterMode
network = FoldedSTTFormer(STTFormer.from_pretrained(sys.argv[1]).eval())
with FlopCounterMode(display=False) as counter, torch.inference_mode():
    network(torch.randn(1, 3, 20, 20))
print(counter.get_total_flops())
"""
SPEED = """
import time, numpy as np
factor = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
times = []
for _ in range(20):
    start = time.process_time()
    factor @ factor
    times.append(time.process_time() - start)
print(2 * 1024**3 / min(times))
"""
PROFILED = f"""
import sys, numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.enable_profiling = 1, True
options.profile_file_prefix = "profile"
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
clips = np.random.default_rng(0).normal(0, 0.4, ({BODIES}, 3, 20, 20, 1)).astype(np.float32)
for _ in range({ROUNDS}):
    session.run(["scores"], {{"clips": clips}})
print(session.end_profiling())
"""
FORMATS = """
import sys, numpy as np
from skeleton_data import ImportConfig, import_clips
for name in ("tenth", "long"):
    np.save(f"{name}.npy", np.load(f"{name}.npz")["positions_m"])
    import_clips(f"{name}.npz", f"{name}.store", ImportConfig(insist=True))
"""
STREAM = """
import json, time
from skeleton_runtime import Recogniser
from skeleton_runtime import answer_lines
model, lines = Recogniser.load("new"), open("longer.txt").read().splitlines()
def cost(stride):
    times = []
    for _ in range(5):
        stream = model.stream(fps=30, window="60", stride=stride, insist=True)
        start = time.process_time()
        answers = sum(1 for _ in answer_lines(stream, lines))
        times.append(time.process_time() - start)
    return min(times), answers
(often, many), (seldom, few) = cost("15"), cost("60")
start = time.process_time()
for line in lines:
    json.loads(line)
answer, parsed = (often - seldom) / (many - few), (time.process_time() - start) / len(lines)
print(json.dumps([1000 * each for each in (answer, (seldom - few * answer) / len(lines), parsed)]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", type=int, default=200_000, help="frames of the long recording")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare = ["--prepare", place, "--long", str(options.long)]
        subprocess.run([sys.executable, REPO / "benchmarks" / "serving.py", "-", *prepare], check=True)
        arithmetic(folder)
        operators(folder)
        stream(folder)
        formats(folder)


def program(text: str, *arguments: str, folder: Path) -> str:
    """Return the last line that a program prints."""
    done = run([sys.executable, "-W", "ignore", "-c", text, *arguments], folder=folder)
    return done.printed.splitlines()[-1]


def arithmetic(folder: Path) -> None:
    operations = float(program(OPERATIONS, "new", folder=folder))
    speed = float(program(SPEED, folder=folder))
    print(
        f"\nA clip takes {operations / 1e6:.0f} million operations. A product of large matrices takes "
        f"{1000 * operations / speed:.2f} ms for as many ({speed / 1e9:.0f} thousand million a second).\n"
    )


def operators(folder: Path) -> None:
    """Print the milliseconds that each kind of operator takes of a clip, those of the quickest of its calls.

    The profiler reads the clock, in which other programs take their turns.
    """
    file = folder / program(PROFILED, "new/model.onnx", folder=folder)
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in json.loads(file.read_text()):
        if event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            times[event["args"]["op_name"], event["name"]].append(event["dur"] / 1000 / BODIES)
    kinds: dict[str, list[float]] = defaultdict(list)
    for (kind, _), calls in times.items():
        kinds[kind].append(min(calls))
    print(f"| operators, per clip in batches of {BODIES}, one thread | how many | time |\n|---|---|---|")
    for kind, each in sorted(kinds.items(), key=lambda item: -sum(item[1]))[:8]:
        print(f"| {kind} | {len(each)} | {sum(each):.2f} ms |")
    print(f"| all | {sum(map(len, kinds.values()))} | {sum(map(sum, kinds.values())):.2f} ms |\n")


def stream(folder: Path) -> None:
    answer, frame, parsed = json.loads(program(STREAM, folder=folder))
    print(
        f"A frame of a stream takes {frame:.2f} ms, of them its JSON {parsed:.2f}, and an answer "
        f"{answer:.2f} ms.\n"
    )


def formats(folder: Path) -> None:
    program(FORMATS + "print()", folder=folder)
    command = [str(Path(sys.executable).parent / "skeleton-predict"), "new"]
    sliding = ["--window", "60", "--stride", "30", "--format", "json", "--insist"]
    bare = ["--units", "m", "--fps", "30", "--source-layout", "kinect_v1"]
    print("| recording | processor | memory | a tenth of it, memory |\n|---|---|---|---|")
    for ending, how in ((".npz", []), (".npy", bare), (".store", [])):
        tenth, whole = (
            run([*command, f"{name}{ending}", *sliding, *how], folder=folder) for name in ("tenth", "long")
        )
        megabytes = [f"{each.memory / 1e6:.3g} MB" for each in (whole, tenth)]
        print(f"| {ending} | {whole.processor:.3g} s | {megabytes[0]} | {megabytes[1]} |", flush=True)


if __name__ == "__main__":
    main()
