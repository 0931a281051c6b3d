"""What the programs survive: kills, damaged files, faults of the system, and a long stream.

    python benchmarks/endurance.py mutations --count 20000
    python benchmarks/endurance.py models --count 270
    python benchmarks/endurance.py kills --count 90
    python benchmarks/endurance.py two-processes --count 10
    python benchmarks/endurance.py checkpoints --count 30
    python benchmarks/endurance.py faults --count 100
    python benchmarks/endurance.py live --count 1000000

Each prints what it did, and stops at the first thing that is not as it should be. `tests/` has the short
form: `test_faults_at_random`, `test_resume`, `test_full_disk`.

- *mutations*: files of every format, damaged at random, give clips of the right shape or name what is wrong.
  Of those in HDF5 some hold up their library for the 20 s that it is given.
- *models*: files of a model folder, damaged at random, their checksums made right. They are read, or refused
  in a line that names the folder, by `SavedModel`, `STTFormer.from_pretrained` and `Recogniser`.
- *kills*: a training is killed at random moments and resumed; weights and metrics are those of a whole one.
- *two-processes*: the same, for two processes that train together, of which both are killed.
- *checkpoints*: a file of the last checkpoint of a killed training is missing, cut, empty, of another run, or
  has a bit turned over; the training goes on from the one before, and ends like a whole one.
- *faults*: an import on a disk that is full, in a folder of another user, or that is told to end; a training
  whose clock jumps. Exit code and line are the documented ones; what is left is nothing, or whole.
- *live*: frames without end come to `predict --live`. The memory stays.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from itertools import count as count_from
from pathlib import Path

REPO = Path(__file__).parents[1]
SUPPORT = ("tests/support", "tests/skeleton_data/support")
sys.path += [str(REPO / part) for part in SUPPORT]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--count", type=int, required=True, help="how many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", help="of mutations: names of formats, a,b (default: all)")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        more = {"formats": options.formats.split(",")} if options.formats else {}
        WHAT[options.what](Path(folder), options.count, options.seed, **more)
    print(f"{time.perf_counter() - start:.0f} s")


def mutations(folder: Path, count: int, seed: int, formats: Sequence[str] = ()) -> None:
    import numpy as np
    from mutations import read_mutations
    from recording_samples import COLUMNS, RECORDED
    from sample_sets import KINDS

    every, draw, refused = KINDS | RECORDED | COLUMNS, np.random.default_rng(seed), Counter()
    kinds = {name: every[name] for name in formats or every}
    each = -(-count // len(kinds))
    for name, kind in kinds.items():
        (folder / name).mkdir()
        refused[name] = read_mutations(kind, folder / name, each, draw)
        print(f"{name:<12} {each:>6} damaged, {refused[name]:>6} refused", flush=True)
    print(f"{each * len(kinds)} damaged files, {refused.total()} refused, no other error")


def models(folder: Path, count: int, seed: int) -> None:
    import shutil

    import numpy as np
    from mutations import mutated
    from toy_training import write_finetuning

    from skeleton_data import file_sha256
    from skeleton_lab import SavedModel, finetune, share
    from skeleton_runtime import Recogniser
    from sttformer import STTFormer

    recipe, model, draw = write_finetuning(folder), folder / "model", np.random.default_rng(seed)
    for program, given in (
        (finetune, [recipe]),
        (share, [folder / "tuned", "--output", model]),
    ):
        sys.argv = ["endurance", *map(str, given)]
        code, told = forked(program.main)
        assert code == 0, told
    files = sorted(path for path in model.iterdir() if path.name not in ("README.md", "SHA256SUMS"))
    doors = (lambda path: SavedModel.open(path).load(), STTFormer.from_pretrained, Recogniser.load)
    damaged, refused = folder / "damaged", 0
    for number in range(count):
        shutil.copytree(model, damaged, dirs_exist_ok=True)
        chosen = damaged / files[number % len(files)].name
        data = chosen.read_bytes()
        head = 2000 if draw.random() < 0.7 else len(data)  # where names and sizes are
        chosen.write_bytes(mutated(data[:head], draw) + data[head:])
        sums = [f"{file_sha256(damaged / path.name)}  {path.name}\n" for path in files]
        (damaged / "SHA256SUMS").write_text("".join(sums))
        for door in doors:
            try:
                door(damaged)
            except ValueError as error:  # InputError and DataError are such
                assert str(damaged) in str(error) and "\n" not in str(error), repr(error)
                refused += 1
    print(f"{count} damaged models, each read in 3 ways, {refused} times refused, no other error")


def kills(folder: Path, count: int, seed: int) -> None:
    from toy_training import write_pretraining

    program = REPO / "tests/skeleton_lab/killed_runs.py"
    command = [sys.executable, str(program), str(write_pretraining(folder)), str(folder), str(count)]
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stdout, end="")
    if done.returncode:
        sys.exit(done.stderr)
    print("resumed after each kill; weights, metrics and result are those of a run that was not killed")


def two_processes(folder: Path, count: int, seed: int) -> None:
    from processes import TWO_PROCESSES, kill, of_this_machine
    from toy_training import write_pretraining

    recipe, draw = write_pretraining(folder), random.Random(seed)
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        *TWO_PROCESSES,
        str(REPO / "apps/pretrain.py"),
    ]

    def run(name: str) -> "subprocess.Popen[bytes]":
        command = [*launch, str(recipe), "--folder", str(folder / name), "--resume"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=of_this_machine(folder / "home"), **quiet)

    start = time.perf_counter()
    assert run("whole").wait() == 0
    length, killed, finished = time.perf_counter() - start, 0, 0
    while killed < count:
        (folder / "stopped").mkdir(exist_ok=True)
        running = run("stopped")
        try:
            running.wait(timeout=draw.uniform(0.2, 1.0) * length)
        except subprocess.TimeoutExpired:
            kill(running.pid)
            running.wait()
            killed += 1
            continue
        assert running.returncode == 0
        finished += same(folder / "whole", folder / "stopped")
        (folder / "stopped").rename(folder / f"finished{finished}")
    assert run("stopped").wait() == 0
    finished += same(folder / "whole", folder / "stopped")
    print(f"{killed} kills of both processes, {finished} runs ended with weights and metrics of a whole one")


def checkpoints(folder: Path, count: int, seed: int) -> None:
    import shutil

    from torch.optim.optimizer import register_optimizer_step_pre_hook
    from toy_training import write_pretraining

    from skeleton_lab import pretrain

    recipe = write_pretraining(folder)

    def run(name: str, *options: str, killed: bool = False) -> tuple[int, str]:
        def work() -> None:
            steps = count_from(1)
            if killed:  # before the seventh step, when checkpoints of the steps before are there
                register_optimizer_step_pre_hook(lambda *_: os._exit(9) if next(steps) == 7 else None)
            sys.argv = ["pretrain", str(recipe), "--folder", str(folder / name), *options]
            pretrain.main()

        return forked(work)

    assert run("whole")[0] == 0
    assert run("killed", killed=True)[0] == 9
    assert run("other", "--training.seed", "1", killed=True)[0] == 9
    last = Path("checkpoints") / "step-000000006"
    files = sorted(path.name for path in (folder / "killed" / last).iterdir())
    ways = ("missing", "cut", "empty", "of another run", "a bit turned over")
    done, cases = Counter[str](), [(name, way) for name in files for way in ways]
    for name, way in cases[:count]:
        shutil.copytree(folder / "killed", folder / "stopped")
        damaged = folder / "stopped" / last / name
        damage(damaged, way, other=folder / "other" / last / name)
        code, told = run("stopped", "--resume")
        assert code == 0 and str(damaged.parent) in told and "the one before is used" in told, (
            name,
            way,
            told,
        )
        same(folder / "whole", folder / "stopped")
        shutil.rmtree(folder / "stopped")
        done[way] += 1
    for way, times in done.items():
        print(f"{way:<18} {times:>3} times named, and ended with the weights and metrics of a whole run")


def damage(path: Path, way: str, *, other: Path) -> None:
    """Damage a file."""
    content = path.read_bytes()
    middle = len(content) // 2
    path.unlink()
    if way != "missing":
        path.write_bytes(
            {
                "cut": content[:middle],
                "empty": b"",
                "of another run": other.read_bytes(),
                "a bit turned over": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            }[way]
        )


def same(whole: Path, stopped: Path) -> bool:
    for name in ("model.safetensors", "metrics.jsonl", "encoder/model.safetensors"):
        assert (whole / name).read_bytes() == (stopped / name).read_bytes(), name
    return True


def faults(folder: Path, count: int, seed: int) -> None:
    import numpy as np

    from skeleton_data import SkeletonStore

    source, draw, found = folder / "mine.npz", random.Random(seed), Counter()
    rows = np.random.default_rng(0).normal(0, 0.3, (1000, 25, 3)).astype(np.float32)
    np.savez(source, positions_m=rows, offsets=[0, 400, 1000], fps=30.0)
    folder.chmod(0o755)
    fault(
        "none", 0, signal.SIGTERM, source, folder
    )  # what is imported once need not be found by another user
    for number in range(count):
        place, kind = folder / f"{number}", ("disk", "permissions", "signal")[number % 3]
        place.mkdir(mode=0o755 if os.getuid() else 0o711)
        at = {"disk": draw.randrange(1, 300_000), "permissions": 0, "signal": draw.randrange(1, 40)}[kind]
        told_to = draw.choice([signal.SIGTERM, signal.SIGINT])
        code, told = forked(
            lambda at=at, kind=kind, to=told_to, place=place: fault(kind, at, to, source, place)
        )
        left = sorted(path.name for path in place.iterdir())
        assert code in FAULTS[kind] and "Traceback" not in told, (kind, code, told)
        assert left == [] if code == 74 else left in ([], ["s"]) and (left or code), (kind, code, left)
        assert code != 74 or str(place / "s") in told, told
        if left:
            SkeletonStore.open(place / "s").verify()
        found[kind, code, "a whole store" if left else "nothing left"] += 1
    for (kind, code, left), times in sorted(found.items()):
        print(f"{kind:<12} {times:>4} times exit code {code:>3} and {left}")
    clocks(folder, draw)


FAULTS = {"disk": (0, 74), "permissions": (74,), "signal": (0, 128 + signal.SIGTERM, 128 + signal.SIGINT)}
"""Kinds of faults, with the exit codes of an import that meets them."""


def fault(kind: str, at: int, told_to: signal.Signals, source: Path, place: Path) -> None:
    """Import with a full disk from byte `at` on, in a folder of another, or with a signal at event `at`."""
    (program,) = entry_points(group="console_scripts", name="skeleton-data")
    events: list[str] = []

    def happened(event: str, _: object) -> None:
        if event in ("open", "os.rename", "os.mkdir", "os.remove"):
            events.append(event)
            if len(events) == at:
                os.kill(os.getpid(), told_to)

    if kind == "disk":
        resource.setrlimit(resource.RLIMIT_FSIZE, (at, at))
    elif kind == "permissions":  # of root, another user
        os.setuid(65_534) if os.getuid() == 0 else place.chmod(0o555)
    elif kind == "signal":
        sys.addaudithook(happened)
    with contextlib.redirect_stdout(io.StringIO()):
        program.load()(["import", str(source), str(place / "s"), "--layout", "ntu", "--insist"])


def clocks(folder: Path, draw: random.Random) -> None:
    from toy_training import write_pretraining

    from skeleton_lab import pretrain

    recipe, clock = write_pretraining(folder), time.time

    def run(name: str, *, jumps: bool) -> None:
        if jumps:
            time.time = lambda: clock() + draw.uniform(-1e8, 1e8)
        sys.argv = ["pretrain", str(recipe), "--folder", str(folder / name)]
        pretrain.main()

    for name, jumps in (("whole", False), ("jumping", True)):
        code, told = forked(lambda name=name, jumps=jumps: run(name, jumps=jumps))
        assert code == 0, told
    same(folder / "whole", folder / "jumping")
    print("clock: a training whose clock jumps by years at each look has the same weights and metrics")


def forked(work: Callable[[], None]) -> tuple[int, str]:
    """Return the exit code of a process that does the work, and what it said on standard error."""
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        with open(reading, errors="replace") as file:
            told = file.read()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told
    os.close(reading)
    os.dup2(writing, 2)
    code = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException as error:
        os.write(2, f"Traceback: {error!r}".encode())
    finally:
        sys.stderr.flush()
        os._exit(code)


def live(folder: Path, count: int, seed: int) -> None:
    from toy_training import write_finetuning

    from skeleton_lab import finetune, predict

    sys.argv = ["finetune", str(write_finetuning(folder))]
    code, told = forked(finetune.main)
    assert code == 0, told

    def frames() -> Iterator[str]:
        draw = random.Random(seed)
        for number in range(count):
            if number in marks:
                grown.append(memory())
                print(f"{number:>9,} frames: {grown[-1] / 1e6:.1f} MB", flush=True)
            yield json.dumps([[draw.gauss(0, 0.3), draw.gauss(1, 0.3), 2.0] for _ in range(20)])

    marks, grown = {count // 100, *range(count // 10, count, count // 10)}, []
    with open(os.devnull, "w") as answers:
        predict.run(
            predict.PredictConfig(model=str(folder / "tuned"), live=True, window="60", stride="60"),
            lines=frames(),
            out=answers,
        )
    print(f"from {min(marks):,} frames on, memory grew by {(grown[-1] - grown[0]) / 1e6:+.1f} MB")


def memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


WHAT: dict[str, Callable[[Path, int, int], None]] = {
    "mutations": mutations,
    "models": models,
    "kills": kills,
    "two-processes": two_processes,
    "checkpoints": checkpoints,
    "faults": faults,
    "live": live,
}

if __name__ == "__main__":
    main()
